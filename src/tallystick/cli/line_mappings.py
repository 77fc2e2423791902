"""``tallystick mappings subscriptions``: the acts that have to do with a line."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tallystick.cli.billed_together import add_together_acts
from tallystick.cli.house import add_act, house, show, table

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.bootstrap.look_before import Seen
    from tallystick.connections.queries import ConnectionView

FIRST_SYNCS = ("adopt", "bring", "leave", "none")


def add_line_acts(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    accept = add_act(acts, "accept", "map what is clear and equal; nothing is sent", _accept)
    accept.add_argument("connection", help="its name, or its number")
    mapping = add_act(acts, "map", "map a subscription to a line of a contract", _map)
    _add_subscription(mapping)
    mapping.add_argument("contract", help="its name, or its number in Autotask")
    mapping.add_argument("--line", choices=["use", "own"], default="use")
    mapping.add_argument("--first-sync", choices=FIRST_SYNCS, help="needed, without --dry-run")
    _add_look(mapping)
    decide = add_act(acts, "first-sync", "decide on a line that was left as it is", _first_sync)
    _add_subscription(decide)
    decide.add_argument("first_sync", choices=["adopt", "bring"])
    _add_look(decide)
    add_together_acts(acts)


def _add_subscription(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("ours", metavar="subscription", help="its provider id, or its name")


def _add_look(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--effective-on", metavar="DAY", help="of bring or leave; else today")
    parser.add_argument("--seen-units", type=int, help="refuse when Autotask shows another number")
    parser.add_argument("--dry-run", action="store_true", help="only look at the line")


def list_lines(arguments: argparse.Namespace, asker: Asker, here: ConnectionView) -> None:
    from tallystick.kit.paging import LARGEST_PAGE, every
    from tallystick.mappings.rows import list_mappings

    rows = list(
        every(
            lambda cursor: list_mappings(
                asker.context,
                here.id,
                now=asker.now,
                search=arguments.search,
                cursor=cursor,
                limit=LARGEST_PAGE,
            )
        )
    )
    lines = [
        {
            "customer": row.subscription.customer.name,
            "subscription": row.subscription.name,
            "id": row.subscription.provider_id,
            "quantity": row.subscription.quantity,
            "contract": row.place.contract_name if row.place else "",
            "together with": ", ".join(one.label for one in row.together),
            "badge": row.badge.kind.label,
            "cause": row.badge.cause,
        }
        for row in rows
    ]
    values = [
        line
        | {
            "place": asdict(row.place) if row.place else None,
            "waiting": row.badge.pending,
            "together with": [one.provider_id for one in row.together],
        }
        for line, row in zip(lines, rows, strict=True)
    ]
    show(arguments, values, table(lines, empty="Nothing matches."))


def _accept(arguments: argparse.Namespace) -> int:
    """1 when something was left to a person."""
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.map_many import map_what_is_equal
        from tallystick.mappings.not_mapped import not_mapped_ids

        here = connection_named(asker, arguments.connection)
        ids = not_mapped_ids(asker.context, here.id)
        done = map_what_is_equal(ids, here.id, today=asker.today, asked=asker.asked())
        lines = [*done.differing, *done.refused, f"{done.mapped} mapped. Nothing was sent."]
        show(arguments, asdict(done), lines)
    return 1 if done.differing or done.refused else 0


def _map(arguments: argparse.Namespace) -> int:
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.look_before import look_before
        from tallystick.bootstrap.mapping import FirstSync, map_line
        from tallystick.bootstrap.named import line_of, option_named, subscription_named
        from tallystick.kit.problem import InvalidInput

        here = connection_named(asker, arguments.connection)
        view = subscription_named(asker, arguments.ours)
        option = option_named(asker, here, view, arguments.contract)
        there: dict[str, Any] = {
            "contract_id": option.contract.id,
            "line_id": line_of(option, arguments.line),
        }
        if arguments.dry_run:
            seen = look_before(view.id, here.id, **there, day=asker.today, asked=asker.asked())
            _show_look(arguments, seen)
            return 0
        if arguments.first_sync is None:
            words = f"must be one of {', '.join(FIRST_SYNCS)}: what counts when they differ"
            raise InvalidInput.one("first-sync", words)
        map_line(
            view.id,
            here.id,
            **there,
            first_sync=FirstSync(arguments.first_sync),
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asker.asked(),
            seen_units=arguments.seen_units,
        )
        said = f"{view.customer.name}, {view.name} is billed on {option.contract.name}."
        show(arguments, {"subscription": view.provider_id, **there}, [said])
    return 0


def _first_sync(arguments: argparse.Namespace) -> int:
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.first_sync import decide_first_sync, look_at_left
        from tallystick.bootstrap.mapping import FirstSync
        from tallystick.bootstrap.named import subscription_named

        here = connection_named(asker, arguments.connection)
        view = subscription_named(asker, arguments.ours)
        if arguments.dry_run:
            seen = look_at_left(view.id, here.id, day=asker.today, asked=asker.asked())
            _show_look(arguments, seen)
            return 0
        decide_first_sync(
            view.id,
            here.id,
            first_sync=FirstSync(arguments.first_sync),
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asker.asked(),
            seen_units=arguments.seen_units,
        )
        said = f"{view.customer.name}, {view.name}: decided. It is compared and sent from now on."
        show(arguments, {"subscription": view.provider_id}, [said])
    return 0


def _show_look(arguments: argparse.Namespace, seen: Seen) -> None:
    """A line beside what we have; nothing was stored."""
    shows = seen.look.in_words() if seen.look else "nothing yet: a line of its own is created"
    units = seen.look.units if seen.look else None
    value = {
        "contract": seen.place.contract_name,
        "shown_units": units,
        "our_units": seen.ours.units,
        "same": seen.look.is_same if seen.look else False,
    }
    lines = [
        f"{seen.place.company_name}, {seen.place.contract_name}, {seen.place.service_name}",
        f"Autotask shows {shows}; we have {seen.ours.in_words()}. Nothing was stored.",
    ]
    show(arguments, value, lines)
