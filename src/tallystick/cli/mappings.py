"""``tallystick mappings``: customers and offers; subscriptions have lines (``line_mappings``)."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show, table
from tallystick.cli.line_mappings import add_line_acts, list_lines

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.connections.queries import ConnectionView
    from tallystick.mappings.customer_rows import CustomerRow
    from tallystick.mappings.kinds import Ours
    from tallystick.mappings.offer_rows import OfferRow

SHOWS = ("not_mapped", "mapped", "excluded")
THEIRS = {"customers": "company", "offers": "service"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for plural in (*THEIRS, "subscriptions"):
        words = f"map {plural}, leave them out, list them"
        group = kinds.add_parser(plural, help=words, description=words.capitalize() + ".")
        acts = group.add_subparsers(dest="what", metavar="ACT", required=True)
        one = plural.removesuffix("s")
        listing = add_act(
            acts, "list", f"the {plural} and what they are", partial(_list, plural=plural)
        )
        listing.add_argument("connection", help="its name, or its number")
        listing.add_argument("--search", default="", help="any part of the name")
        if plural in THEIRS:
            listing.add_argument("--show", choices=SHOWS, default="", help="else all")
            accept = add_act(acts, "accept", "accept every clear suggestion", _accept)
            accept.add_argument("connection")
            mapping = add_act(acts, "map", f"map a {one} to a {THEIRS[plural]}", _map)
            _add_ours(mapping, one)
            mapping.add_argument(THEIRS[plural], help="its name in Autotask, exactly as there")
        else:
            add_line_acts(acts)
        excluding = add_act(acts, "exclude", f"leave a {one} out, with a reason", _exclude)
        _add_ours(excluding, one)
        excluding.add_argument("--reason", required=True)
        for act, what, does in (
            ("include", "take it back in", _include),
            ("unmap", "end its mapping; Autotask stays as it is", _unmap),
        ):
            parser_of = add_act(acts, act, what, does)
            _add_ours(parser_of, one)
            if act == "unmap" and plural == "subscriptions":
                parser_of.add_argument("--yes", action="store_true", help="without asking")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _add_ours(parser: argparse.ArgumentParser, one: str) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("ours", metavar=one, help="its name, or its id")


def _kind(arguments: argparse.Namespace) -> Ours:
    from tallystick.mappings.kinds import Ours

    return Ours(arguments.kind.removesuffix("s"))


def _list(arguments: argparse.Namespace, *, plural: str) -> int:
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named

        here = connection_named(asker, arguments.connection)
        if plural == "subscriptions":
            list_lines(arguments, asker, here)
        else:
            _list_names(arguments, asker, here)
    return 0


def _list_names(arguments: argparse.Namespace, asker: Asker, here: ConnectionView) -> None:
    from tallystick.kit.paging import LARGEST_PAGE, every
    from tallystick.mappings.customer_rows import list_customer_rows
    from tallystick.mappings.kinds import Ours
    from tallystick.mappings.offer_rows import list_offer_rows

    asked: dict[str, Any] = {
        "show": arguments.show,
        "search": arguments.search,
        "limit": LARGEST_PAGE,
    }
    rows: list[CustomerRow] | list[OfferRow]
    if _kind(arguments) is Ours.CUSTOMER:
        rows = list(
            every(lambda cursor: list_customer_rows(asker.context, here.id, cursor=cursor, **asked))
        )
    else:
        rows = list(
            every(lambda cursor: list_offer_rows(asker.context, here.id, cursor=cursor, **asked))
        )
    lines = [_line(row) for row in rows]
    show(arguments, [asdict(row) for row in rows], table(lines, empty="Nothing matches."))


def _line(row: CustomerRow | OfferRow) -> dict[str, object]:
    from tallystick.mappings.customer_rows import CustomerRow

    if isinstance(row, CustomerRow):
        name, now = row.customer.name, row.company_name
        likely = row.suggestion.company_name if row.suggestion else ""
    else:
        name, now = row.offer.label(), row.service_name
        likely = row.suggestion.service_name if row.suggestion else ""
    left_out = f"left out: {row.excluded_because}" if row.excluded_because else ""
    return {
        "name": name,
        "is": now or left_out,
        "likely": likely,
        "score": row.suggestion.score if row.suggestion else None,
        "licences": row.stake.licences,
    }


def _accept(arguments: argparse.Namespace) -> int:
    """1 when something was refused."""
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.mappings.accept import accept_clear, accept_clear_offers
        from tallystick.mappings.kinds import Ours

        here = connection_named(asker, arguments.connection)
        accept = accept_clear if _kind(arguments) is Ours.CUSTOMER else accept_clear_offers
        done = accept(here.id, by=asker.by())
        show(arguments, asdict(done), [*done.refused, f"{done.mapped} mapped."])
    return 1 if done.refused else 0


def _map(arguments: argparse.Namespace) -> int:
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.named import ours_named, theirs_named
        from tallystick.mappings.choose import choose_company, choose_service
        from tallystick.mappings.kinds import Ours

        kind = _kind(arguments)
        here = connection_named(asker, arguments.connection)
        ours = ours_named(asker, here, kind, arguments.ours)
        theirs = theirs_named(here, kind, getattr(arguments, THEIRS[arguments.kind]))
        choose = choose_company if kind is Ours.CUSTOMER else choose_service
        name = choose(ours.id, here.id, theirs.id, by=asker.by())
        out = {"ours": ours.label, "theirs": name}
        show(arguments, out, [f"{ours.label} is {name}."])
    return 0


def _exclude(arguments: argparse.Namespace) -> int:
    return _act(arguments, "exclude", "is left out")


def _include(arguments: argparse.Namespace) -> int:
    return _act(arguments, "include", "is to be mapped again")


def _unmap(arguments: argparse.Namespace) -> int:
    return _act(arguments, "unmap", "is not mapped any more. Nothing was changed in Autotask")


def _act(arguments: argparse.Namespace, what: str, said: str) -> int:
    with house(arguments, command="mappings") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.named import ours_named
        from tallystick.mappings.exclude import exclude, include_again
        from tallystick.mappings.kinds import Ours
        from tallystick.mappings.map_names import unmap_customer, unmap_offer
        from tallystick.mappings.map_subscription import unmap_subscription

        kind = _kind(arguments)
        here = connection_named(asker, arguments.connection)
        ours = ours_named(asker, here, kind, arguments.ours)
        if what == "exclude":
            exclude(kind, ours.id, here.id, reason=arguments.reason, **asker.acting())
        elif what == "include":
            include_again(kind, ours.id, here.id, **asker.acting())
        elif kind is Ours.SUBSCRIPTION:
            words = f"Autotask goes on billing the line of {ours.label} as it is."
            if not confirmed(arguments, [words]):
                return NOT_CONFIRMED
            unmap_subscription(ours.id, here.id, **asker.acting())
        else:
            unmap = unmap_customer if kind is Ours.CUSTOMER else unmap_offer
            unmap(ours.id, here.id, **asker.acting())
        show(arguments, {"ours": ours.label, "done": what}, [f"{ours.label} {said}."])
    return 0
