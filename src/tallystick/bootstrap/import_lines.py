"""Import Subscription Mapping from a file: each act by the page's own verb.

1. Read the file, find what each row speaks of, decide.
2. Look at the lines whose value is to be adopted, many a call, before any transaction.
3. In one transaction: load and decide again, carry out (``sources/mapping_carry_out``).
4. Nudge the engine once, at the very end and as part of the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from tallystick.bootstrap.line_asked import There, in_words
from tallystick.bootstrap.lines_decided import DecidedLine, decide_lines
from tallystick.bootstrap.look_before import BillingOf, Seen, billing_of, look_or_say, ours_of_many
from tallystick.bootstrap.mapping import FirstSync, store_line
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, Problem
from tallystick.mappings.exclude import exclude, include_again
from tallystick.mappings.kinds import Ours as Kind
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.places import check_place
from tallystick.operations.finish import Asked
from tallystick.sources.csv_source import Source, read_source
from tallystick.sources.mapping_carry_out import How, ImportedMappings, Job, carry_out
from tallystick.sources.mapping_cells import SUBSCRIPTIONS
from tallystick.sources.mapping_decide import Act
from tallystick.sources.mapping_names import wrong
from tallystick.sources.mapping_said import MOST_BYTES, read_said

# By subscription: what was seen, or why it could not be looked at.
Looks = Mapping[int, Seen | Problem]


def import_lines(
    source: Source,
    connection_id: int,
    *,
    how: How,
    today: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> ImportedMappings:
    """Raises ImportRefused, NotFound, NotAllowed, Conflicting, Unreachable; nothing is stored."""
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    said = read_said(read_source(source, most=MOST_BYTES), SUBSCRIPTIONS)
    looks = _look(decide_lines(said, connection, today, asked), connection, today, asked, billing)
    lanes: set[int] = set()

    def later(lane_ids: Sequence[int]) -> None:
        lanes.update(lane_ids)

    inner = replace(asked, wake=later)
    return carry_out(
        lambda: [
            _job(one, looks, connection, today, inner)
            for one in decide_lines(said, connection, today, asked)
        ],
        tenant_id=asked.context.tenant_id,
        how=how,
        at_the_end=lambda: asked.wake(sorted(lanes)) if lanes else None,
    )


def _look(
    decided: Sequence[DecidedLine],
    connection: ConnectionView,
    today: date,
    asked: Asked,
    billing: BillingOf,
) -> Looks:
    """What Autotask shows of the lines that are to be adopted."""
    wanted, refused = {}, {}
    views = [one.known.view for one in decided if one.known is not None]
    ours = ours_of_many(views, connection)
    for one in decided:
        there = one.there
        if one.known is None or there is None or there.first_sync is not FirstSync.ADOPT:
            continue
        try:
            place = check_place(
                asked.context,
                connection.id,
                one.known.view.id,
                contract_id=there.contract_id,
                line_id=there.line_id,
                from_on=today,
            )
        except Problem as problem:
            refused[one.known.view.id] = problem
            continue
        wanted[one.known.view.id] = (place, ours[one.known.view.id])
    looks = look_or_say(billing, connection.id, wanted, since=today)
    return {pk: Seen(*wanted[pk], looks.get(pk)) for pk in wanted} | refused


def _job(
    one: DecidedLine,
    looks: Looks,
    connection: ConnectionView,
    today: date,
    asked: Asked,
) -> Job:
    row, known, decision = one.row, one.known, one.decision
    if known is None or decision is None or one.errors:
        return wrong(row, known.ours.label if known else "", one.errors)
    acting: dict[str, Any] = {
        "context": asked.context,
        "now": asked.now,
        "correlation_id": asked.correlation_id,
    }
    pk, here, there = known.view.id, connection.id, one.there
    verbs: dict[Act, Callable[[], object]] = {
        Act.UNMAP: partial(unmap_subscription, pk, here, **acting),
        Act.EXCLUDE: partial(exclude, Kind.SUBSCRIPTION, pk, here, reason=row.reason, **acting),
        Act.INCLUDE: partial(include_again, Kind.SUBSCRIPTION, pk, here, **acting),
    }
    words = decision.words
    if there is not None:
        seen = looks.get(pk)
        look = seen if isinstance(seen, Seen) else None
        words = f"{words}, {in_words(there, look, known.view.quantity)}"
        verbs[Act.MAP] = partial(_map, pk, here, there, seen, today=today, asked=asked)
    steps = tuple(verbs[step] for step in decision.steps)
    return Job(row.line, known.ours.label, decision.act, words, steps=steps)


def _map(
    subscription_id: int,
    connection_id: int,
    there: There,
    seen: Seen | Problem | None,
    *,
    today: date,
    asked: Asked,
) -> None:
    """Raises as ``store_line``, and Conflicting when another line was looked at."""
    if isinstance(seen, Problem):
        raise seen
    if there.first_sync is FirstSync.ADOPT and (
        seen is None or seen.place.line_id != there.line_id
    ):
        raise Conflicting("Autotask's lists were read anew at this moment. Nothing was changed.")
    store_line(
        subscription_id,
        connection_id,
        contract_id=there.contract_id,
        line_id=there.line_id,
        first_sync=there.first_sync,
        day=there.day,
        look=seen,
        today=today,
        asked=asked,
    )
