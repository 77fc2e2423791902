"""A line that a subscription could be billed by, as it is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.mappings.sharer import Sharer, units_of


@dataclass(frozen=True, slots=True)
class LineOption:
    """A line of the service that is there already; ``taken``: another subscription's.

    Of a taken one ``with_whom`` says whom it ``bills`` now, as far as this context may see, the
    one it was mapped for first; and why it cannot bill this one together with them.
    """

    line_id: int
    name: str
    taken: bool
    bills: Sequence[Sharer] = ()
    not_together: str = ""

    @property
    def joins(self) -> Sharer | None:
        """Whom this subscription may be billed together with."""
        return self.bills[0] if self.bills and not self.not_together else None

    @property
    def billed(self) -> int | None:
        """How many those have whom it bills; None where one is suspended."""
        return units_of(self.bills)
