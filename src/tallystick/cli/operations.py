"""``tallystick operations``: do something to a subscription, or only see what that would do."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from tallystick.cli.house import add_act, house, show
from tallystick.connections.policies import PriceDay

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.bootstrap.preview import Ahead
    from tallystick.ledger.record import Recorded
    from tallystick.operations.finish import Asked
    from tallystick.subscriptions.queries import SubscriptionView


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    quantity = add_act(acts, "quantity", "another quantity from a day on", _quantity)
    _add_subscription(quantity)
    quantity.add_argument("quantity", help="the whole new number, not the difference")
    price = add_act(acts, "price", "another unit price from a day on", _price)
    _add_subscription(price)
    price.add_argument("unit_price", help="per unit and billing cycle, like 16.40")
    price.add_argument("--unit-cost", help="what it costs you; left as it is when not given")
    price.add_argument("--currency", default="", help="of a subscription's first price, like EUR")
    price.add_argument(
        "--price-from",
        choices=[day.value for day in PriceDay],
        help="when it begins; the connection's setting when not given",
    )
    cancelling = add_act(acts, "cancel", "it ends, and is billed no more from a day on", _cancel)
    _add_subscription(cancelling)
    for one in (quantity, price, cancelling):
        one.add_argument("--effective-on", metavar="DAY", help="like 2026-05-31; today if left out")
        one.add_argument(
            "--preview", action="store_true", help="say what will happen, and store nothing"
        )


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _add_subscription(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subscription", help="its provider id, or its name")


def _quantity(arguments: argparse.Namespace) -> int:
    def record(view: SubscriptionView, asker: Asker, asked: Asked) -> Recorded:
        from tallystick.operations.change_quantity import change_quantity

        return change_quantity(
            subscription_id=view.id,
            quantity=arguments.quantity,
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asked,
        )

    return _carry_out(arguments, record)


def _price(arguments: argparse.Namespace) -> int:
    def record(view: SubscriptionView, asker: Asker, asked: Asked) -> Recorded:
        from tallystick.operations.update_price import update_price

        return update_price(
            subscription_id=view.id,
            unit_price=arguments.unit_price,
            unit_cost=arguments.unit_cost,
            currency=arguments.currency,
            price_from=PriceDay(arguments.price_from) if arguments.price_from else None,
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asked,
        )

    return _carry_out(arguments, record)


def _cancel(arguments: argparse.Namespace) -> int:
    def record(view: SubscriptionView, asker: Asker, asked: Asked) -> Recorded:
        from tallystick.operations.cancel import cancel

        return cancel(
            subscription_id=view.id,
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asked,
        )

    return _carry_out(arguments, record)


def _carry_out(
    arguments: argparse.Namespace, record: Callable[[SubscriptionView, Asker, Asked], Recorded]
) -> int:
    with house(arguments, command="operations") as asker:
        from tallystick.bootstrap.named import subscription_named
        from tallystick.bootstrap.preview import look_ahead
        from tallystick.kit.days import in_words
        from tallystick.ledger.queries import get_operation

        view = subscription_named(asker, arguments.subscription)
        if arguments.preview:
            ahead = look_ahead(
                lambda asked: record(view, asker, asked), view.id, asked=asker.asked()
            )
            _show_ahead(arguments, ahead)
            return 0
        done = record(view, asker, asker.asked())
        operation = get_operation(done.operation_id)
        assert operation is not None  # noqa: S101 - recorded a moment ago
        sent = "Autotask is updated in the background." if done.lane_ids else "Nothing is sent."
        said = (
            f"Recorded as operation {done.sequence}: {operation.in_words()}, from "
            f"{in_words(operation.effective_on)}. {sent}"
        )
        value = {
            "operation": done.sequence,
            "summary": operation.in_words(),
            "effective_on": operation.effective_on,
            "sent_to": len(done.lane_ids),
        }
        show(arguments, value, [said])
    return 0


def _show_ahead(arguments: argparse.Namespace, ahead: Ahead) -> None:
    from dataclasses import asdict

    from tallystick.bootstrap.preview_words import in_sentences, nothing_sent

    said, nothing = in_sentences(ahead), nothing_sent(ahead)
    lines = [f"{ahead.operation.in_words()}. Nothing was recorded."]
    lines += [nothing] if nothing else []
    for one in said:
        lines += ["", one.where, f"  {one.lead}", *(f"    {call}" for call in one.calls)]
        lines += [f"  Estimate: {one.estimate}"] if one.estimate else []
        lines += [f"  {words}" for words in (*one.warnings, *one.moves, *one.notes)]
    value = {
        "summary": ahead.operation.in_words(),
        "nothing_because": nothing,
        "connections": [asdict(one) for one in said],
    }
    show(arguments, value, lines)
