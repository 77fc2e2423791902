"""``tallystick resellers``: who sells for the CSP, and a customer's move from one to another."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    add_act(acts, "list", "by name", _list)
    add_act(acts, "add", "make one", _add).add_argument("name")
    naming = add_act(acts, "rename", "give it another name", _rename)
    naming.add_argument("reseller", help="its name")
    naming.add_argument("name", help="the new one")
    moving = add_act(acts, "move", "a customer with all it holds becomes another one's", _move)
    moving.add_argument("customer", help="its id, or its name")
    moving.add_argument("to", help="the reseller's name; csp: the CSP sells to it itself")
    moving.add_argument("--effective-on", metavar="DAY", help="like 2026-05-31; today if left out")
    moving.add_argument("--preview", action="store_true", help="say what happens, store nothing")
    moving.add_argument("--yes", action="store_true", help="without asking")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="resellers") as asker:
        from tallystick.identity.resellers import list_resellers

        rows = [asdict(one) for one in list_resellers(asker.context)]
        lines = [{"reseller": row["name"], "number": row["id"]} for row in rows]
        show(arguments, rows, table(lines, empty="There is no reseller yet."))
    return 0


def _add(arguments: argparse.Namespace) -> int:
    with house(arguments, command="resellers") as asker:
        from tallystick.identity.resellers import make_reseller

        made = make_reseller(arguments.name, **asker.acting())
        show(arguments, asdict(made), [f"{made.name} is a reseller now."])
    return 0


def _rename(arguments: argparse.Namespace) -> int:
    with house(arguments, command="resellers") as asker:
        from tallystick.bootstrap.named import reseller_named
        from tallystick.identity.resellers import rename_reseller

        before = reseller_named(asker, arguments.reseller)
        named = rename_reseller(before.id, arguments.name, **asker.acting())
        show(arguments, asdict(named), [f"{before.name} is {named.name} now."])
    return 0


def _move(arguments: argparse.Namespace) -> int:
    with house(arguments, command="resellers") as asker:
        from tallystick.bootstrap.moving import look_at_move
        from tallystick.bootstrap.named import customer_named, reseller_named
        from tallystick.kit.days import in_words
        from tallystick.operations.move_to_reseller import move_to_reseller

        customer = customer_named(asker, arguments.customer)
        own = arguments.to.casefold() == "csp"
        to = None if own else reseller_named(asker, arguments.to).id
        ahead = look_at_move(
            customer.id,
            to,
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asker.asked(),
        )
        said = [f"{ahead.customer} moves from {ahead.left} to {ahead.to} on {in_words(ahead.on)}."]
        said += [f"  {one.name}: {one.words}" for one in ahead.lines]
        if arguments.preview:
            show(arguments, asdict(ahead), [*said, "Nothing was recorded."])
            return 0
        if not confirmed(arguments, said):
            return NOT_CONFIRMED
        moved = move_to_reseller(
            customer_id=customer.id,
            reseller_id=to,
            effective_on=arguments.effective_on,
            today=asker.today,
            asked=asker.asked(),
        )
        value = {"customer": moved.customer, "to": moved.to, "subscriptions": len(moved.recorded)}
        done = f"{moved.customer} belongs to {moved.to}. Its lines go to 0 in the background."
        show(arguments, value, [done])
    return 0
