"""Import operations from a CSV file: all of its rows, in their order, or nothing.

1. Read the file whole; whatever is wrong with it is said at once, each with its line and column.
2. Find the subscriptions by their provider ids.
3. Record the rows, each by its verb, in one transaction; what a verb refuses is a row's error.

The same file again records nothing: a row of a file is one operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.ledger.queries import known_source_ids
from tallystick.ledger.record import Origin
from tallystick.operations.at_once import NoneOfThem, Wanted, carry_out_all
from tallystick.operations.finish import Asked
from tallystick.sources.csv_errors import Errors
from tallystick.sources.csv_source import Source, read_source
from tallystick.sources.operation_cells import MOST_BYTES, OperationRow, read_operations
from tallystick.subscriptions.queries import SubscriptionView, views_by_provider_id

SOURCE = "csv"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file with the subscription it is about."""

    line: int
    view: SubscriptionView
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class OperationsImported:
    """``known``: rows of this very file that had been recorded before."""

    rows: int
    stored: bool
    recorded: int
    known: int


def read_rows(source: Source, *, context: Context) -> list[Row]:
    """Raises ImportRefused with everything that is wrong with the file, NotAllowed."""
    context.require(Right.OPERATE)
    data = read_source(source, most=MOST_BYTES)
    read = read_operations(data)
    views = views_by_provider_id(context, {row.provider_id for row in read})
    errors = Errors()
    for row in read:
        if row.provider_id not in views:
            words = f"there is no subscription “{row.provider_id}”"
            errors.add(row.line, "subscription_id", words)
    errors.refuse()
    digest = sha256(data).hexdigest()
    return [_row(row, views[row.provider_id], digest) for row in read]


def import_operations(
    rows: Sequence[Row], *, today: date, asked: Asked, dry_run: bool = False
) -> OperationsImported:
    """Raises ImportRefused, Conflicting, NotAllowed; then nothing is stored."""
    ids = [row.wanted.source_id for row in rows if row.wanted.source_id is not None]
    known = known_source_ids(asked.context.tenant_id, SOURCE, ids)
    inner = replace(asked, origin=Origin(SOURCE))
    try:
        carry_out_all([row.wanted for row in rows], today=today, asked=inner, dry_run=dry_run)
    except NoneOfThem as refused:
        errors = Errors()
        for place, problem in sorted(refused.problems.items()):
            _tell(errors, rows[place], problem)
        errors.refuse()
    return OperationsImported(
        rows=len(rows), stored=not dry_run, recorded=len(rows) - len(known), known=len(known)
    )


def _row(row: OperationRow, view: SubscriptionView, digest: str) -> Row:
    wanted = Wanted(view.id, row.act, row.values, source_id=f"{digest}/{row.line}")
    return Row(row.line, view, wanted)


def _tell(errors: Errors, row: Row, problem: Problem) -> None:
    if isinstance(problem, InvalidInput):
        for error in problem.errors:
            errors.add(row.line, error.field, error.message)
    else:
        errors.add(row.line, "row", str(problem))
