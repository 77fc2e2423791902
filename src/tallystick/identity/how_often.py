"""How often a person, a token, a CSP and a reseller may ask: so that none starves the others.

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
    # A CSP and each of its resellers are organisations of their own.
    organisation = f"{context.tenant_id}/of {context.reseller_id or 'the CSP'}"
    asked = {
        f"{context.tenant_id}/{context.actor.ref}": _half_at_once(a_minute),
        organisation: _half_at_once(a_minute * OF_ALL),
    }
    if heavy:
        asked[f"{organisation}/heavy"] = _half_at_once(settings.HEAVY_A_MINUTE)
    if wait := _paces.wait(asked):
        raise TooMany(ceil(wait), heavy=heavy)


def _half_at_once(a_minute: int) -> Pace:
    """After a rest; one is always let through."""
    return Pace(max(1, a_minute // 2), a_minute)
