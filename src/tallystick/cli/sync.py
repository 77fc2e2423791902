"""``tallystick sync`` and ``tallystick runs``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from tallystick.cli.house import NOT_CONFIRMED, add_house, confirmed, house, show, table
from tallystick.kit.problem import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("subscription", nargs="*", help="its provider id, or its name")
    parser.add_argument("--all", action="store_true", help="every mapped subscription")
    parser.add_argument("--dry-run", action="store_true", help="say which, and what waits")
    parser.add_argument("--yes", action="store_true", help="with --all, without asking")
    add_house(parser)


def run(arguments: argparse.Namespace) -> int:
    """The runs go on in the background, by a worker: tallystick runs N shows each."""
    if bool(arguments.subscription) == arguments.all:
        raise InvalidInput.one("subscription", "name some, or say --all")
    with house(arguments, command="sync") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.desk import desk
        from tallystick.bootstrap.named import subscription_named
        from tallystick.kit.paging import LARGEST_PAGE, every
        from tallystick.mappings.rows import list_mappings, mapping_row
        from tallystick.sync.request import request_sync

        here = connection_named(asker, arguments.connection)
        if arguments.all:
            rows = list(
                every(
                    lambda cursor: list_mappings(
                        asker.context,
                        here.id,
                        now=asker.now,
                        mapped=True,
                        cursor=cursor,
                        limit=LARGEST_PAGE,
                    )
                )
            )
        else:
            views = [subscription_named(asker, text) for text in arguments.subscription]
            rows = [mapping_row(asker.context, here.id, one.id, now=asker.now) for one in views]
        words = f"{len(rows)} subscriptions are looked at in Autotask; what waits is sent."
        if not arguments.dry_run and arguments.all and not confirmed(arguments, [words]):
            return NOT_CONFIRMED
        lines = []
        for row in rows:
            started = None
            if not arguments.dry_run:
                started = request_sync(
                    here.id, row.subscription.id, wake=desk().wake, **asker.acting()
                )
            name = f"{row.subscription.customer.name}, {row.subscription.name}"
            lines.append(
                {
                    "subscription": name,
                    "badge": row.badge.kind.label,
                    "waiting": row.badge.pending,
                    "run": started.id if started else None,
                }
            )
        show(arguments, lines, table(lines, empty="Nothing is mapped to this connection."))
    return 0


def show_run(arguments: argparse.Namespace) -> int:
    """1 when something of it failed."""
    with house(arguments, command="runs") as asker:
        from tallystick.sync.request import run_in_context

        found = run_in_context(asker.context, arguments.run_number)
        counts = ("seen", "written", "unchanged", "ignored", "waiting", "failed")
        lines = [f"Run {found.id}: {found.state}, asked for by {found.asked_by}"]
        lines += [f"  {name}: {getattr(found, name)}" for name in counts]
        lines += [f"  {found.found}"] if found.found else []
        show(arguments, asdict(found) | {"state": found.state}, lines)
    return 1 if found.failed else 0
