"""Decide the rows of a subscription mappings file on what is recorded and what Autotask has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.bootstrap.line_asked import There, there_of
from tallystick.connections.queries import ConnectionView
from tallystick.kit.paging import LARGEST_PAGE, every
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.mappings.kinds import Ours as Kind
from tallystick.mappings.places import Places, places_for
from tallystick.mappings.rows import list_mappings
from tallystick.mappings.show import exclusions_of
from tallystick.operations.finish import Asked
from tallystick.sources.mapping_cells import SUBSCRIPTIONS, ours_of_subscription
from tallystick.sources.mapping_decide import Act, Decision, Standing, decide
from tallystick.sources.mapping_known import KnownOurs, KnownTheirs, Ours, Theirs
from tallystick.sources.mapping_names import named_in
from tallystick.sources.mapping_said import Said
from tallystick.subscriptions.queries import SubscriptionView

INSTEAD = "continue it on the other contract from a day, or write unmap in act first"


@dataclass(frozen=True, slots=True)
class Known:
    """A subscription as it stands, and where it could be billed."""

    view: SubscriptionView
    ours: Ours
    now: Standing
    places: Places


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """``there`` only when it is to be mapped."""

    row: Said
    known: Known | None
    errors: tuple[FieldError, ...] = ()
    decision: Decision | None = None
    there: There | None = None


def decide_lines(
    said: Sequence[Said], connection: ConnectionView, today: date, asked: Asked
) -> list[DecidedLine]:
    recorded = _load(connection, today, asked)
    known = KnownOurs(SUBSCRIPTIONS.ours, "subscription", [one.ours for one in recorded.values()])
    given: set[int] = set()
    decided = []
    for row in said:
        ours = known.find(row.ours, line=row.line)
        if isinstance(ours, FieldError):
            decided.append(DecidedLine(row, None, (ours, *row.errors)))
            continue
        decided.append(_decide(row, recorded[ours.id], today, given))
    return decided


def _load(connection: ConnectionView, today: date, asked: Asked) -> Mapping[int, Known]:
    excluded = exclusions_of(Kind.SUBSCRIPTION, connection.id)
    rows = list(
        every(
            lambda cursor: list_mappings(
                asked.context, connection.id, now=asked.now, cursor=cursor, limit=LARGEST_PAGE
            )
        )
    )
    views = [row.subscription for row in rows]
    places = places_for(asked.context, connection.id, views, today=today)
    return {
        row.subscription.id: Known(
            row.subscription,
            ours_of_subscription(row.subscription),
            Standing(
                row.place.contract_id if row.place else None,
                row.place.contract_name if row.place else "",
                "" if row.place else excluded.get(row.subscription.id, ""),
            ),
            places[row.subscription.id],
        )
        for row in rows
    }


def _decide(row: Said, known: Known, today: date, given: set[int]) -> DecidedLine:
    options = known.places.options
    contracts = [option.contract for option in options]
    theirs = KnownTheirs(
        "contract of its company",
        [Theirs(one.id, one.name, one.number, one.active) for one in contracts],
    )
    named = named_in(row, known.now, theirs, SUBSCRIPTIONS)
    if isinstance(named, FieldError):
        missing = known.places.missing.rstrip(".")
        said = FieldError(named.field, missing) if missing else named
        return DecidedLine(row, known, (*row.errors, said))
    filled = [column for column in SUBSCRIPTIONS.more if row.more[column] is not None]
    if named.id is None and known.now.theirs_id is None and filled and row.act is None:
        empty = FieldError(named.column, f"is empty, and {filled[0]} is filled: on which one?")
        return DecidedLine(row, known, (*row.errors, empty))
    decision = decide(row, known.now, named, instead=INSTEAD)
    if not isinstance(decision, Decision):
        return DecidedLine(row, known, (*row.errors, *decision))
    if row.errors or Act.MAP not in decision.steps:
        return DecidedLine(row, known, row.errors, decision)
    option = next(one for one in options if one.contract.id == named.id)
    try:
        there = there_of(row, option, today, given)
    except InvalidInput as problem:
        return DecidedLine(row, known, problem.errors, decision)
    return DecidedLine(row, known, (), decision, there)
