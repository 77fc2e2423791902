"""The third step of connecting: the checks, each ticked or with what to do, corrected in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.http import HttpResponse

from tallystick.bootstrap.checking import check_connection
from tallystick.connections.checks import Check
from tallystick.connections.edit import budget_shares, edit_connection
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.queries import age
from tallystick.identity.roles import Right
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.mappings.jobs import request_refresh
from tallystick.web.connection_form import (
    HINTS,
    NEVER_SHOWN,
    changes_of,
    errors_by_field,
    field_of,
    stored,
    typed,
)
from tallystick.web.views.connect import render_step
from tallystick.web.visit import Visit, screen

# Which fields mend what did not pass; a right is mended in Autotask.
MENDED_BY = {
    "zone": ("user_name",),
    "secret": ("user_name", "secret"),
    "code": ("code",),
    "stored": ("secret", "code"),
    "cost currency": ("cost_currency",),
    "price currency": ("price_currency",),
    "instance": ("price_currency",),
}
MENDABLE = ("user_name", "secret", "code", "price_currency", "cost_currency")
# What will be asked, before it is.
PLANNED = (
    "Autotask answers",
    "The user's zone",
    "Integration code",
    "User name and secret",
    "Each right of the guide",
    "Both currencies",
    "Calls left this hour",
    "Clocks agree",
    "One connection for this Autotask",
)


@screen("GET", "POST")
def connect_test(visit: Visit, connection_id: int) -> HttpResponse:
    """A POST stores what was corrected, if anything, and reads Autotask, about ten calls."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    if visit.request.method != "POST":
        return _page(visit, connection)
    posted = visit.request.POST
    names = [name for name in MENDABLE if name in posted]
    found = stored(connection, budget_shares(visit.context)[connection.id])
    shown = {name: found[name] for name in names if name not in NEVER_SHOWN}
    values = typed(posted, shown)
    secrets = {name: posted.get(name, "").strip() for name in NEVER_SHOWN}
    try:
        edit_connection(
            connection.id,
            changes_of(values, shown, secrets),
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _page(visit, connection, names=names, values=values, errors=problem.errors)
    checks = check_connection(
        connection.id, context=visit.context, now=visit.now, correlation_id=visit.correlation_id
    )
    _read_lists_if_it_works(visit, connection, checks)
    return _page(visit, get_connection(visit.context, connection.id), checks=checks)


def _read_lists_if_it_works(
    visit: Visit, connection: ConnectionView, checks: Sequence[Check]
) -> None:
    """So that they are there when customers are to be mapped."""
    known = age(connection.id)
    if all(check.ok for check in checks) and (known.read_at is None or known.problem):
        request_refresh(
            connection.id,
            context=visit.context,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )


def _page(
    visit: Visit,
    connection: ConnectionView,
    *,
    checks: Sequence[Check] = (),
    names: Sequence[str] = (),
    values: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    wrong = [check for check in checks if not check.ok]
    mending = {name for check in wrong for name in MENDED_BY.get(check.name, ())} | set(names)
    shown = values or stored(connection, budget_shares(visit.context)[connection.id])
    said = errors_by_field(errors)
    ordered = [name for name in MENDABLE if name in mending]
    return render_step(
        visit,
        "test",
        connection,
        status=400 if errors else 200,
        checks=checks,
        wrong=wrong,
        right=[check for check in checks if check.ok],
        planned=PLANNED,
        mending=[
            (field_of(name, shown.get(name, ""), said, focus=ordered[0]), HINTS[name])
            for name in ordered
        ],
        refused=bool(errors),
    )
