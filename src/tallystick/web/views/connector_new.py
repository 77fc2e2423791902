"""Connect Autotask: who signs in, in which currencies, in which zone of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.kit.secrets import Secret
from tallystick.mappings.jobs import request_refresh
from tallystick.web.forms import Field
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

_LABELS = {
    "name": "Name",
    "price_currency": "Price currency",
    "cost_currency": "Cost currency",
    "time_zone": "Time zone",
    "user_name": "API user name",
    "secret": "Secret",
    "code": "Integration code",
}
_NEVER_SHOWN = ("secret", "code")
_SHOWN = ("name", "price_currency", "cost_currency", "time_zone", "user_name")


@screen("GET", "POST")
def connector_new(visit: Visit) -> HttpResponse:
    """Nothing is asked of Autotask yet: the next page tests what was entered."""
    visit.context.require(Right.CONNECT)
    posted = visit.request.POST
    fresh = {"name": "Autotask", "time_zone": visit.zone.key}
    values = {name: posted.get(name, fresh.get(name, ""))[:300].strip() for name in _SHOWN}
    if visit.request.method != "POST":
        return _form(visit, values)
    new = NewConnection(
        name=values["name"],
        price_currency=values["price_currency"].upper(),
        cost_currency=values["cost_currency"].upper(),
        time_zone=values["time_zone"],
        credentials=Credentials(
            user_name=values["user_name"],
            secret=Secret(posted.get("secret", "").strip()),
            code=Secret(posted.get("code", "").strip()),
        ),
    )
    try:
        connection_id = create_connection(
            new,
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _form(visit, values, problem.errors)
    except Conflicting:
        taken = FieldError("name", "is taken: a connection of that name is there already")
        return _form(visit, values, [taken])
    request_refresh(
        connection_id,
        context=visit.context,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )
    messages.success(visit.request, f"{new.name} is stored. Test it before you map anything.")
    return redirect("connection-test", connection_id=connection_id)


def _form(
    visit: Visit, values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> HttpResponse:
    wrong = [error.field for error in errors]
    first = next((name for name in _LABELS if name in wrong), "name")
    fields = {
        name: Field(
            name=name,
            label=label,
            # What was typed as a secret is not sent back either.
            value=values.get(name, ""),
            errors=[error_sentence(label, one) for one in errors if one.field == name],
            focus=name == first,
        )
        for name, label in _LABELS.items()
    }
    return visit.render(
        "web/connectors/new.html",
        rail="connectors",
        status=400 if errors else 200,
        fields=fields,
        secrets=[fields[name] for name in _NEVER_SHOWN],
        wrong=bool(errors),
    )
