"""How often one person, one token and one organisation may ask: so that none starves the others.

Counted in this process alone (docs/adr, *Requests are counted where they are answered*).
"""

from __future__ import annotations

from math import ceil

from django.conf import settings

from tallystick.identity.context import Context
from tallystick.kit.pace import Pace, Paces
from tallystick.kit.problem import TooMany

# An organisation is many people and programs.
OF_ALL = 5
_paces = Paces()


def ask(context: Context, *, heavy: bool) -> None:
    """Count a request. ``heavy``: it reads or writes thousands of rows, or asks Autotask.

    Raises TooMany, and then it is not counted.
    """
    a_minute = settings.REQUESTS_A_MINUTE
    asked = {
        f"{context.tenant_id}/{context.actor.ref}": Pace(a_minute // 2, a_minute),
        f"{context.tenant_id}": Pace(a_minute * OF_ALL // 2, a_minute * OF_ALL),
    }
    if heavy:
        most = settings.HEAVY_A_MINUTE
        asked[f"{context.tenant_id}/heavy"] = Pace(most, most)
    if wait := _paces.wait(asked):
        raise TooMany(ceil(wait), heavy=heavy)
