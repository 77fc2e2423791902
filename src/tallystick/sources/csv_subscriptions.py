"""Import subscriptions from a CSV file: everything in it, or nothing.

1. Read the file whole; whatever is wrong with it is said at once.
2. In one transaction, one import of a tenant at a time: load what is recorded, decide every row,
   and refuse the file when a row cannot be carried out.
3. Carry the decisions out in the file's order, each by its verb, each with its operation.
4. Nudge the engine once, at the very end and as part of the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting
from tallystick.ledger.record import Origin
from tallystick.operations.finish import Asked
from tallystick.sources.csv_apply import Apply
from tallystick.sources.csv_cells import Row, read_subscriptions
from tallystick.sources.csv_decide import Act, Decision, decide
from tallystick.sources.csv_errors import Errors, LineError, printable
from tallystick.sources.csv_known import Recorded, load
from tallystick.sources.csv_source import Source, one_at_a_time, read_source

SOURCE = "csv"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was recorded. Every row is counted once, from ``subscriptions_added`` on.

    ``unchanged``: recorded already as the file has it. ``only_left_out``: it differs, but in
    nothing that can be recorded. ``not_imported`` says all that differs, line by line, also of
    rows of which something else was recorded.
    """

    rows: int
    stored: bool
    customers_added: int
    offers_added: int
    subscriptions_added: int
    quantity_changes: int
    cancellations: int
    unchanged: int
    only_left_out: int
    not_imported: tuple[LineError, ...]


def import_subscriptions(
    source: Source,
    *,
    today: date,
    asked: Asked,
    effective_on: date | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Carry it out. Raises ImportRefused, NotAllowed, Conflicting; then nothing is stored.

    A quantity change or a cancellation takes effect on ``effective_on``, without it today. A dry
    run records everything and takes it back: what it answers is what would be.
    """
    asked.context.require(Right.OPERATE)
    rows = read_subscriptions(read_source(source), today=today)
    lanes: set[int] = set()

    # One act, so one correlation; and its nudges wait for the end, where no other transaction
    # has to wait for them.
    def later(lane_ids: Sequence[int]) -> None:
        lanes.update(lane_ids)

    inner = replace(asked, origin=Origin(SOURCE), wake=later)
    try:
        with transaction.atomic():
            one_at_a_time(asked.context.tenant_id)
            recorded = load(rows, context=asked.context)
            decisions = _decide_all(rows, recorded, today=today, effective_on=effective_on)
            apply = Apply(recorded, today=today, asked=inner)
            for done, (row, decision) in enumerate(zip(rows, decisions, strict=True), start=1):
                apply.one(row, decision)
                if progress is not None:
                    progress(done, len(rows))
            imported = _counted(rows, decisions, apply, stored=not dry_run)
            if dry_run:
                transaction.set_rollback(True)
            else:
                note_import(imported, asked=inner)
                if lanes:
                    asked.wake(sorted(lanes))
    except IntegrityError:
        raise Conflicting(
            "Somebody recorded the same customer, offer or subscription at this moment. Nothing "
            "was imported; import the file again."
        ) from None
    return imported


def _decide_all(
    rows: Sequence[Row], recorded: Recorded, *, today: date, effective_on: date | None
) -> list[Decision]:
    """A decision for every row. Raises ImportRefused."""
    errors = Errors()
    decisions = []
    for row in rows:
        known = recorded.subscriptions.get(row.subscription_id.lower())
        decided = decide(row, known, today=today, effective_on=effective_on)
        if isinstance(decided, Decision) and decided.act is Act.ADD:
            decided = recorded.fit(row)
        if isinstance(decided, Decision):
            decisions.append(decided)
            continue
        for error in decided:
            errors.add(row.line, error.field, error.message)
    errors.refuse()
    return decisions


def note_import(imported: Imported, *, asked: Asked) -> None:
    """One audit record that ties the operations together; none when nothing was recorded."""
    counts = {
        "subscriptions_added": imported.subscriptions_added,
        "quantity_changes": imported.quantity_changes,
        "cancellations": imported.cancellations,
    }
    if not any(counts.values()):
        return
    record(
        Event.IMPORT_SUBSCRIPTIONS,
        actor=asked.context.actor,
        now=asked.now,
        subject=Subject(tenant_id=asked.context.tenant_id, reseller_id=asked.context.reseller_id),
        correlation_id=asked.correlation_id,
        summary=", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()),
        details=counts
        | {
            "rows": imported.rows,
            "customers_added": imported.customers_added,
            "offers_added": imported.offers_added,
            "unchanged": imported.unchanged,
            "only_left_out": imported.only_left_out,
        },
    )


def _counted(
    rows: Sequence[Row], decisions: Sequence[Decision], apply: Apply, *, stored: bool
) -> Imported:
    acts = Counter(decision.act for decision in decisions)
    idle = [decision for decision in decisions if decision.act is Act.NOTHING]
    only_left_out = sum(bool(decision.left_out) for decision in idle)
    return Imported(
        rows=len(rows),
        stored=stored,
        customers_added=apply.customers_added,
        offers_added=apply.offers_added,
        subscriptions_added=acts[Act.ADD],
        quantity_changes=acts[Act.CHANGE_QUANTITY],
        cancellations=acts[Act.CANCEL],
        unchanged=len(idle) - only_left_out,
        only_left_out=only_left_out,
        not_imported=tuple(
            LineError(printable(left.field), printable(left.message), row.line)
            for row, decision in zip(rows, decisions, strict=True)
            for left in decision.left_out
        ),
    )
