"""Close a month on a connection: read every line anew, compare, and keep what was found for ever.

1. Autotask is read first, 500 lines a call, outside any transaction; what cannot be read closes
   nothing.
2. Each line of the month is compared with what was ordered (``compare_month``).
3. Header and lines are stored at once. Closing again stores a second proof beside the first, with
   what changed between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.books.compare_month import Compared, MonthOutcome, compare_month, nothing_bills
from tallystick.books.models import MonthProof, MonthProofLine
from tallystick.books.month_lines import Known, known_lines, operations_of_month
from tallystick.connections.models import Connection
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.connections.trouble import BillingError
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.chunks import chunks
from tallystick.kit.clock import civil_day
from tallystick.kit.days import add_months
from tallystick.kit.problem import InvalidInput, Unreachable
from tallystick.ledger.profile import as_json
from tallystick.mappings.not_mapped import not_mapped_rows
from tallystick.subscriptions.queries import SubscriptionView, view_of
from tallystick.sync.compare import snapshot
from tallystick.sync.port import Billing, UnitRow
from tallystick.sync.port import Line as AutotaskLine

LINES_A_CALL = 500
ROWS_A_WRITE = 1000
BillingOf = Callable[[int], Billing]


@dataclass(frozen=True, slots=True)
class _Found:
    view: SubscriptionView
    known: Known | None
    compared: Compared

    @property
    def others(self) -> Sequence[SubscriptionView]:
        """Billed together with it."""
        return self.known.others if self.known else ()

    @property
    def all(self) -> Sequence[SubscriptionView]:
        return (self.view, *self.others)

    @property
    def name(self) -> str:
        if not self.others:
            return self.view.name
        return f"{self.view.name}, together with {', '.join(one.name for one in self.others)}"


def close_month(
    connection_id: int,
    month: date,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
    billing: BillingOf,
) -> int:
    """Answers the id of the proof. ``month``: its first day.

    Raises NotFound, NotAllowed, InvalidInput (month: it has not ended), Unreachable (Autotask could
    not be read: nothing was closed).
    """
    context.require(Right.APPROVE)
    connection = get_connection(context, connection_id)
    today = civil_day(now, connection.time_zone)
    if month.day != 1:
        raise InvalidInput.one("month", "must be a month, like 2026-05")
    if month >= today.replace(day=1):
        raise InvalidInput.one("month", f"{month:%Y-%m} has not ended yet")
    known = known_lines(context, connection, month, now=now)
    rows = _read(billing, connection, known, month)
    found = []
    for one in known:
        shown = rows.get(one.at, ()) if one.at is not None else ()
        found.append(_Found(one.view, one, compare_month(one.line(shown), month)))
    loose = not_mapped_rows(context, connection.id).filter(starts_on__lt=add_months(month, 1))
    found += [_not_billed(view_of(row), connection, month) for row in loose.order_by("pk")]
    return _keep(connection, month, found, context=context, now=now, correlation_id=correlation_id)


def _read(
    billing: BillingOf, connection: ConnectionView, known: Sequence[Known], month: date
) -> Mapping[AutotaskLine, Sequence[UnitRow]]:
    wanted = [one.at for one in known if one.at is not None]
    found: dict[AutotaskLine, Sequence[UnitRow]] = {}
    try:
        for some in chunks(wanted, LINES_A_CALL):
            found.update(billing(connection.id).observe(some, since=month))
    except BillingError as error:
        raise Unreachable(
            f"Autotask could not be read: {error} Nothing was closed. Try again later."
        ) from None
    return found


def _not_billed(view: SubscriptionView, connection: ConnectionView, month: date) -> _Found:
    """In money where its price is in the connection's currency and it is billed by the month."""
    months = view.offer.billing_cycle.months
    a_month = None
    same_currency = view.price_currency == connection.price_currency
    if months and view.unit_price is not None and same_currency:
        a_month = view.quantity * view.unit_price / months
    compared = nothing_bills(
        month, quantity=view.quantity, a_month=a_month, starts_on=view.starts_on
    )
    return _Found(view, None, compared)


