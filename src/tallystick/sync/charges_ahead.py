"""What charges are decided from before anything is sent, and what becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tallystick.ledger.amounts import KeptPortion
from tallystick.sync.charge_port import ShownCharge
from tallystick.sync.charges import Place, SendCharge
from tallystick.sync.shown_charges import Shown


@dataclass(frozen=True, slots=True)
class ChargesAhead:
    """What charges are decided from, as they were read or last proved."""

    portions: Sequence[KeptPortion]
    shown: Shown
    place: Place
    code_id: int | None

    def after(self, sent: SendCharge) -> ChargesAhead:
        """The same once it has been proved."""
        kept = replace(sent.becomes, charge_id=sent.becomes.charge_id or 0)
        others = [one for one in self.portions if one.reference != kept.reference]
        shown = {**self.shown, kept.reference: (as_shown(kept),)}
        return replace(self, portions=[*others, kept], shown=shown)


def as_shown(kept: KeptPortion) -> ShownCharge:
    """As it was proved, and not billed yet."""
    return ShownCharge(
        charge_id=kept.charge_id or 0,
        contract_id=kept.contract_id or 0,
        reference=kept.reference,
        day=kept.day,
        price=kept.price,
        cost=kept.cost,
        billed=False,
    )
