"""Connect a source: one short form a kind; what is shown once is on the page that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.kit.secrets import Secret
from tallystick.sources.add_source import Added, add_events_source
from tallystick.sources.kinds import CAPABILITIES, SourceKind
from tallystick.sources.partner_center.client import Application
from tallystick.sources.partner_center.connect import connect_partner_center
from tallystick.sources.pax8.client import Credentials
from tallystick.sources.pax8.connect import connect_pax8
from tallystick.sources.source_queries import get_source
from tallystick.web.forms import Field
from tallystick.web.views.sources import abilities
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

LABELS = {
    "name": "Name",
    "uri": "What its events call it",
    "tenant": "Tenant",
    "client_id": "Application id",
    "client_secret": "Secret",
}
FIELDS = {
    SourceKind.EVENTS: ("name", "uri"),
    SourceKind.PARTNER_CENTER: ("name", "tenant", "client_id", "client_secret"),
    SourceKind.PAX8: ("name", "client_id", "client_secret"),
}
NEVER_SHOWN = "client_secret"


@screen("GET", "POST")
def source_new(visit: Visit, kind: str) -> HttpResponse:
    """Connect one of the kinds; what is shown once is shown on the page that answers."""
    visit.context.require(Right.CONNECT)
    wanted = _kind(kind)
    values = {name: visit.request.POST.get(name, "") for name in FIELDS[wanted]}
    if visit.request.method != "POST":
        return _form(visit, wanted, values)
    try:
        added = _ADD[wanted](visit, values)
    except InvalidInput as problem:
        return _form(visit, wanted, values, problem)
    except Conflicting as problem:
        return _form(visit, wanted, values, words=str(problem))
    if isinstance(added, Added):
        view = get_source(visit.context, added.source_id, now=visit.now)
        return visit.render("web/sources/added.html", rail="connectors", source=view, added=added)
    messages.success(visit.request, "Connected. It is read within a minute. Test it now.")
    return redirect("source", source_id=added)


def _kind(kind: str) -> SourceKind:
    if kind not in {one.value for one in SourceKind}:
        raise NotFound("There is no such kind of source.")
    return SourceKind(kind)


def _form(
    visit: Visit,
    kind: SourceKind,
    values: Mapping[str, str],
    problem: InvalidInput | None = None,
    *,
    words: str = "",
) -> HttpResponse:
    wrong = problem.errors if problem else ()
    first = next((one.field for one in wrong), next(iter(values)))
    fields = [
        Field(
            name=name,
            label=LABELS[name],
            value="" if name == NEVER_SHOWN else value,
            errors=[error_sentence(LABELS[name], one) for one in wrong if one.field == name],
            focus=name == first,
        )
        for name, value in values.items()
    ]
    return visit.render(
        "web/sources/new.html",
        rail="connectors",
        status=400 if problem or words else 200,
        kind=kind,
        abilities=abilities(CAPABILITIES[kind]),
        fields=fields,
        words=words,
        secret=NEVER_SHOWN,
        wrong=bool(problem or words),
    )


def _add_events(visit: Visit, values: Mapping[str, str]) -> Added | int:
    return add_events_source(
        name=values["name"],
        uri=values["uri"],
        context=visit.context,
        keys=settings.SEALING_KEYS,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )


def _add_partner_center(visit: Visit, values: Mapping[str, str]) -> Added | int:
    return connect_partner_center(
        name=values["name"],
        application=Application(
            values["tenant"], values["client_id"].strip(), Secret(values["client_secret"])
        ),
        context=visit.context,
        keys=settings.SEALING_KEYS,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )


def _add_pax8(visit: Visit, values: Mapping[str, str]) -> Added | int:
    return connect_pax8(
        name=values["name"],
        credentials=Credentials(values["client_id"], Secret(values["client_secret"])),
        context=visit.context,
        keys=settings.SEALING_KEYS,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )


_ADD: Mapping[SourceKind, Callable[[Visit, Mapping[str, str]], Added | int]] = {
    SourceKind.EVENTS: _add_events,
    SourceKind.PARTNER_CENTER: _add_partner_center,
    SourceKind.PAX8: _add_pax8,
}