def _keep(
    connection: ConnectionView,
    month: date,
    found: Sequence[_Found],
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> int:
    operations = operations_of_month([each.id for one in found for each in one.all], month)
    with transaction.atomic():
        # One closing after another: each sees the one before it.
        Connection.objects.select_for_update(no_key=True).get(pk=connection.id)
        proofs = MonthProof.objects.filter(connection_id=connection.id, month=month)
        last = proofs.order_by("-number").first()
        before = _lines_before(last)
        lines = [_line(one, _recorded(one, operations), before) for one in found]
        gone = set(before) - {one.view.id for one in found}
        changed = sum(1 for line in lines if line.before is not None) + len(gone)
        proof = MonthProof.objects.create(
            tenant_id=connection.tenant_id,
            reseller_id=connection.reseller_id,
            connection_id=connection.id,
            connection_name=connection.name,
            month=month,
            number=(last.number if last else 0) + 1,
            currency=connection.price_currency,
            read_at=now,
            closed_at=now,
            closed_by=context.actor.name[:200],
            closed_by_ref=context.actor.ref[:60],
            correlation_id=correlation_id,
            changed=None if last is None else changed,
            **_sums(lines),
        )
        for line in lines:
            line.proof = proof
        MonthProofLine.objects.bulk_create(lines, batch_size=ROWS_A_WRITE)
        record(
            Event.CLOSE_MONTH,
            actor=context.actor,
            now=now,
            subject=Subject(
                tenant_id=connection.tenant_id,
                reseller_id=connection.reseller_id,
                connection_id=connection.id,
                connection_name=connection.name,
            ),
            correlation_id=correlation_id,
            summary=f"{month:%Y-%m}, proof {proof.number}: {proof.equal} equal, "
            f"{proof.different} different, {proof.not_billed} not billed",
            details={"proof": proof.pk},
        )
    return proof.pk


def _sums(lines: Sequence[MonthProofLine]) -> dict[str, Any]:
    outcomes = [line.outcome for line in lines]
    known = [
        (line.ordered_amount, line.shown_amount)
        for line in lines
        if line.ordered_amount is not None and line.shown_amount is not None
    ]
    compared = len(outcomes) - outcomes.count(MonthOutcome.NOTHING.value)
    return {
        **{one.value: outcomes.count(one.value) for one in MonthOutcome},
        "ordered_amount": sum((ordered for ordered, _ in known), Decimal(0)),
        "shown_amount": sum((shown for _, shown in known), Decimal(0)),
        "amounts_unknown": compared - len(known),
    }


def _line(
    one: _Found, operations: list[dict[str, Any]], before: Mapping[int, dict[str, Any]]
) -> MonthProofLine:
    compared, mapping = one.compared, one.known.mapping if one.known else None
    line = MonthProofLine(
        subscription_id=one.view.id,
        customer_name=one.view.customer.name[:300],
        subscription_name=one.name[:300],
        others=[each.id for each in one.others],
        contract_id=mapping.contract_id if mapping else None,
        contract_name=mapping.contract_name if mapping else "",
        line_id=mapping.line_id if mapping else None,
        outcome=compared.outcome.value,
        why=compared.why,
        operations=operations,
        ordered=as_json(compared.ordered),
        shown=snapshot(compared.shown),
        ordered_amount=compared.ordered_amount,
        shown_amount=compared.shown_amount,
    )
    was = before.get(one.view.id)
    line.before = was if was is not None and was != _gist(line) else None
    return line


def _recorded(one: _Found, operations: Mapping[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Of all the line bills; whose it was is said of the others."""
    found = list(operations.get(one.view.id, []))
    for other in one.others:
        its = operations.get(other.id, [])
        found += [{**each, "what": f"{each['what']} ({other.name})"} for each in its]
    return found


def _lines_before(proof: MonthProof | None) -> dict[int, dict[str, Any]]:
    """What the last proof said, by subscription."""
    if proof is None:
        return {}
    rows = MonthProofLine.objects.filter(proof=proof)
    return {line.subscription_id: _gist(line) for line in rows.iterator(chunk_size=ROWS_A_WRITE)}


def _gist(line: MonthProofLine) -> dict[str, Any]:
    return {
        "outcome": line.outcome,
        "ordered_amount": None if line.ordered_amount is None else f"{line.ordered_amount:.2f}",
        "shown_amount": None if line.shown_amount is None else f"{line.shown_amount:.2f}",
        "ordered": line.ordered,
        "shown": line.shown,
    }
