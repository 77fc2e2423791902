"""What our charges show, for looking ahead: read when something that is due may be a charge."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tallystick.connections.trouble import BillingError
from tallystick.mappings.resolve import Resolved
from tallystick.sync.begin_charge import code_of, place_of
from tallystick.sync.charges import SendCharge, references
from tallystick.sync.charges_ahead import ChargesAhead, as_shown
from tallystick.sync.load import Work
from tallystick.sync.port import Billing
from tallystick.sync.shown_charges import Shown

# Nothing is sent with it: that charges can be booked is taken for granted where nothing is read.
SOME_CODE = 0


def charges_ahead(work: Work, mapping: Resolved, billing: Callable[[], Billing]) -> ChargesAhead:
    """As Autotask shows them; where it cannot be read, as they were last proved."""
    place = place_of(mapping)
    wanted: dict[str, int] = {}
    for one in work.due:
        if one.is_amount:
            wanted |= references(one, work.portions, place)
    kept: Shown = {
        one.reference: (as_shown(one),) for one in work.portions if one.reference in wanted
    }
    if not wanted:
        return ChargesAhead(work.portions, {}, place, SOME_CODE)
    try:
        asked = billing()
        return ChargesAhead(work.portions, asked.find_charges(wanted), place, code_of(work, asked))
    except BillingError:
        return ChargesAhead(work.portions, kept, place, work.connection.charge_code or SOME_CODE)


def difference(sent: SendCharge) -> Decimal:
    """What is billed more because of it, or less."""
    before = sent.before.price if sent.before else None
    return sent.becomes.price - (before or Decimal(0))
