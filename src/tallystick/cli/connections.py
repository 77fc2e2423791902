"""``tallystick connections``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show, table

if TYPE_CHECKING:
    from tallystick.connections.queries import ConnectionView
    from tallystick.kit.secrets import Secret

POLICIES = (
    *("same_day", "same_day_policy", "back_dated", "cancel_rule"),
    *("increase_day", "decrease_day", "posted_quantity", "price_day"),
    *("suspend_nce", "suspend_other", "azure_amounts", "mode", "invoice_name"),
)
GIVEN = {"secret": "TALLYSTICK_AUTOTASK_SECRET", "code": "TALLYSTICK_AUTOTASK_CODE"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    add_act(acts, "list", "the connections and how they stand", _list)
    create = add_act(acts, "create", "connect an Autotask instance", _create)
    create.add_argument("name", help="how it is called on every page")
    create.add_argument("--user-name", required=True, help="of the API user")
    create.add_argument("--price-currency", required=True, help="the customers', like EUR")
    create.add_argument("--cost-currency", required=True, help="Autotask's internal one")
    create.add_argument("--time-zone", default="UTC", help="like Europe/Berlin")
    create.add_argument("--web-url", default="", help="of Autotask's pages, for links")
    create.add_argument("--quiet-seconds", type=int, default=60)
    _add_secrets(create)
    edit = add_act(acts, "edit", "change a connection; what is not given stays", _edit)
    edit.add_argument("--name", help="its new name")
    edit.add_argument("--budget-share", type=Decimal, help="of the hour's calls, 0.05 to 0.9")
    edit.add_argument("--quiet-seconds", type=int)
    edit.add_argument("--charge-code", type=int, help="what charges are booked under, its id")
    for policy in POLICIES:
        edit.add_argument(f"--{policy.replace('_', '-')}")
    edit.add_argument("--user-name", help="of another API user")
    _add_secrets(edit)
    pause = add_act(acts, "pause", "send nothing until somebody resumes it", _pause)
    pause.add_argument("--reason", required=True)
    delete = add_act(acts, "delete", "delete a connection; its history stays", _delete)
    delete.add_argument("--yes", action="store_true", help="without asking")
    others = [
        add_act(acts, "resume", "go on where it stopped", _resume),
        add_act(acts, "test", "test it, check by check; the same as doctor", _test),
        add_act(acts, "refresh", "read Autotask's lists anew, by a worker", _refresh),
    ]
    for one in (edit, pause, delete, *others):
        one.add_argument("connection", help="its name, or its number")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _add_secrets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--secrets-stdin",
        action="store_true",
        help="read the secret and the integration code from standard input, a line each; else "
        f"from {GIVEN['secret']} and {GIVEN['code']}",
    )


def _secrets(arguments: argparse.Namespace) -> Mapping[str, Secret]:
    """Those that are given: never as arguments, which everybody on the machine could read."""
    from tallystick.kit.secrets import Secret

    if arguments.secrets_stdin:
        lines = [sys.stdin.readline().rstrip("\n") for _ in GIVEN]
        return {name: Secret(line) for name, line in zip(GIVEN, lines, strict=True) if line}
    return {
        name: Secret(os.environ[variable])
        for name, variable in GIVEN.items()
        if os.environ.get(variable)
    }


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="connections") as asker:
        from tallystick.connections.queries import list_connections

        views = list_connections(asker.context)
        rows = [
            {
                "number": one.id,
                "name": one.name,
                "currencies": f"{one.price_currency}/{one.cost_currency}",
                "state": one.paused_because if one.is_paused(asker.now) else "working",
            }
            for one in views
        ]
        show(arguments, [asdict(one) for one in views], table(rows, empty="No connection yet."))
    return 0


def _create(arguments: argparse.Namespace) -> int:
    with house(arguments, command="connections") as asker:
        from django.conf import settings

        from tallystick.connections.create import Credentials, NewConnection, create_connection
        from tallystick.connections.instance import check_instance
        from tallystick.connections.queries import get_connection
        from tallystick.kit.secrets import Secret
        from tallystick.mappings.jobs import request_refresh

        given = {name: Secret("") for name in GIVEN} | dict(_secrets(arguments))
        new = NewConnection(
            name=arguments.name.strip(),
            price_currency=arguments.price_currency,
            cost_currency=arguments.cost_currency,
            credentials=Credentials(arguments.user_name, given["secret"], given["code"]),
            time_zone=arguments.time_zone,
            web_url=arguments.web_url,
            quiet_seconds=arguments.quiet_seconds,
        )
        made = create_connection(new, keys=settings.SEALING_KEYS, **asker.acting())
        request_refresh(made, **asker.acting())
        seen = check_instance(get_connection(asker.context, made))
        warning = "" if seen.ok else f"{seen.words} {seen.todo}"
        said = [f"Connected. Test it: tallystick doctor {new.name!r}"]
        show(arguments, {"id": made, "warning": warning}, [*said, *([warning] if warning else [])])
    return 0


def _edit(arguments: argparse.Namespace) -> int:
    with house(arguments, command="connections") as asker:
        from django.conf import settings

        from tallystick.bootstrap.asker import connection_named
        from tallystick.connections.edit import Changes, edit_connection, in_words

        connection = connection_named(asker, arguments.connection)
        given = _secrets(arguments)
        changes = Changes(
            name=arguments.name,
            budget_share=arguments.budget_share,
            quiet_seconds=arguments.quiet_seconds,
            charge_code=arguments.charge_code,
            user_name=arguments.user_name,
            secret=given.get("secret"),
            code=given.get("code"),
            **{policy: getattr(arguments, policy) for policy in POLICIES},
        )
        names = edit_connection(
            connection.id, changes, keys=settings.SEALING_KEYS, **asker.acting()
        )
        said = f"Changed: {in_words(names)}." if names else "Nothing is another than before."
        show(arguments, {"changed": list(names)}, [said])
    return 0


def _pause(arguments: argparse.Namespace) -> int:
    return _act(arguments, "pause")


def _resume(arguments: argparse.Namespace) -> int:
    return _act(arguments, "resume")


def _refresh(arguments: argparse.Namespace) -> int:
    return _act(arguments, "refresh")


def _act(arguments: argparse.Namespace, what: str) -> int:
    with house(arguments, command="connections") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.connections.pause import pause, resume
        from tallystick.connections.queries import get_connection
        from tallystick.mappings.jobs import request_refresh

        here = connection_named(asker, arguments.connection)
        noted: dict[str, Any] = {
            "actor": asker.context.actor,
            "now": asker.now,
            "correlation_id": asker.correlation_id,
        }
        if what == "pause":
            pause(here.id, because=arguments.reason, resume_at=None, **noted)
            said = "Paused: nothing is sent until somebody resumes it. Nothing is lost."
        elif what == "resume":
            resume(here.id, **noted)
            said = "Resumed: work goes on where it stopped."
        else:
            new = request_refresh(here.id, **asker.acting())
            said = "A worker reads the lists anew." if new else "They are being read already."
        show(arguments, _out(get_connection(asker.context, here.id)), [said])
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    with house(arguments, command="connections") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.kit.problem import Conflicting
        from tallystick.mappings.delete_connection import consequences, delete_connection

        here = connection_named(asker, arguments.connection)
        ends = consequences(asker.context, here.id)
        if ends.refused:
            raise Conflicting(ends.refused)
        words = (
            f"Deleting {here.name} ends the mapping of {ends.customers} customers and "
            f"{ends.offers} offers and forgets its credentials. Its history stays."
        )
        if not confirmed(arguments, [words]):
            return NOT_CONFIRMED
        delete_connection(here.id, **asker.acting())
        show(arguments, {"deleted": here.id}, [f"{here.name} is deleted."])
    return 0


def _test(arguments: argparse.Namespace) -> int:
    from tallystick.cli.doctor import run as doctor

    return doctor(arguments)


def _out(view: ConnectionView) -> dict[str, object]:
    return asdict(view)
