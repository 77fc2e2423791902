"""Who asks for a change of prices, and whether they may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import NotAllowed


@dataclass(frozen=True, slots=True)
class By:
    """Who, when, on which calendar day of theirs, and in which act."""

    context: Context
    now: datetime
    today: date
    correlation_id: str

    def note(self, event: Event, summary: str, details: dict[str, object]) -> None:
        """The audit record of an act on prices, in the act's own transaction."""
        context = self.context
        record(
            event,
            actor=context.actor,
            now=self.now,
            subject=Subject(tenant_id=context.tenant_id, reseller_id=context.reseller_id),
            correlation_id=self.correlation_id,
            summary=summary[:500],
            details=details,
        )


def require_csp(context: Context, right: Right = Right.READ) -> None:
    """Price lists, promotions and settings are the CSP's: they hold what it pays itself.

    Raises NotAllowed.
    """
    context.require(right)
    if context.reseller_id is not None:
        raise NotAllowed("Price lists and promotions are kept by your CSP. Nothing was changed.")
