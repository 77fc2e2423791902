"""``tallystick sync`` and ``tallystick runs``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.cli.house import NOT_CONFIRMED, add_house, confirmed, house, show, table
from tallystick.kit.problem import InvalidInput

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.connections.queries import ConnectionView
    from tallystick.ledger.kinds import RoundScope
    from tallystick.ledger.round_queries import ItemView, RoundView
    from tallystick.ledger.runs import RunView
    from tallystick.mappings.rows import Row

COUNTS = ("seen", "written", "unchanged", "ignored", "waiting", "failed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("subscription", nargs="*", help="its provider id, or its name")
    parser.add_argument("--customer", help="every mapped one of a customer: its id, or its name")
    parser.add_argument("--all", action="store_true", help="every mapped subscription")
    parser.add_argument("--dry-run", action="store_true", help="say which, and what waits")
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="with --dry-run: read Autotask, and write what would be sent to a new file",
    )
    parser.add_argument("--yes", action="store_true", help="with --all, without asking")
    add_house(parser)


def run(arguments: argparse.Namespace) -> int:
    """The runs go on in the background, by a worker: tallystick runs shows them."""
    ways = (bool(arguments.subscription), bool(arguments.customer), bool(arguments.all))
    if sum(ways) != 1:
        raise InvalidInput.one("subscription", "name some, or say --customer or --all")
    if arguments.csv is not None and not arguments.dry_run:
        raise InvalidInput.one("csv", "is about a --dry-run")
    with house(arguments, command="sync") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.dry_run import dry_run
        from tallystick.bootstrap.dry_run_lines import HEADER
        from tallystick.kit.sheet import sheet

        here = connection_named(asker, arguments.connection)
        scope, customer_id, rows = _chosen(arguments, asker, here)
        words = f"{len(rows)} subscriptions are looked at in Autotask; what waits is sent."
        if not arguments.dry_run and arguments.all and not confirmed(arguments, [words]):
            return NOT_CONFIRMED
        ids = [row.subscription.id for row in rows]
        if arguments.csv is not None:
            found = dry_run(here.id, ids, context=asker.context, now=asker.now)
            with arguments.csv.open("xb") as file:
                file.writelines(sheet(HEADER, (line.cells() for line in found.lines)))
            if found.unread:
                print(f"Autotask was not read: {found.unread}", file=sys.stderr)
        started = {} if arguments.dry_run else _start(asker, here.id, ids, scope, customer_id)
        lines = [_line(row, started.get(row.subscription.id)) for row in rows]
        show(arguments, lines, table(lines, empty="Nothing is mapped to this connection."))
    return 0


def _chosen(
    arguments: argparse.Namespace, asker: Asker, here: ConnectionView
) -> tuple[RoundScope, int | None, list[Row]]:
    from tallystick.bootstrap.named import ours_named, subscription_named
    from tallystick.kit.paging import LARGEST_PAGE, every
    from tallystick.ledger.kinds import RoundScope
    from tallystick.mappings.kinds import Ours
    from tallystick.mappings.mapped_ids import mapped_ids
    from tallystick.mappings.rows import list_mappings, mapping_row

    def row_of(subscription_id: int) -> Row:
        return mapping_row(asker.context, here.id, subscription_id, now=asker.now)

    if arguments.customer:
        customer_id = ours_named(asker, here, Ours.CUSTOMER, arguments.customer).id
        ids = mapped_ids(asker.context, here.id, customer_id=customer_id)
        return RoundScope.CUSTOMER, customer_id, [row_of(one) for one in ids]
    if not arguments.all:
        views = [subscription_named(asker, text) for text in arguments.subscription]
        return RoundScope.SELECTION, None, [row_of(one.id) for one in views]
    rows = every(
        lambda cursor: list_mappings(
            asker.context, here.id, now=asker.now, mapped=True, cursor=cursor, limit=LARGEST_PAGE
        )
    )
    return RoundScope.CONNECTION, None, list(rows)


def _start(
    asker: Asker, connection_id: int, ids: list[int], scope: RoundScope, customer_id: int | None
) -> dict[int, ItemView]:
    """What became of asking, by subscription."""
    from tallystick.bootstrap.desk import desk
    from tallystick.sync.request_many import items_in_context, request_many

    if not ids:
        return {}
    found = request_many(
        connection_id,
        ids,
        scope=scope,
        customer_id=customer_id,
        wake=desk().wake,
        **asker.acting(),
    )
    items = items_in_context(asker.context, found.id, limit=2 * len(ids))
    print(f"Sync run {found.id}: tallystick runs --round {found.id}", file=sys.stderr)
    return {one.subscription_id: one for one in items}


def _line(row: Row, asked: ItemView | None) -> dict[str, object]:
    return {
        "subscription": f"{row.subscription.customer.name}, {row.subscription.name}",
        "badge": row.badge.kind.label,
        "waiting": row.badge.pending,
        "run": asked.run_id if asked else None,
        "not asked": asked.because if asked else "",
    }


def show_run(arguments: argparse.Namespace) -> int:
    """1 when something of it failed."""
    with house(arguments, command="runs") as asker:
        from tallystick.sync.request import run_in_context
        from tallystick.sync.request_many import round_in_context, rounds_in_context

        if arguments.run_number is None and arguments.round is None:
            rounds = rounds_in_context(asker.context).items
            lines = [_round_line(one) for one in rounds]
            show(arguments, lines, table(lines, empty="Nobody pressed Sync yet."))
            return 0
        found: RunView | RoundView
        if arguments.round is not None:
            found = round_in_context(asker.context, arguments.round)
        else:
            found = run_in_context(asker.context, arguments.run_number)
        said = [f"Run {found.id}: {found.state}, asked for by {found.asked_by}"]
        said += [f"  {name}: {getattr(found, name)}" for name in COUNTS]
        said += [f"  {text}"] if (text := getattr(found, "found", "")) else []
        show(arguments, asdict(found) | {"state": found.state}, said)
    return 1 if found.failed else 0


def _round_line(one: RoundView) -> dict[str, object]:
    return {
        "round": one.id,
        "when": one.started_at.isoformat(timespec="seconds"),
        "connection": one.connection_name,
        "what": one.customer_name or one.scope.label,
        "who": one.asked_by,
        "state": one.state,
        **{name: getattr(one, name) for name in COUNTS},
    }
