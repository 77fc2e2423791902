"""Several operations in one act: all of them are recorded, or none.

The subscriptions' rows are locked first and in one order, so that two such acts never wait for
each other. What waits to be sent is woken once, at the end and as part of the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from django.db import transaction

from tallystick.kit.problem import Problem
from tallystick.ledger.group import billed_with
from tallystick.ledger.record import Origin, Recorded
from tallystick.operations.acts import Act
from tallystick.operations.finish import Asked
from tallystick.operations.perform import perform
from tallystick.subscriptions.queries import visible


@dataclass(frozen=True, slots=True)
class Ask:
    """One of them; ``record`` records it, or raises what its verb raises."""

    subscription_id: int
    record: Callable[[Asked], Recorded]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of them as a form or a file says it.

    ``source_id`` as of an operation: the same one is recorded once.
    """

    subscription_id: int
    act: Act
    values: Mapping[str, str]
    source_id: str | None = None


class NoneOfThem(Problem):
    """Some cannot be recorded, so none was. ``problems`` by their place."""

    title = "Nothing was recorded"

    def __init__(self, problems: Mapping[int, Problem]) -> None:
        super().__init__(f"{len(problems)} cannot be recorded. Nothing was recorded.")
        self.problems = dict(problems)


def record_of(one: Wanted, today: date, asked: Asked) -> Recorded:
    """One of them by itself. Raises what its verb raises."""
    origin = Origin(asked.origin.source, one.source_id)
    inner = replace(asked, origin=origin)
    return perform(one.act, one.subscription_id, one.values, today=today, asked=inner)


def carry_out_all(
    wanted: Sequence[Wanted], *, today: date, asked: Asked, dry_run: bool = False
) -> list[Recorded]:
    """As ``record_all``."""
    return record_all([ask_of(one, today) for one in wanted], asked=asked, dry_run=dry_run)


def ask_of(one: Wanted, today: date) -> Ask:
    return Ask(one.subscription_id, partial(record_of, one, today))


def record_all(asks: Sequence[Ask], *, asked: Asked, dry_run: bool = False) -> list[Recorded]:
    """In the order given. Raises NoneOfThem, with what is wrong with each; then nothing is stored.

    A dry run records everything and takes it back.
    """
    lanes: set[int] = set()

    def later(lane_ids: Sequence[int]) -> None:
        lanes.update(lane_ids)

    done, problems = [], {}
    inner = replace(asked, wake=later)
    with transaction.atomic():
        ids = {ask.subscription_id for ask in asks}
        ids |= {one for group in billed_with(ids).values() for one in group}
        rows = visible(asked.context).filter(pk__in=ids).order_by("pk")
        list(rows.select_for_update(of=("self",), no_key=True))
        for place, ask in enumerate(asks):
            try:
                with transaction.atomic():
                    done.append(ask.record(inner))
            except Problem as problem:
                problems[place] = problem
        if problems:
            raise NoneOfThem(problems)
        if dry_run:
            transaction.set_rollback(True)
        elif lanes:
            asked.wake(sorted(lanes))
    return done
