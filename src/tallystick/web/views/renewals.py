"""Renewals: the terms that end, the next one first, and what each is going to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse

from tallystick.operations.commitments import commitments_of
from tallystick.sources.terms_told import TermTold, terms_told
from tallystick.subscriptions.commitment import Commitment
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.scheduled import ScheduledView, scheduled_of
from tallystick.subscriptions.status import EndOfTerm
from tallystick.subscriptions.terms_ending import days_left, terms_ending
from tallystick.subscriptions.waiting_ends import why_waits
from tallystick.web.addresses import Address, choices
from tallystick.web.visit import Visit, screen

OVER, NEEDS = "over", "needs"
AHEAD = {"30": 30, "": 90, "365": 365}


@dataclass(frozen=True, slots=True)
class Ending:
    """One row. ``days`` is negative when the last day has passed; None: it has no term.

    ``waits``: why it waits for a person, in sentences; empty: it does not.
    """

    view: SubscriptionView
    commitment: Commitment
    days: int | None
    scheduled: ScheduledView | None
    waits: str
    told: TermTold | None

    @classmethod
    def of(
        cls,
        view: SubscriptionView,
        found: Commitment,
        scheduled: ScheduledView | None,
        waits: str,
        told: TermTold | None,
        *,
        today: date,
    ) -> Ending:
        last_day = view.commitment_ends_on
        days = None if last_day is None else days_left(last_day, today=today)
        return cls(view, found, days, scheduled, waits, told)

    @property
    def is_over(self) -> bool:
        return self.days is not None and self.days < 0

    @property
    def other_last_day(self) -> date | None:
        """The source's, where it is another one."""
        ends = self.told.ends_on if self.told else None
        return ends if ends != self.view.commitment_ends_on else None

    @property
    def differs(self) -> bool:
        """The source says that something else happens then than was said here."""
        return self.told is not None and "end_of_term" in self.told.differs(self.view)

    @property
    def in_words(self) -> str:
        if self.days is None:
            return ""
        if self.days < 0:
            passed = -self.days
            return "ended yesterday" if passed == 1 else f"ended {passed} days ago"
        return {0: "today", 1: "tomorrow"}.get(self.days, f"in {self.days} days")


@screen("GET")
def renewals(visit: Visit) -> HttpResponse:
    """Keyset pages; 90 days ahead unless another span is chosen."""
    address = Address.read(visit.request.GET, ("q", "show", "then"))
    show, then = address.value("show"), address.value("then")
    page = terms_ending(
        visit.context,
        today=visit.today,
        days=AHEAD.get(show, AHEAD[""]),
        over=show == OVER,
        needs=show == NEEDS,
        end_of_term=then if then in {one.value for one in EndOfTerm} else "",
        search=address.value("q"),
        cursor=address.cursor or None,
    )
    found = commitments_of(page.items, now=visit.now)
    scheduled = scheduled_of([view.id for view in page.items])
    waits = why_waits(visit.context, page.items, today=visit.today)
    told = terms_told(visit.context, [view.provider_id for view in page.items])
    part = "_results" if visit.wants_part else "page"
    return visit.render(
        f"web/renewals/{part}.html",
        rail="renewals",
        rows=[
            Ending.of(
                view,
                found[view.id],
                scheduled.get(view.id),
                waits.get(view.id, ""),
                told.get(view.provider_id),
                today=visit.today,
            )
            for view in page.items
        ],
        address=address,
        chips=choices(
            address,
            "show",
            [
                ("30", "30 days"),
                ("365", "A year"),
                (OVER, "Ended, no renewal recorded"),
                (NEEDS, "Waits for you"),
            ],
            every="90 days",
        ),
        then_chips=choices(
            address,
            "then",
            [(one.value, one.short) for one in EndOfTerm],
            every="Any",
        ),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )
