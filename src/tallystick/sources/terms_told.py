"""What sources say of terms: when they end, what happens then, by when one may cancel.

Beside what is recorded here, not instead of it: a person may have said something else since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tallystick.identity.context import Context
from tallystick.kit.days import in_words
from tallystick.sources.intake.read_event import read_state
from tallystick.sources.models import Subject
from tallystick.sources.moments import vendor_moment
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.status import EndOfTerm


@dataclass(frozen=True, slots=True)
class TermTold:
    """``source``: its name. None and '': it says nothing of that. ``read_at``: its last look."""

    source: str
    ends_on: date | None
    end_of_term: EndOfTerm | None
    cancel_by: datetime | None
    next_term: str
    read_at: datetime | None

    def differs(self, view: SubscriptionView) -> list[str]:
        """The names of what is recorded otherwise here."""
        then = view.end_of_term if view.end_is_said else None
        recorded = {"ends_on": view.commitment_ends_on, "end_of_term": then}
        return [
            name
            for name, ours in recorded.items()
            if (theirs := getattr(self, name)) is not None and theirs != ours
        ]

    def in_words(self, view: SubscriptionView) -> str:
        """``Partner Center: Ends (here: Renews)``."""
        said = []
        differs = self.differs(view)
        if self.ends_on and "ends_on" in differs:
            said.append(f"until {in_words(self.ends_on)}")
        if self.end_of_term:
            here = f" (here: {view.then})" if "end_of_term" in differs else ""
            said.append(f"{self.end_of_term.short}{here}")
        if self.next_term:
            said.append(f"scheduled: {self.next_term}")
        if self.cancel_by:
            said.append(f"cancel by {self.cancel_by.isoformat(timespec='minutes')}")
        return f"{self.source}: {', '.join(said)}" if said else ""


def terms_told(context: Context, provider_ids: Collection[str]) -> dict[str, TermTold]:
    """By the provider's id; of several sources that know one, the one that was read last."""
    rows = Subject.objects.filter(**context.scope("source__"), subject__in=provider_ids)
    found = {}
    for row in rows.select_related("source").order_by("source__last_read_at", "source_id"):
        found[row.subject] = _told(row)
    return found


def _told(row: Subject) -> TermTold:
    state = read_state(row.state)
    shown: Mapping[str, Any] = row.shown
    return TermTold(
        source=row.source.name,
        ends_on=state.term_ends_on,
        end_of_term=state.end_of_term,
        cancel_by=_moment(shown.get("cancel_by")),
        next_term=str(shown.get("next_term", "")),
        read_at=row.source.last_read_at,
    )


def _moment(text: Any) -> datetime | None:
    """A moment that cannot be read says nothing."""
    try:
        return vendor_moment(text).at if text else None
    except ValueError:
        return None
