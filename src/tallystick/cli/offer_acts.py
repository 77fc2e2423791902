"""``tallystick operations offer``, ``next-term``, ``take-back``: another offer, now or then."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from tallystick.cli.house import add_act, house
from tallystick.cli.recorded import add_preview, look_or_record
from tallystick.subscriptions.status import EndOfTerm

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.ledger.record import Recorded
    from tallystick.operations.finish import Asked
    from tallystick.subscriptions.queries import SubscriptionView

Record = Callable[["SubscriptionView", "Asker", "Asked"], "Recorded"]


def add_offer_acts(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    offer = add_act(acts, "offer", "another offer from a day on", _offer)
    _add_subscription(offer)
    offer.add_argument("offer", help="its name with term and billing cycle, as listed")
    _add_amounts(offer)
    offer.add_argument("--contract", help="the contract that is to bill it, when several fit")
    offer.add_argument("--line", choices=["use", "own"], default="own", help="of that contract")
    offer.add_argument("--effective-on", metavar="DAY", help="like 2026-05-31; today if left out")
    add_preview(offer)
    following = add_act(acts, "next-term", "what it becomes when its term ends", _next_term)
    _add_subscription(following)
    following.add_argument("--end-of-term", choices=[one.value for one in EndOfTerm])
    following.add_argument("--offer", help="another offer from then on")
    _add_amounts(following)
    add_preview(following)
    back = add_act(acts, "take-back", "nothing that is scheduled happens by itself", _take_back)
    _add_subscription(back)
    back.set_defaults(preview=False)


def _add_subscription(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subscription", help="its provider id, or its name")


def _add_amounts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quantity", help="the whole number; as it is when not given")
    parser.add_argument("--unit-price", help="per unit and billing cycle of the offer")
    parser.add_argument("--unit-cost", help="what it costs you")
    words = "a price or cost that moves by more than a factor 3 is meant"
    parser.add_argument("--accept-large-change", action="store_true", help=words)


def _offer(arguments: argparse.Namespace) -> int:
    def record(view: SubscriptionView, asker: Asker, asked: Asked) -> Recorded:
        from tallystick.bootstrap.named import chosen_line, offer_named
        from tallystick.operations.change_offer import NewOffer, change_offer
        from tallystick.operations.schedule import change_offer_from

        to = NewOffer.read(
            offer_named(asker, arguments.offer).id,
            quantity=arguments.quantity,
            unit_price=arguments.unit_price,
            unit_cost=arguments.unit_cost,
            accepted=arguments.accept_large_change,
        )
        verb = change_offer if arguments.preview else change_offer_from
        return verb(
            subscription_id=view.id,
            to=to,
            line=chosen_line(asker, view, to.offer_id, arguments.contract, arguments.line),
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asked,
        )

    return _carry_out(arguments, record)


def _next_term(arguments: argparse.Namespace) -> int:
    def record(view: SubscriptionView, asker: Asker, asked: Asked) -> Recorded:
        from tallystick.bootstrap.named import offer_named
        from tallystick.operations.renew import NewPrice
        from tallystick.operations.schedule import Plan, schedule
        from tallystick.operations.schedule_ahead import schedule_ahead
        from tallystick.subscriptions.rules import read_quantity

        given = arguments.quantity
        plan = Plan(
            then=EndOfTerm(arguments.end_of_term) if arguments.end_of_term else None,
            offer_id=offer_named(asker, arguments.offer).id if arguments.offer else None,
            quantity=None if given is None else read_quantity(given),
            price=NewPrice.read(
                arguments.unit_price,
                arguments.unit_cost,
                accepted=arguments.accept_large_change,
            ),
        )
        verb = schedule_ahead if arguments.preview else schedule
        return verb(subscription_id=view.id, plan=plan, today=asker.today, asked=asked)

    return _carry_out(arguments, record)


def _take_back(arguments: argparse.Namespace) -> int:
    def record(view: SubscriptionView, asker: Asker, asked: Asked) -> Recorded:
        from tallystick.operations.schedule import take_back_scheduled

        return take_back_scheduled(subscription_id=view.id, today=asker.today, asked=asked)

    return _carry_out(arguments, record)


def _carry_out(arguments: argparse.Namespace, record: Record) -> int:
    with house(arguments, command="operations") as asker:
        from tallystick.bootstrap.named import subscription_named

        view = subscription_named(asker, arguments.subscription)

        def do(asked: Asked) -> Recorded:
            return record(view, asker, asked)

        return look_or_record(arguments, asker, view, do, do)
