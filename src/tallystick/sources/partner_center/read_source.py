"""Read a Partner Center: what the activity log says was touched, or everything.

1. Read first, outside any transaction; whatever goes wrong concludes nothing and is shown.
2. The activity log is asked for whole days and two more than needed, because records come late;
   records that were looked at before are passed by. Each says which subscription to look at.
3. What is there now is compared like any list. Nothing is in the log that Microsoft itself did, so
   once a night everything is read; and again when the log no longer reaches back to the last look.
4. What is not there has not ended.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import civil_day
from tallystick.kit.days import parse_day
from tallystick.ledger.wake import Wake
from tallystick.sources.csv_cells import read_row
from tallystick.sources.csv_errors import Errors
from tallystick.sources.intake.event import CustomerSaid, How
from tallystick.sources.intake.speaker import context_of_source
from tallystick.sources.models import Source
from tallystick.sources.partner_center.client import PartnerCenter
from tallystick.sources.partner_center.read_audit import Touched, read_audit
from tallystick.sources.partner_center.read_subscription import Unread, read_subscription
from tallystick.sources.snapshot.take_snapshot import SnapshotAsked, take_snapshot

OVERLAP: Final = timedelta(days=2)
# The log keeps 90 days; what is older than this is found by reading everything.
REACHES_BACK: Final = timedelta(days=85)
EVERYTHING_EVERY: Final = timedelta(hours=20)
NIGHT_ENDS_AT: Final = 5
EVERYTHING_AT_LEAST: Final = timedelta(hours=26)
MOST_REMEMBERED: Final = 5000


@dataclass(slots=True)
class WasRead:
    """``unmatched``: what could not be matched, with the reason. ``cursor``: where to go on."""

    everything: bool
    subscriptions: int = 0
    differences: int = 0
    unmatched: list[Unread] = field(default_factory=list)
    cursor: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows whose changes count from one day."""

    day: date | None
    rows: Sequence[dict[str, str]]


def read_everything_now(source: Source, *, now: datetime) -> bool:
    """Never read, not read for a night, or longer ago than the activity log reaches back."""
    if source.last_snapshot_at is None or not source.cursor.get("since"):
        return True
    if now - source.last_snapshot_at > EVERYTHING_AT_LEAST:
        return True
    zone = tenant_zone(source.tenant_id)
    if civil_day(now, zone) - parse_day(source.cursor["since"]) > REACHES_BACK:
        return True
    from zoneinfo import ZoneInfo

    is_night = now.astimezone(ZoneInfo(zone)).hour < NIGHT_ENDS_AT
    return is_night and now - source.last_snapshot_at > EVERYTHING_EVERY


def read_everything(
    source: Source, center: PartnerCenter, *, now: datetime, wake: Wake, correlation_id: str
) -> WasRead:
    """All subscriptions of all customers. Raises SourceTrouble; then nothing was concluded."""
    read = WasRead(everything=True)
    rows = []
    for customer in center.customers():
        rows += _rows(center.subscriptions(customer.id), customer, read, now)
    _take(source, [_Rows(None, rows)], How.SNAPSHOT, read, now, wake, correlation_id)
    read.cursor = {**source.cursor, "since": civil_day(now, "UTC").isoformat()}
    return read


def read_customer(
    source: Source,
    center: PartnerCenter,
    customer: CustomerSaid,
    *,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> WasRead:
    """*Refresh from Partner Center*: all subscriptions of one customer. Raises SourceTrouble."""
    read = WasRead(everything=False, cursor=source.cursor)
    rows = _rows(center.subscriptions(customer.id), customer, read, now)
    _take(source, [_Rows(None, rows)], How.FEED, read, now, wake, correlation_id)
    return read


def read_changes(
    source: Source, center: PartnerCenter, *, now: datetime, wake: Wake, correlation_id: str
) -> WasRead:
    """What the activity log says was touched since the last look. Raises SourceTrouble."""
    read = WasRead(everything=False)
    today = civil_day(now, "UTC")
    since = parse_day(source.cursor["since"]) - OVERLAP
    known = set(source.cursor.get("records", ()))
    found = [read_audit(one) for one in center.audit_records(since, today)]
    touched = [one for one in found if one is not None]
    new = [one for one in touched if one.id not in known and one.done]
    _take(source, _look_at(new, center, read, now), How.FEED, read, now, wake, correlation_id)
    records = sorted(one.id for one in touched if one.done)[:MOST_REMEMBERED]
    read.cursor = {"since": today.isoformat(), "records": records}
    return read


def _look_at(
    touched: Sequence[Touched], center: PartnerCenter, read: WasRead, now: datetime
) -> list[_Rows]:
    """Each touched subscription once, for the day of the newest record about it."""
    newest: dict[tuple[str, str], Touched] = {}
    for one in sorted(touched, key=lambda one: (one.at.key, one.id)):
        for subject in one.subjects or {""}:
            newest[one.customer_id, subject] = one
    by_day: dict[date, list[dict[str, str]]] = {}
    for (customer_id, subject), one in newest.items():
        customer = CustomerSaid(customer_id, one.customer_name or customer_id)
        if subject:
            shown = center.subscription(customer_id, subject)
            if shown is None:
                read.unmatched.append(Unread(subject, "It is in the log, and not there any more."))
            found = [] if shown is None else [shown]
        else:
            found = list(center.subscriptions(customer_id))
        rows = _rows(found, customer, read, now)
        by_day.setdefault(parse_day(one.day), []).extend(rows)
    return [_Rows(day, rows) for day, rows in sorted(by_day.items())]


def _rows(
    found: Iterable[Mapping[str, Any]], customer: CustomerSaid, read: WasRead, now: datetime
) -> list[dict[str, str]]:
    """Those that can be matched; one that cannot does not stop the others."""
    rows = []
    for one in found:
        read.subscriptions += 1
        row = read_subscription(one, customer)
        if isinstance(row, Unread):
            read.unmatched.append(row)
            continue
        errors = Errors()
        quantity = row["quantity"] if row["quantity"] != "0" or row["status"] == "active" else "1"
        read_row(1, {**row, "quantity": quantity}, today=now.date(), errors=errors)
        if errors.count:
            why = "; ".join(f"{error.field} {error.message}" for error in errors.all())
            read.unmatched.append(Unread(row["subscription_id"], why[:300]))
        else:
            rows.append(row)
    return rows


def _take(
    source: Source,
    lists: Sequence[_Rows],
    how: How,
    read: WasRead,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> None:
    for one in lists:
        text = "\n".join(json.dumps(row) for row in _once(one.rows))
        if not text:
            continue
        taken = take_snapshot(
            io.BytesIO(text.encode()),
            SnapshotAsked(taken_at=now, complete=read.everything, effective_on=one.day, how=how),
            source_id=source.pk,
            context=context_of_source(source),
            now=now,
            wake=wake,
            correlation_id=correlation_id,
        )
        read.differences += taken.differences


def _once(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """A subscription that is shown under two customers is taken as shown last."""
    return list({row["subscription_id"]: row for row in rows}.values())
