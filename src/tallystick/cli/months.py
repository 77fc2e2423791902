"""``tallystick months``: close a month, what was found then, and what the vendor billed."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date
from pathlib import Path

from tallystick.cli.house import add_act, house, show, table
from tallystick.kit.problem import InvalidInput

DIFFERS = 1
LINES_SHOWN = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    add_act(acts, "list", "the proofs that are kept, newest first", _list)
    close = add_act(acts, "close", "read every line of a month anew and keep what is found", _close)
    close.add_argument("connection", help="its name, or its number")
    close.add_argument("month", help="like 2026-05")
    words = "what a vendor billed for a month beside ours and Autotask's, largest difference first"
    invoice = add_act(acts, "invoice", words, _invoice)
    invoice.add_argument("month", help="like 2026-05")
    invoice.add_argument("--csv", type=Path, metavar="FILE", help="write all of it to a new file")
    export = add_act(acts, "export", "write a proof to a new .csv or .json file", _export)
    export.add_argument("proof", type=int, help="its number, as list says it")
    export.add_argument("file", type=Path, metavar="FILE")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="months") as asker:
        from tallystick.books.month_queries import list_proofs

        proofs = list_proofs(asker.context).items
        lines = [
            {
                "proof": one.id,
                "month": f"{one.month:%Y-%m}",
                "number": one.number,
                "connection": one.connection_name,
                "found": one.outcome.label,
                "different": one.different,
                "not billed": one.not_billed,
                "difference": f"{one.difference} {one.currency}",
            }
            for one in proofs
        ]
        value = [asdict(one) for one in proofs]
        show(arguments, value, table(lines, empty="No month was closed yet."))
    return 0


def _close(arguments: argparse.Namespace) -> int:
    """1 when something differs, or there was nothing to compare."""
    with house(arguments, command="months") as asker:
        from tallystick.books.compare_month import MonthOutcome
        from tallystick.books.month_queries import get_proof
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.months import close

        here = connection_named(asker, arguments.connection)
        month = _month(arguments.month)
        proof = get_proof(asker.context, close(here.id, month, **asker.acting()))
        lines = [
            f"Proof {proof.id}: {proof.month:%Y-%m}, number {proof.number}: {proof.outcome.label}",
            f"  {proof.equal} equal, {proof.different} different, {proof.not_billed} not billed, "
            f"{proof.nothing} with nothing to compare",
            f"  ordered {proof.ordered_amount}, shown {proof.shown_amount} {proof.currency}",
        ]
        if proof.changed is not None:
            lines.append(f"  {proof.changed} changed since the proof before")
        show(arguments, asdict(proof) | {"outcome": proof.outcome}, lines)
    return 0 if proof.outcome is MonthOutcome.EQUAL else DIFFERS


def _invoice(arguments: argparse.Namespace) -> int:
    """1 when something differs, has no history, or there was nothing to compare."""
    with house(arguments, command="months") as asker:
        from tallystick.books.invoice_proof import invoice_proof
        from tallystick.books.invoice_words import Found
        from tallystick.bootstrap.invoices import invoice_csv

        month = _month(arguments.month)
        proof = invoice_proof(asker.context, month)
        lines = [f"{month:%Y-%m}: {proof.found.label}"]
        lines += [
            f"  billed {one.billed}, compared {one.compared}, ours {one.ours}, "
            f"difference {one.difference} {one.currency}"
            for one in proof.sums
        ]
        differ = [one for one in proof.rows if one.compared.found is not Found.EQUAL]
        cells = [
            {
                "customer": one.customer_name,
                "subscription": one.name,
                "found": one.compared.found.label,
                "difference": f"{one.compared.difference} {one.compared.currency}",
                "probably": one.compared.cause.label if one.compared.cause else "",
                "why": one.compared.why,
            }
            for one in differ[:LINES_SHOWN]
        ]
        lines += table(cells, empty="Nothing differs." if proof.rows else "Nothing to compare.")
        if len(differ) > LINES_SHOWN:
            lines.append(f"and {len(differ) - LINES_SHOWN} more (--csv FILE has all)")
        if arguments.csv:
            with arguments.csv.open("xb") as file:
                file.writelines(invoice_csv(asker.context, month))
            lines.append(f"Written to {arguments.csv}")
        show(arguments, asdict(proof) | {"outcome": proof.found}, lines)
    return 0 if proof.found is Found.EQUAL else DIFFERS


def _month(text: str) -> date:
    """Raises InvalidInput."""
    from tallystick.kit.days import parse_month

    try:
        return parse_month(text)
    except ValueError as wrong:
        raise InvalidInput.one("month", str(wrong)) from None


def _export(arguments: argparse.Namespace) -> int:
    with house(arguments, command="months") as asker:
        from tallystick.bootstrap.months import as_csv, as_json

        made = {".csv": as_csv, ".json": as_json}.get(arguments.file.suffix)
        if made is None:
            raise InvalidInput.one("file", "must end in .csv or .json")
        content = made(asker.context, arguments.proof)
        with arguments.file.open("xb") as file:
            file.writelines(content)
        show(arguments, {"file": str(arguments.file)}, [f"Written to {arguments.file}"])
    return 0
