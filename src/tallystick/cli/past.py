"""``tallystick operations past``: the ways past what is stopped, each seen before it is taken."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show
from tallystick.kit.problem import Conflicting

WAYS = ("done_by_hand", "skip", "adopt", "push_ours", "next_period")


def add_past(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    past = add_act(acts, "past", "decide on what is stopped, so that what waits goes on", run)
    past.add_argument("subscription", help="its provider id, or its name")
    past.add_argument("how", choices=WAYS)
    past.add_argument("--reason", required=True, help="kept in the audit log")
    past.add_argument(
        "--believed", action="store_true", help="done by hand, also when Autotask does not show it"
    )
    past.add_argument("--preview", action="store_true", help="say what it would do, store nothing")
    past.add_argument("--yes", action="store_true", help="without asking")


def run(arguments: argparse.Namespace) -> int:
    with house(arguments, command="operations") as asker:
        from tallystick.bootstrap.desk import desk
        from tallystick.bootstrap.named import subscription_named
        from tallystick.bootstrap.stopped import look_at_way, take_way
        from tallystick.mappings.rows import subscription_row

        view = subscription_named(asker, arguments.subscription)
        row = subscription_row(asker.context, view.id, now=asker.now)
        if row.lane is None or row.place is None or row.head is None:
            raise Conflicting("Nothing of this subscription is stopped. Nothing was changed.")
        what = (row.head.id, row.place.connection_id, row.lane.id)
        if arguments.preview:
            ahead = look_at_way(
                *what, how=arguments.how, believed=arguments.believed, **asker.acting()
            )
            lines = [f"{ahead.expects or 'Nothing'} expected of the line then."]
            lines += [f"  {one.summary}: {one.in_words}" for one in ahead.then]
            show(arguments, asdict(ahead), lines)
            return 0
        if not confirmed(arguments, [f"{row.head_in_words}: {row.badge.cause}"]):
            return NOT_CONFIRMED
        take_way(
            *what,
            how=arguments.how,
            reason=arguments.reason,
            believed=arguments.believed,
            wake=desk().wake,
            **asker.acting(),
        )
        said = f"Decided: {row.head_in_words}. What waits behind it goes on."
        show(arguments, {"operation": row.head.sequence, "how": arguments.how}, [said])
    return 0
