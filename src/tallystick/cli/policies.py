"""``tallystick policies``: how changes are billed, for one customer or one subscription."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tallystick.cli.house import add_act, house, show, table
from tallystick.connections.policies import INCLUDED_UNITS, OVERRIDABLE, POLICIES
from tallystick.kit.problem import InvalidInput

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.connections.queries import ConnectionView
    from tallystick.operations.bill_otherwise import Whose


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    showing = add_act(acts, "show", "every policy as it counts, and who says so", _show)
    setting = add_act(acts, "set", "tell policies otherwise for one", _set)
    clearing = add_act(acts, "clear", "set policies of one back", _clear)
    for one in (showing, setting, clearing):
        one.add_argument("connection", help="its name, or its number")
        whose = one.add_mutually_exclusive_group(required=True)
        whose.add_argument("--customer", help="its name, or its id")
        whose.add_argument("--subscription", help="its provider id, or its name")
    words = f"like increase_day=next_period; {INCLUDED_UNITS}=2 of a subscription"
    setting.add_argument("policy", nargs="+", metavar="POLICY=CHOICE", help=words)
    words = "from which day other included units count; else today, or the last change"
    setting.add_argument("--effective-on", metavar="DAY", default=None, help=words)
    words = "only this one, else all of them; may be repeated"
    clearing.add_argument("--policy", action="append", default=[], help=words)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _show(arguments: argparse.Namespace) -> int:
    with house(arguments, command="policies") as asker:
        here, whose = _whose(arguments, asker)
        _say(arguments, asker, here, whose, ())
    return 0


def _set(arguments: argparse.Namespace) -> int:
    changes: dict[str, str | None] = {}
    for text in arguments.policy:
        name, equals, choice = text.partition("=")
        if not equals:
            raise InvalidInput.one("policy", f"“{text[:60]}” is not written POLICY=CHOICE")
        changes[name.strip()] = choice.strip()
    return _change(arguments, changes, arguments.effective_on)


def _clear(arguments: argparse.Namespace) -> int:
    units = (INCLUDED_UNITS,) if arguments.subscription else ()
    return _change(arguments, dict.fromkeys(arguments.policy or [*OVERRIDABLE, *units]), None)


def _change(
    arguments: argparse.Namespace, changes: dict[str, str | None], effective_on: str | None
) -> int:
    with house(arguments, command="policies") as asker:
        from tallystick.connections.override import in_words
        from tallystick.operations.bill_otherwise import bill_otherwise

        here, whose = _whose(arguments, asker)
        done = bill_otherwise(
            here.id,
            changes,
            whose=whose,
            effective_on=effective_on,
            today=asker.today,
            asked=asker.asked(),
        )
        said = [f"Saved: {in_words(done.changed)}." if done.changed else "Nothing was changed."]
        if done.recorded:
            said.append("The line is brought to what is billed now.")
        _say(arguments, asker, here, whose, said)
    return 0


def _whose(arguments: argparse.Namespace, asker: Asker) -> tuple[ConnectionView, Whose]:
    """Raises InvalidInput with the candidates."""
    from tallystick.bootstrap.asker import connection_named
    from tallystick.bootstrap.named import ours_named, subscription_named
    from tallystick.mappings.kinds import Ours
    from tallystick.operations.bill_otherwise import Whose

    here = connection_named(asker, arguments.connection)
    if arguments.subscription:
        view = subscription_named(asker, arguments.subscription)
        return here, Whose(subscription_id=view.id)
    chosen = ours_named(asker, here, Ours.CUSTOMER, arguments.customer)
    return here, Whose(customer_id=chosen.id)


def _say(
    arguments: argparse.Namespace,
    asker: Asker,
    here: ConnectionView,
    whose: Whose,
    said: tuple[str, ...] | list[str],
) -> None:
    from tallystick.connections.override import subject_of
    from tallystick.connections.overrides import told

    subject = subject_of(
        asker.context, customer_id=whose.customer_id, subscription_id=whose.subscription_id
    )
    found = told(
        here, customer_id=subject.customer_id or 0, subscription_id=subject.subscription_id
    )
    lines: list[dict[str, object]] = [
        {
            "policy": one.name,
            "choice": one.value.value,
            "in words": one.value.label,
            "who says so": one.by.label,
            "choices": ", ".join(each.value for each in POLICIES[one.name]),
        }
        for one in found.policies
    ]
    if subject.subscription_id is not None:
        units: dict[str, object] = {
            "policy": INCLUDED_UNITS,
            "choice": str(found.included_units),
            "in words": "of the quantity, so many fewer are billed",
            "who says so": "for this subscription" if found.included_units else "nobody",
            "choices": "a number",
        }
        lines.append(units)
    show(arguments, lines, [*table(lines, empty=""), *said])
