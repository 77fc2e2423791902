"""``tallystick mappings subscriptions together`` and ``apart``: several on one line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house
from tallystick.cli.recorded import add_preview, look_or_record

if TYPE_CHECKING:
    from tallystick.ledger.record import Recorded
    from tallystick.operations.finish import Asked


def add_together_acts(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    joining = add_act(acts, "together", "bill it together with another one, on its line", _together)
    _add_subscription(joining)
    joining.add_argument("other", help="one that the line bills: its provider id, or its name")
    leaving = add_act(acts, "apart", "bill it apart from the others on its line", _apart)
    _add_subscription(leaving)
    leaving.add_argument("--yes", action="store_true", help="without asking")
    for one in (joining, leaving):
        one.add_argument("--effective-on", metavar="DAY", help="today if left out")
        add_preview(one)


def _add_subscription(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("ours", metavar="subscription", help="its provider id, or its name")


def _together(arguments: argparse.Namespace) -> int:
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.named import subscription_named
        from tallystick.operations.bill_together import bill_together

        here = connection_named(asker, arguments.connection)
        view = subscription_named(asker, arguments.ours)
        other = subscription_named(asker, arguments.other)

        def record(asked: Asked) -> Recorded:
            return bill_together(
                subscription_id=view.id,
                connection_id=here.id,
                with_id=other.id,
                effective_on=arguments.effective_on,
                today=asker.today,
                asked=asked,
            ).recorded

        return look_or_record(arguments, asker, view, record, record)


def _apart(arguments: argparse.Namespace) -> int:
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.named import subscription_named
        from tallystick.operations.bill_together import bill_apart

        here = connection_named(asker, arguments.connection)
        view = subscription_named(asker, arguments.ours)

        def record(asked: Asked) -> Recorded:
            return bill_apart(
                subscription_id=view.id,
                connection_id=here.id,
                effective_on=arguments.effective_on,
                today=asker.today,
                asked=asked,
            )

        words = [
            "Its line is brought to what the others have.",
            f"{view.customer.name}, {view.name} is Not Mapped afterwards.",
        ]
        if not arguments.preview and not confirmed(arguments, words):
            return NOT_CONFIRMED
        return look_or_record(arguments, asker, view, record, record)
