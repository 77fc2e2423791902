"""Connect Autotask, step by step: each step is an address, can be left and come back to.

Nothing is asked of Autotask with the credentials before the third step, and nothing is changed
there by any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.audit.events import Status
from tallystick.audit.queries import last_test
from tallystick.bootstrap.checking import find_zone
from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.connections.edit import budget_shares, edit_connection, in_words, is_fixed
from tallystick.connections.policies import POLICIES
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.queries import age, sizes
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.kit.secrets import Secret
from tallystick.mappings.customer_rows import not_mapped_customers
from tallystick.web.connection_form import (
    HINTS,
    NEVER_SHOWN,
    NUMBERS,
    SHOWN,
    changes_of,
    errors_by_field,
    field_of,
    opened,
    policy_of,
    stored,
    typed,
)
from tallystick.web.side_rows import at_stake
from tallystick.web.steps import steps
from tallystick.web.visit import Visit, screen

IDENTITY = ("name", "user_name", "secret", "code", "price_currency", "cost_currency", "time_zone")
SHOWN_HERE = tuple(name for name in IDENTITY if name not in NEVER_SHOWN)
LONGEST_USER = 200


@screen("GET")
def begin(visit: Visit) -> HttpResponse:
    """1: what is needed, in the order it is made in Autotask."""
    visit.context.require(Right.CONNECT)
    return render_step(visit, "begin", None)


@screen("GET", "POST")
def new(visit: Visit) -> HttpResponse:
    """2: who signs in, in which currencies, in which zone of the day. Stored, not tried yet."""
    visit.context.require(Right.CONNECT)
    posted = visit.request.POST
    fresh = dict.fromkeys(SHOWN_HERE, "") | {"name": "Autotask", "time_zone": visit.zone.key}
    values = typed(posted, fresh)
    if visit.request.method != "POST":
        return _credentials(visit, None, values)
    try:
        connection_id = create_connection(
            NewConnection(
                name=values["name"],
                price_currency=values["price_currency"].upper(),
                cost_currency=values["cost_currency"].upper(),
                time_zone=values["time_zone"],
                credentials=Credentials(
                    user_name=values["user_name"],
                    secret=Secret(posted.get("secret", "").strip()),
                    code=Secret(posted.get("code", "").strip()),
                ),
            ),
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _credentials(visit, None, values, problem.errors)
    except Conflicting:
        taken = FieldError("name", "is taken: a connection of that name is there already")
        return _credentials(visit, None, values, [taken])
    messages.success(visit.request, f"{values['name']} is stored. Test it before you map anything.")
    return redirect("connect-test", connection_id=connection_id)


@screen("GET", "POST")
def credentials(visit: Visit, connection_id: int) -> HttpResponse:
    """2 again: what is stored is corrected; an empty secret or code keeps what is stored."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    found = stored(connection, budget_shares(visit.context)[connection.id])
    shown = {name: found[name] for name in SHOWN_HERE}
    if visit.request.method != "POST":
        return _credentials(visit, connection, shown)
    posted = visit.request.POST
    values = typed(posted, shown)
    secrets = {name: posted.get(name, "").strip() for name in NEVER_SHOWN}
    try:
        changed = edit_connection(
            connection.id,
            changes_of(values, shown, secrets),
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _credentials(visit, connection, values, problem.errors)
    if changed:
        messages.success(visit.request, f"Saved: {in_words(changed)}. Test it with that.")
    return redirect("connect-test", connection_id=connection.id)


@screen("POST")
def zone(visit: Visit) -> HttpResponse:
    """A part of step 2: where the API user's Autotask is. Only the name is sent there."""
    visit.context.require(Right.CONNECT)
    name = visit.request.POST.get("user_name", "").strip()[:LONGEST_USER]
    found = find_zone(name, context=visit.context) if name else None
    return visit.render("web/connect/_zone.html", found=found)


@screen("GET", "POST")
def defaults(visit: Visit, connection_id: int) -> HttpResponse:
    """4: the policies, each with what follows from it."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    found = stored(connection, budget_shares(visit.context)[connection.id])
    names = (*POLICIES, *NUMBERS, *(() if is_fixed(connection.id) else ("time_zone",)))
    shown = {name: found[name] for name in names}
    if visit.request.method != "POST":
        return _defaults(visit, connection, shown, shown)
    posted = visit.request.POST
    values, before = typed(posted, shown), opened(posted, shown)
    try:
        changed = edit_connection(
            connection.id,
            changes_of(values, before, {}),
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _defaults(visit, connection, values, before, problem.errors)
    if changed:
        messages.success(visit.request, f"Saved: {in_words(changed)}.")
    return redirect("connect-done", connection_id=connection.id)


@screen("GET")
def done(visit: Visit, connection_id: int) -> HttpResponse:
    """5: what Autotask has, and what comes next."""
    connection = get_connection(visit.context, connection_id)
    customers = not_mapped_customers(visit.context, connection.id)
    values: dict[str, Any] = {
        "age": age(connection.id),
        "sizes": [(kind.label, number) for kind, number in sizes(connection.id).items()],
        "customers": customers,
        "at_stake": at_stake(customers.stake),
    }
    if visit.wants_part:
        return visit.render("web/connect/_lists.html", connection=connection, **values)
    return render_step(visit, "done", connection, **values)


def render_step(
    visit: Visit, at: str, connection: ConnectionView | None, *, status: int = 200, **values: Any
) -> HttpResponse:
    """A step's page, with the way there."""
    tested = None
    if connection is not None:
        tested = last_test(tenant_id=connection.tenant_id, connection_id=connection.id)
    passed = tested is not None and tested.status is Status.SUCCEEDED
    return visit.render(
        f"web/connect/{at}.html",
        rail="connectors",
        status=status,
        connection=connection,
        steps=steps(at, exists=connection is not None, tested=passed),
        last_test=tested,
        passed=passed,
        **values,
    )


def _credentials(
    visit: Visit,
    connection: ConnectionView | None,
    values: Mapping[str, str],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    said = errors_by_field(errors)
    fields = {name: field_of(name, values.get(name, ""), said, focus="name") for name in IDENTITY}
    return render_step(
        visit,
        "credentials",
        connection,
        status=400 if errors else 200,
        fields=fields,
        hints=HINTS,
        fixed=connection is not None and is_fixed(connection.id),
        wrong=bool(errors),
    )


def _defaults(
    visit: Visit,
    connection: ConnectionView,
    values: Mapping[str, str],
    before: Mapping[str, str],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    said = errors_by_field(errors)
    return render_step(
        visit,
        "defaults",
        connection,
        status=400 if errors else 200,
        policies=[policy_of(name, values[name], said) for name in POLICIES],
        fields={
            name: field_of(name, value, said)
            for name, value in values.items()
            if name not in POLICIES
        },
        hints=HINTS,
        opened=[(SHOWN + name, value) for name, value in before.items()],
        wrong=bool(errors),
    )
