"""Read a Partner Center: what the activity log says was touched, or everything.

1. Read first, outside any transaction; whatever goes wrong concludes nothing and is shown.
2. The activity log is asked for whole days and two more than needed, because records come late;
   records that were looked at before are passed by. Each says which subscription to look at.
3. What is there now is compared like any list. Nothing is in the log that Microsoft itself did, so
   once a night everything is read; and again when the log no longer reaches back to the last look.
4. What is not there has not ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from tallystick.kit.clock import civil_day
from tallystick.kit.days import parse_day
from tallystick.kit.security_log import foreign_hint
from tallystick.sources.hints.hinted import Hinted
from tallystick.sources.intake.event import CustomerSaid, How
from tallystick.sources.models import Source
from tallystick.sources.partner_center.client import PartnerCenter
from tallystick.sources.partner_center.read_audit import Touched, read_audit
from tallystick.sources.partner_center.read_subscription import Said, read_subscription
from tallystick.sources.reading import (
    DayRows,
    Moment,
    WasRead,
    compare_rows,
    matched,
)
from tallystick.sources.unread import Unread

OVERLAP: Final = timedelta(days=2)
MOST_REMEMBERED: Final = 5000


class PartnerCenterReader:
    """A Partner Center, as every source that we read is asked."""

    def __init__(self, center: PartnerCenter) -> None:
        self._center = center

    def checks(self, now: datetime) -> list[tuple[str, Callable[[], object]]]:
        center, today = self._center, now.date()
        return [
            ("Sign-in", center.sign_in),
            ("Customers", lambda: next(iter(center.customers()), None)),
            ("Activity log", lambda: next(iter(center.audit_records(today, today)), None)),
        ]

    def sample(self, now: datetime) -> None:
        """The first customer with what it has, and the last days of the activity log."""
        center, today = self._center, now.date()
        if (first := next(iter(center.customers()), None)) is not None:
            center.subscriptions(first.id)
        next(iter(center.audit_records(today - OVERLAP, today)), None)

    def everything(self, source: Source, at: Moment) -> WasRead:
        """All subscriptions of all customers."""
        read, rows = WasRead(everything=True), list[dict[str, str]]()
        for customer in self._center.customers():
            rows += self._rows(self._center.subscriptions(customer.id), customer, read, at)
        compare_rows(source, [DayRows(None, rows)], read, at, how=How.SNAPSHOT)
        read.cursor = {**source.cursor, "since": civil_day(at.now, "UTC").isoformat()}
        return read

    def customer(self, source: Source, customer: CustomerSaid, at: Moment) -> WasRead:
        """*Refresh from Partner Center*: all subscriptions of one customer."""
        read = WasRead(everything=False, cursor=source.cursor)
        rows = self._rows(self._center.subscriptions(customer.id), customer, read, at)
        compare_rows(source, [DayRows(None, rows)], read, at, how=How.FEED)
        return read

    def changes(self, source: Source, at: Moment, hints: Sequence[Hinted]) -> WasRead:
        """What the activity log says was touched since the last look, and what was hinted at."""
        read, today = WasRead(everything=False), civil_day(at.now, "UTC")
        since = parse_day(source.cursor["since"]) - OVERLAP
        known = set(source.cursor.get("records", ()))
        logged = list(self._center.audit_records(since, today))
        found = [read_audit(one) for one in logged]
        done = [one for one in found if one is not None and one.done]
        new = [one for one in done if one.id not in known]
        lists = self._look_at(new, read, at)
        looked_at = {Hinted(one.customer_id, subject) for one in new for subject in one.subjects}
        hinted = [one for one in hints if one not in looked_at]
        lists.append(DayRows(None, self._look_where_hinted(hinted, source, read, at)))
        compare_rows(source, lists, read, at, how=How.FEED)
        read.cursor = {
            "since": today.isoformat(),
            "records": sorted({one.id for one in done})[:MOST_REMEMBERED],
            "partner": _partner(logged) or source.cursor.get("partner", ""),
        }
        return read

    def _look_where_hinted(
        self, hints: Sequence[Hinted], source: Source, read: WasRead, at: Moment
    ) -> list[dict[str, str]]:
        """What Microsoft itself did is in no log. A customer that is not this partner's is one of
        somebody else's: it is passed by, and stands in the security log."""
        customers: dict[str, CustomerSaid | None] = {}
        rows: list[dict[str, str]] = []
        for one in hints:
            if one.customer not in customers:
                customers[one.customer] = self._center.customer(one.customer)
            customer = customers[one.customer]
            if customer is None:
                foreign_hint(source=source.pk, customer=one.customer, subject=one.subject)
            elif (shown := self._center.subscription(one.customer, one.subject)) is not None:
                rows += self._rows([shown], customer, read, at)
        return rows

    def _look_at(self, touched: Sequence[Touched], read: WasRead, at: Moment) -> list[DayRows]:
        """Each touched subscription once, for the day of the newest record about it."""
        newest: dict[tuple[str, str], Touched] = {}
        for one in sorted(touched, key=lambda one: (one.at.key, one.id)):
            for subject in one.subjects or {""}:
                newest[one.customer_id, subject] = one
        by_day: dict[date, list[dict[str, str]]] = {}
        for (customer_id, subject), one in newest.items():
            customer = CustomerSaid(customer_id, one.customer_name or customer_id)
            rows = self._rows(self._shown(customer_id, subject, read), customer, read, at)
            by_day.setdefault(parse_day(one.day), []).extend(rows)
        return [DayRows(day, rows) for day, rows in sorted(by_day.items())]

    def _shown(self, customer_id: str, subject: str, read: WasRead) -> list[Mapping[str, Any]]:
        if not subject:
            return self._center.subscriptions(customer_id)
        shown = self._center.subscription(customer_id, subject)
        if shown is None:
            read.unmatched.append(Unread(subject, "It is in the log, and not there any more."))
            return []
        return [shown]

    def _rows(
        self,
        found: Iterable[Mapping[str, Any]],
        customer: CustomerSaid,
        read: WasRead,
        at: Moment,
    ) -> list[dict[str, str]]:
        rows = (read_subscription(one, customer) for one in found)
        return matched(rows, read, now=at.now)


def _partner(logged: Iterable[Mapping[str, Any]]) -> str:
    """Whose activity log it is."""
    found = (Said(one).text("partnerId").lower() for one in logged)
    return next(filter(None, found), "")
