"""``tallystick audit list`` and ``export``: what happened, narrowed as on the page."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.cli.house import add_act, house, show, table
from tallystick.kit.days import parse_day
from tallystick.kit.paging import LARGEST_PAGE
from tallystick.kit.problem import InvalidInput

if TYPE_CHECKING:
    from tallystick.audit.filters import AuditFilter
    from tallystick.bootstrap.asker import Asker


def add_acts(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listing = add_act(acts, "list", "what happened, newest first", _list)
    listing.add_argument("--limit", type=int, default=50, help=f"at most {LARGEST_PAGE}")
    writing = add_act(
        acts, "export", "write audit logs to a new file, oldest first; itself an audit log", _export
    )
    writing.add_argument("file", type=Path, metavar="FILE", help="ends in .csv, .jsonl or .json")
    for one in (listing, writing):
        _add_filters(one)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    days = "a day like 2026-05-03, of the organisation's time zone"
    parser.add_argument("--from", dest="day_from", type=_day, metavar="DAY", help=days)
    parser.add_argument("--to", dest="day_to", type=_day, metavar="DAY", help="and up to this one")
    parser.add_argument("--operation", default="", help="like subscription.update")
    parser.add_argument("--status", default="", help="processing|succeeded|failed|not_applicable")
    parser.add_argument("--reseller", metavar="NAME")
    parser.add_argument("--customer", type=int, metavar="NUMBER")
    parser.add_argument("--subscription", type=int, metavar="NUMBER")
    parser.add_argument("--connection", help="its name, or its number")
    parser.add_argument("--actor", default="", metavar="WHO", help="any part of the name")
    parser.add_argument("--correlation-id", default="", metavar="ID", help="of one act")
    parser.add_argument("--text", default="", help="words in any of the names or the summary")


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="audit") as asker:
        from tallystick.audit.queries import list_audit
        from tallystick.identity.people import tenant_zone

        page = list_audit(
            tenant_id=asker.context.tenant_id,
            reseller_id=None,
            filter=_filter(arguments, asker),
            limit=arguments.limit,
            zone=tenant_zone(asker.context.tenant_id),
        )
        lines = [
            {
                "record": one.id,
                "time": f"{one.at:%Y-%m-%d %H:%M:%S}Z",
                "operation": one.event.label,
                "status": one.status.label,
                "who": one.actor,
                "customer": one.customer_name,
                "what": one.summary,
            }
            for one in page.items
        ]
        empty = "No audit log matches."
        show(arguments, [asdict(one) for one in page.items], table(lines, empty=empty))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    """Writes a new file: one that is there is not written over, and nothing is taken out."""
    kind = {".csv": "csv", ".json": "json", ".jsonl": "json"}.get(arguments.file.suffix)
    if kind is None:
        raise InvalidInput.one("file", "must end in .csv, .jsonl or .json")
    with house(arguments, command="audit") as asker:
        from tallystick.bootstrap.audit_export import export_audit_logs

        asked = _filter(arguments, asker)
        try:
            with arguments.file.open("xb") as file:
                file.writelines(export_audit_logs(asked, kind=kind, **asker.acting()))
        except OSError as error:
            raise InvalidInput.one("file", f"cannot be written: {error.strerror}") from None
        show(arguments, {"file": str(arguments.file)}, [f"Written to {arguments.file}"])
    return 0


def _filter(arguments: argparse.Namespace, asker: Asker) -> AuditFilter:
    """Raises InvalidInput."""
    from tallystick.audit.filters import AuditFilter
    from tallystick.bootstrap.asker import Candidate, connection_named, one_named
    from tallystick.identity.people import resellers_of

    connection = arguments.connection
    resellers = [Candidate(pk, (name, str(pk)), name) for pk, name in resellers_of(asker.context)]
    reseller = arguments.reseller
    return AuditFilter(
        day_from=arguments.day_from,
        day_to=arguments.day_to,
        event=arguments.operation,
        status=arguments.status,
        reseller_id=one_named(reseller, "reseller", resellers).id if reseller else None,
        customer_id=arguments.customer,
        subscription_id=arguments.subscription,
        connection_id=connection_named(asker, connection).id if connection else None,
        actor=arguments.actor,
        correlation_id=arguments.correlation_id,
        text=arguments.text,
    )


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
