"""``tallystick operations``: do something to a subscription, or only see what that would do."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from tallystick.cli.house import add_act, house
from tallystick.cli.offer_acts import add_offer_acts
from tallystick.cli.past import add_past
from tallystick.cli.recorded import add_preview, look_or_record
from tallystick.cli.several import several
from tallystick.connections.policies import PriceDay
from tallystick.operations.acts import Act
from tallystick.subscriptions.azure_amounts import AmountKind
from tallystick.subscriptions.rules import ACCEPT
from tallystick.subscriptions.status import EndOfTerm

if TYPE_CHECKING:
    from tallystick.ledger.record import Recorded
    from tallystick.operations.finish import Asked

_WORDS = {
    Act.QUANTITY: "another quantity from a day on",
    Act.PRICE: "another unit price from a day on",
    Act.SUSPEND: "the service stops; what is billed meanwhile is a policy",
    Act.REACTIVATE: "a suspended one goes on, and is billed as it is held",
    Act.RENEW: "the next term, with its price, quantity and last day",
    Act.END_PROMOTION: "it is sold without the promotion from a day on",
    Act.CONVERT_TRIAL: "a trial is paid for from a day on",
    Act.END_OF_TERM: "what happens when the term ends",
    Act.RENAME: "another friendly name",
    Act.PURCHASE_ORDER: "the customer's own number for it",
    Act.DELETED: "the vendor has deleted it: billed no more from a day on",
    Act.CANCEL: "it ends, and is billed no more from a day on",
}
_DAY: dict[str, Any] = {"metavar": "DAY"}
_FIELDS: dict[str, dict[str, Any]] = {
    "quantity": {"help": "the whole new number, not the difference"},
    "unit_price": {"help": "per unit and billing cycle, like 16.40"},
    "unit_cost": {"help": "what it costs you; left as it is when not given"},
    "currency": {"help": "of a subscription's first price, like EUR"},
    "price_from": {
        "choices": [day.value for day in PriceDay],
        "help": "when it begins; the connection's setting when not given",
    },
    "effective_on": {**_DAY, "help": "like 2026-05-31; today if left out"},
    "ends_on": {**_DAY, "help": "the new term's last day; as long as this term if left out"},
    "end_of_term": {"choices": [one.value for one in EndOfTerm], "help": "what then"},
    "friendly_name": {"help": "empty: it is called as its offer"},
    "purchase_order": {"help": "empty: none"},
    "months": {"help": "held months of an Azure plan to be billed, like 2026-04,2026-05"},
}
# What a note is about is written like what a change needs: without an option's name.
_POSITIONAL = {Act.RENAME: {"friendly_name"}, Act.PURCHASE_ORDER: {"purchase_order"}}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    for act in Act:
        one = add_act(acts, act.word, _WORDS[act], partial(_carry_out, act=act))
        one.add_argument("subscription", help="its provider id, or its name")
        positional = _POSITIONAL.get(act, act.needs)
        for name in sorted(act.fields, key=lambda name: name not in positional):
            _add_field(one, name, positional=name in positional)
        one.add_argument(
            "--also",
            metavar="SUBSCRIPTION",
            action="append",
            default=[],
            help="the same of this one too, all of them or none; may be repeated",
        )
        if act is Act.PRICE:
            words = "with a one-off charge, of each its own, for the days until the price is billed"
            one.add_argument("--gap-charge", action="store_true", help=words)
        add_preview(one)
    amounts = add_act(acts, "azure-amounts", "what an Azure plan came to in a month", _amounts)
    amounts.add_argument("subscription", help="its provider id, or its name")
    amounts.add_argument("month", help="like 2026-05")
    amounts.add_argument("price", help="what the customer pays, like 120.00")
    amounts.add_argument("cost", help="what it costs you")
    amounts.add_argument("--currency", required=True, help="of both, like EUR")
    amounts.add_argument("--cost-currency", default="", help="of the cost, when it is another")
    amounts.add_argument("--kind", choices=[one.value for one in AmountKind], default="usage")
    add_preview(amounts)
    add_offer_acts(acts)
    add_past(acts)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _add_field(parser: argparse.ArgumentParser, name: str, *, positional: bool) -> None:
    option = f"--{name.replace('_', '-')}"
    if name == ACCEPT:
        words = "a price or cost that moves by more than a factor 3 is meant"
        parser.add_argument(option, action="store_const", const="yes", default="", help=words)
    elif positional:
        parser.add_argument(name, **_FIELDS[name])
    else:
        parser.add_argument(option, default="", **_FIELDS[name])


def _carry_out(arguments: argparse.Namespace, *, act: Act) -> int:
    with house(arguments, command="operations") as asker:
        from tallystick.bootstrap.gap_charge import record_with_gap
        from tallystick.bootstrap.named import subscription_named
        from tallystick.operations.perform import perform

        values = {name: getattr(arguments, name) for name in act.fields}
        gap = getattr(arguments, "gap_charge", False)
        if arguments.also:
            return several(arguments, asker, act, values, gaps=gap)
        view = subscription_named(asker, arguments.subscription)

        def record(asked: Asked) -> Recorded:
            return perform(act, view.id, values, today=asker.today, asked=asked)

        def with_gap(asked: Asked) -> Recorded:
            return record_with_gap(record, view.id, asked=asked).recorded

        return look_or_record(arguments, asker, view, record, with_gap if gap else record)


def _amounts(arguments: argparse.Namespace) -> int:
    with house(arguments, command="operations") as asker:
        from tallystick.bootstrap.named import subscription_named
        from tallystick.operations.state_amounts import Stated, state_amounts

        view = subscription_named(asker, arguments.subscription)
        stated = Stated(
            arguments.month,
            arguments.price,
            arguments.cost,
            arguments.currency,
            arguments.cost_currency,
            AmountKind(arguments.kind),
        )

        def record(asked: Asked) -> Recorded:
            return state_amounts(
                subscription_id=view.id, stated=stated, today=asker.today, asked=asked
            )

        return look_or_record(arguments, asker, view, record, record)
