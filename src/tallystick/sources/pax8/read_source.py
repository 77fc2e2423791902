"""Read a Pax8: what was updated since the last look, state by state; or everything.

1. The list of all subscriptions is read; it carries when each was updated.
2. Of one that was updated its history is read: whole states without a type, an actor or an id. Each
   that is newer than the last look is compared in its order, for the day it counts from.
3. Pending states are not final and conclude nothing. What is not there has not ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tallystick.kit.clock import civil_day
from tallystick.kit.days import parse_day
from tallystick.sources.hints.hinted import Hinted
from tallystick.sources.intake.event import CustomerSaid, How
from tallystick.sources.models import Source
from tallystick.sources.pax8.client import Pax8
from tallystick.sources.pax8.read_subscription import changed_at, counts_from, read_subscription
from tallystick.sources.reading import DayRows, Moment, WasRead, compare_rows, matched


class Pax8Reader:
    """A Pax8, as every source that we read is asked."""

    def __init__(self, pax8: Pax8) -> None:
        self._pax8 = pax8

    def checks(self, now: datetime) -> list[tuple[str, Callable[[], object]]]:  # noqa: ARG002 - as every reader
        pax8 = self._pax8
        return [
            ("Sign-in", pax8.sign_in),
            ("Companies", lambda: next(iter(pax8.companies()), None)),
            ("Subscriptions", lambda: next(iter(pax8.subscriptions()), None)),
        ]

    def sample(self, now: datetime) -> None:  # noqa: ARG002 - as every reader
        """Companies, subscriptions, and the history of the first."""
        next(iter(self._pax8.companies()), None)
        if (first := next(iter(self._pax8.subscriptions()), None)) is not None:
            self._pax8.history(str(first.get("id", "")))

    def everything(self, source: Source, at: Moment) -> WasRead:
        read = WasRead(everything=True)
        companies = self._companies()
        shown = list(self._pax8.subscriptions())
        rows = matched((_row(one, companies) for one in shown), read, now=at.now)
        compare_rows(source, [DayRows(None, rows)], read, at, how=How.SNAPSHOT)
        read.cursor = _cursor(shown, source, at)
        return read

    def customer(self, source: Source, customer: CustomerSaid, at: Moment) -> WasRead:
        """All subscriptions of one company, as they are now."""
        read = WasRead(everything=False, cursor=source.cursor)
        shown = self._pax8.subscriptions(customer.id)
        rows = matched((read_subscription(one, customer) for one in shown), read, now=at.now)
        compare_rows(source, [DayRows(None, rows)], read, at, how=How.FEED)
        return read

    def changes(self, source: Source, at: Moment, hints: Sequence[Hinted]) -> WasRead:  # noqa: ARG002 - as every reader
        """Its list says what was updated: a hint only brings the look forward."""
        read = WasRead(everything=False)
        since = str(source.cursor.get("updated", ""))
        shown = list(self._pax8.subscriptions())
        touched = [one for one in shown if _key(one) > since]
        companies = self._companies() if touched else {}
        lists: list[DayRows] = []
        for one in touched:
            for state in self._states(one, since):
                rows = matched([_row(state, companies)], read, now=at.now)
                lists.append(DayRows(parse_day(counts_from(state)), rows))
        compare_rows(source, lists, read, at, how=How.FEED)
        read.cursor = _cursor(shown, source, at)
        return read

    def _states(self, now: Mapping[str, Any], since: str) -> list[Mapping[str, Any]]:
        """What it was since then, oldest first; as it is now comes last."""
        earlier = [
            {**now, "updatedDate": None, **one}
            for one in self._pax8.history(str(now.get("id", "")))
            if since < _key(one) < _key(now)
        ]
        return [*sorted(earlier, key=_key), now]

    def _companies(self) -> dict[str, CustomerSaid]:
        found = {}
        for one in self._pax8.companies():
            company_id, name = str(one.get("id", "")).lower(), str(one.get("name", "")).strip()
            found[company_id] = CustomerSaid(company_id, name or company_id)
        return found


def _row(said: Mapping[str, Any], companies: Mapping[str, CustomerSaid]) -> Any:
    company_id = str(said.get("companyId", "")).lower()
    return read_subscription(said, companies.get(company_id, CustomerSaid(company_id, company_id)))


def _key(said: Mapping[str, Any]) -> str:
    """Sorts in the order of time; '' when it does not say."""
    moment = changed_at(said)
    return "" if moment is None else moment.key


def _cursor(shown: Iterable[Mapping[str, Any]], source: Source, at: Moment) -> dict[str, Any]:
    """The newest update that was seen. Never a moment of ours: two clocks differ."""
    before = str(source.cursor.get("updated", ""))
    newest = max((_key(one) for one in shown), default="")
    return {"since": civil_day(at.now, "UTC").isoformat(), "updated": max(before, newest)}
