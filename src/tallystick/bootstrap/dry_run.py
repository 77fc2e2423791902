"""What Sync would do now on many subscriptions: looked at with the engine's eyes, nothing is sent.

Autotask is read first, 500 lines a call, outside any transaction; then the engine's own decisions
are made for everything that waits, one subscription after another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from tallystick.bootstrap.as_proved import as_proved
from tallystick.bootstrap.dry_run_lines import DryLine, Outcome
from tallystick.bootstrap.glance import LOOKS_BACK
from tallystick.bootstrap.look_before import BillingOf, billing_of
from tallystick.bootstrap.preview_charges import charges_ahead, difference
from tallystick.bootstrap.preview_words import gets_in_words
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.connections.trouble import BillingError
from tallystick.identity.context import Context
from tallystick.kit.chunks import chunks
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.ledger.group import lanes_of, sharers_of
from tallystick.ledger.in_words import in_words as operation_in_words
from tallystick.ledger.models import Lane
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.subscriptions.queries import SubscriptionView, get_subscriptions
from tallystick.sync.begin import frame_of
from tallystick.sync.estimate import effects
from tallystick.sync.foresee import Foreseen, foresee
from tallystick.sync.load import Work, load
from tallystick.sync.port import NO_LINE, Line, UnitRow
from tallystick.sync.target import Due

LINES_A_CALL = 500
PERIODS = 1


@dataclass(frozen=True, slots=True)
class DryRun:
    """``unread``: why Autotask was not read; then it was decided from what was last proved."""

    connection: ConnectionView
    lines: Sequence[DryLine]
    unread: str

    def number(self, outcome: Outcome) -> int:
        return sum(1 for line in self.lines if line.outcome is outcome)


@dataclass(frozen=True, slots=True)
class _Lane:
    view: SubscriptionView
    mapping: Resolved
    work: Work
    rests_until: date | None


def dry_run(
    connection_id: int,
    subscription_ids: Collection[int],
    *,
    context: Context,
    now: datetime,
    billing: BillingOf = billing_of,
) -> DryRun:
    """Stores nothing, sends nothing. Raises NotFound."""
    connection = get_connection(context, connection_id)
    views = {view.id: view for view in get_subscriptions(context, subscription_ids)}
    lanes = _load(connection, views, now)
    rows, unread = _read(connection, lanes, now, billing)
    lines = [line for lane in lanes for line in _lines(lane, rows, billing)]
    return DryRun(connection, lines, unread)


def _load(
    connection: ConnectionView, views: Mapping[int, SubscriptionView], now: datetime
) -> list[_Lane]:
    """By customer name, as they were given."""
    found: dict[int, list[_Lane]] = {}
    with transaction.atomic():
        rows = Lane.objects.filter(lanes_of(views), connection_id=connection.id, open=True)
        sharers = sharers_of(list(rows.values_list("pk", flat=True)))
        for lane in rows.order_by("pk"):
            mapping = resolve(lane.pk)
            if mapping is None:
                continue
            rests = lane.begins_at is not None and lane.begins_at > now
            work = load(lane, now=now)
            on_it = (lane.subscription_id, *sharers.get(lane.pk, ()))
            view = next(views[one] for one in on_it if one in views)
            found.setdefault(view.id, []).append(
                _Lane(view, mapping, work, lane.begins_on if rests else None)
            )
    return [lane for pk in views for lane in found.get(pk, ())]


def _read(
    connection: ConnectionView, lanes: Sequence[_Lane], now: datetime, billing: BillingOf
) -> tuple[Mapping[Line, Sequence[UnitRow]], str]:
    """Only lines that something waits for are read."""
    wanted = [_line(one) for one in lanes if one.work.due and one.mapping.line_id is not None]
    found: dict[Line, Sequence[UnitRow]] = {}
    since = civil_day(now, connection.time_zone) - LOOKS_BACK
    try:
        for some in chunks(wanted, LINES_A_CALL):
            found.update(billing(connection.id).observe(some, since=since))
    except BillingError as error:
        return {}, str(error)
    return found, ""


def _line(lane: _Lane) -> Line:
    return Line(lane.mapping.contract_id, lane.mapping.line_id or NO_LINE)


def _lines(
    lane: _Lane, rows: Mapping[Line, Sequence[UnitRow]], billing: BillingOf
) -> Iterator[DryLine]:
    work, frame = lane.work, frame_of(lane.mapping)
    if not work.due:
        words = "Nothing waits: the line is read and compared, nothing is sent."
        yield _said(lane, None, None, Outcome.LOOKED_AT, words)
        return
    shown = rows.get(_line(lane))
    if shown is None:
        shown = () if lane.mapping.line_id is None else as_proved(work.expected, frame)
    found = {
        one.delivery_id: one
        for one in foresee(
            work.due,
            shown,
            line=_line(lane),
            expected=work.expected,
            rules=work.rules(),
            frame=frame,
            today=work.today,
            own_line=lane.mapping.own_line,
            charges=charges_ahead(work, lane.mapping, lambda: billing(work.connection.id)),
        )
    }
    stops = next((one for one in found.values() if one.cause is not None), None)
    held, first = "", None
    for due in work.due:
        held = held or _held(lane, due)
        ours = found.get(due.delivery_id)
        if first and ours and ours.cause is None and ours.before is found[first.delivery_id].before:
            words = f"It goes out with operation {first.number}: of one day the last one counts."
            yield _said(lane, due, ours, Outcome.HELD if held else Outcome.SENT, words)
            continue
        first = due if ours and ours.calls else None
        yield _of(lane, due, ours, stops, held)


def _held(lane: _Lane, due: Due) -> str:
    """Why it is not sent although nothing stops it; what is behind it is not sent either."""
    if lane.rests_until is not None:
        return f"Nothing is sent before {in_words(lane.rests_until)}."
    if due.awaits_approval:
        return "It waits for approval, or behind one that does."
    return ""


def _of(lane: _Lane, due: Due, ours: Foreseen | None, stops: Foreseen | None, held: str) -> DryLine:
    if ours is None:
        assert stops is not None and stops.cause is not None  # noqa: S101 - what is not foreseen is behind it
        return _said(lane, due, None, Outcome.WAITS, stops.cause.words)
    if ours.cause is not None:
        return _said(lane, due, ours, Outcome.STOPS, ours.cause.words)
    moved = " ".join(f"{words[:1].upper()}{words[1:]}." for words in ours.moved)
    if held:
        return _said(lane, due, ours, Outcome.HELD, f"{held} {moved}".strip())
    if ours.is_already_so:
        return _said(lane, due, ours, Outcome.ALREADY_SO, f"Nothing is sent. {moved}".strip())
    calls = "; ".join(gets_in_words(ours, lane.work.connection))
    words = f"{calls}. {moved}".strip()
    return _said(lane, due, ours, Outcome.SENT, words, _difference(lane, ours))


def _said(
    lane: _Lane,
    due: Due | None,
    ours: Foreseen | None,
    outcome: Outcome,
    words: str,
    difference: Decimal | None = None,
) -> DryLine:
    return DryLine(
        subscription_id=lane.view.id,
        customer=lane.view.customer.name,
        subscription=lane.view.name,
        contract=lane.mapping.contract_name,
        sequence=None if due is None else due.number,
        what="" if due is None else operation_in_words(due.kind, due.before, due.after),
        asked_on=None if due is None else due.effective_on,
        sent_on=None if ours is None or outcome is Outcome.STOPS else ours.sent_on,
        outcome=outcome,
        words=words,
        difference=difference,
        currency=lane.work.connection.price_currency,
    )


def _difference(lane: _Lane, ours: Foreseen) -> Decimal | None:
    """Of the period its first call falls into; a charge is billed by itself."""
    if ours.charge is not None:
        return difference(ours.charge)
    if not ours.calls:
        return None
    since = min(call.effective_on for call in ours.calls)
    bills = effects(
        ours.before, ours.after, since=since, frame=frame_of(lane.mapping), periods=PERIODS
    )
    return bills[0].difference if bills else None
