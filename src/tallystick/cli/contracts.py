"""``tallystick contracts``: those that bill mapped subscriptions, and what follows them."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show, table
from tallystick.kit.days import in_words, parse_day

MOST_AT_ONCE = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    listing = add_act(acts, "list", "the one that ends first comes first", _list)
    listing.add_argument("connection", help="its name, or its number")
    listing.add_argument("--search", default="", help="any part of contract or company")
    listing.add_argument("--attention", action="store_true", help="only what needs a person")
    going = add_act(acts, "continue", "bill its subscriptions on another one from a day", _continue)
    _add_contract(going)
    going.add_argument("to", help="the other contract: its name, or its number")
    going.add_argument("--from-on", metavar="DAY", type=_day, required=True)
    going.add_argument("--subscription", action="append", help="only this one; may be repeated")
    going.add_argument("--dry-run", action="store_true", help="only look at the lines there")
    staying = add_act(acts, "stay", "take back, before its day, that one continues", _stay)
    staying.add_argument("connection", help="its name, or its number")
    staying.add_argument("subscription", help="its provider id, or its name")
    extending = add_act(acts, "extend", "give it a later last day in Autotask", _extend)
    _add_contract(extending)
    extending.add_argument("until", metavar="DAY", type=_day, help="never an earlier one")
    extending.add_argument("--yes", action="store_true", help="without asking")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _add_contract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("contract", help="its name, or its number")


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="contracts") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.kit.paging import LARGEST_PAGE, every
        from tallystick.mappings.contracts import list_contracts

        here = connection_named(asker, arguments.connection)
        rows = list(
            every(
                lambda cursor: list_contracts(
                    asker.context,
                    here.id,
                    today=asker.today,
                    attention=arguments.attention,
                    search=arguments.search,
                    cursor=cursor,
                    limit=LARGEST_PAGE,
                )
            )
        )
        lines = [
            {
                "contract": row.name,
                "number": row.contract_id,
                "company": row.company_name,
                "ends": row.contract.ends_on if row.contract else None,
                "subscriptions": row.subscriptions,
                "continuing": row.continuing,
                "then": row.successor.name if row.successor else "",
                "to know": row.watch,
            }
            for row in rows
        ]
        empty = "No contract bills a mapped subscription."
        show(arguments, [asdict(row) for row in rows], table(lines, empty=empty))
    return 0


def _continue(arguments: argparse.Namespace) -> int:
    """1 when one was left as it is."""
    with house(arguments, command="contracts") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.continuing import continue_many, preview_many
        from tallystick.bootstrap.named import contract_named, subscription_named
        from tallystick.mappings.contracts import billed_by

        here = connection_named(asker, arguments.connection)
        left = contract_named(here, arguments.contract)
        to = contract_named(here, arguments.to, field="to")
        ids = billed_by(asker.context, here.id, left.id, limit=MOST_AT_ONCE)
        if arguments.subscription:
            chosen = {subscription_named(asker, text).id for text in arguments.subscription}
            ids = [one for one in ids if one in chosen]
        if arguments.dry_run:
            previews = preview_many(
                ids, here.id, contract_id=to.id, from_on=arguments.from_on, asked=asker.asked()
            )
            lines = [
                {
                    "subscription": f"{one.view.customer.name}, {one.view.name}",
                    "units": one.ours.units,
                    "line there": one.line.problem
                    or (one.look.in_words() if one.look else "a line of its own"),
                }
                for one in previews
            ]
            show(arguments, lines, table(lines, empty="It bills nothing that could continue."))
            return 0
        done = continue_many(
            ids,
            here.id,
            contract_id=to.id,
            from_on=arguments.from_on,
            today=asker.today,
            asked=asker.asked(),
        )
        day = in_words(arguments.from_on)
        said = f"{done.planned} continue on {to.name} from {day}. Nothing is sent before."
        show(arguments, asdict(done), [*done.refused, said])
    return 1 if done.refused else 0


def _stay(arguments: argparse.Namespace) -> int:
    with house(arguments, command="contracts") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.named import subscription_named
        from tallystick.mappings.next_place import take_back

        here = connection_named(asker, arguments.connection)
        view = subscription_named(asker, arguments.subscription)
        take_back(view.id, here.id, **asker.acting())
        said = f"{view.customer.name}, {view.name} stays where it is billed."
        show(arguments, {"subscription": view.provider_id}, [said])
    return 0


def _extend(arguments: argparse.Namespace) -> int:
    with house(arguments, command="contracts") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.extend_contract import extend_contract
        from tallystick.bootstrap.named import contract_named

        here = connection_named(asker, arguments.connection)
        contract = contract_named(here, arguments.contract)
        day = in_words(arguments.until)
        words = f"{contract.name} gets {day} as its last day in Autotask, and is read back."
        if not confirmed(arguments, [words]):
            return NOT_CONFIRMED
        done = extend_contract(contract.id, here.id, until=arguments.until, asked=asker.asked())
        said = f"{contract.name} ends on {day} instead of {in_words(done.before)}: read back."
        show(
            arguments, {"contract": contract.id, "before": done.before, "after": done.after}, [said]
        )
    return 0
