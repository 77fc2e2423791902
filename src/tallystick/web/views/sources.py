"""Administration > Connectors: the sources, where subscriptions and their changes come from."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.source_clients import hook_address, reader_of, registrar_of
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound, Unreachable
from tallystick.sources.hints.register import register_webhook
from tallystick.sources.intake.decide import Decision, decide_event
from tallystick.sources.kinds import Capabilities, SourceKind
from tallystick.sources.queries import get_event, open_events
from tallystick.sources.read_sources import (
    Reading,
    check_source,
    read_source_now,
    refresh_customer,
)
from tallystick.sources.reading import WasRead
from tallystick.sources.source_queries import SourceView, get_source
from tallystick.subscriptions.queries import get_subscription, subscription_by_provider_id
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing a source can do, or cannot."""

    words: str
    can: bool


@screen("GET")
def source(visit: Visit, source_id: int) -> HttpResponse:
    """How it is, what it brought, and what needs a person."""
    view = get_source(visit.context, source_id, now=visit.now)
    return visit.render(
        "web/sources/source.html",
        rail="connectors",
        source=view,
        abilities=abilities(view.capabilities),
        events=open_events(visit.context, view.id),
        run=view.lately.last_run,
        unmatched=view.not_matched.first,
        is_read=view.kind is not SourceKind.EVENTS,
        replace=visit.request.GET.get("replace") == "1",
    )


@screen("POST")
def source_act(visit: Visit, source_id: int, act: str) -> HttpResponse:
    """*Test*, *Read now*, *Read everything*: the source is asked, nothing is changed there."""
    view = get_source(visit.context, source_id, now=visit.now)
    try:
        if act == "test":
            _tell_test(visit, view)
        else:
            read = read_source_now(
                view.id, _reading(visit), context=visit.context, everything=act == "everything"
            )
            messages.success(
                visit.request,
                f"Read: {_counted(read)}, {len(read.unmatched)} not matched.",
            )
    except Unreachable as problem:
        messages.error(visit.request, str(problem))
    return redirect("source", source_id=view.id)


@screen("POST")
def source_webhook(visit: Visit, source_id: int) -> HttpResponse:
    """*Register webhook*: the source calls us when something changes, where its API allows it."""
    view, again = get_source(visit.context, source_id, now=visit.now), ""
    try:
        register_webhook(
            view.id,
            address_of=hook_address,
            registrar_of=registrar_of,
            replace=visit.request.POST.get("replace") == "1",
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except Conflicting as problem:
        messages.error(visit.request, str(problem))
        again = "?replace=1"
    except InvalidInput as problem:
        said = [error_sentence("The address of this server", one) for one in problem.errors]
        messages.error(visit.request, f"{' '.join(said)} Nothing was registered.")
    except Unreachable as problem:
        messages.error(visit.request, str(problem))
    else:
        messages.success(
            visit.request, "Registered. Its first call shows below, usually within a minute."
        )
    return redirect(f"{reverse('source', kwargs={'source_id': view.id})}{again}")


@screen("POST")
def source_refresh(visit: Visit, source_id: int, subscription_id: int) -> HttpResponse:
    """*Refresh from ...*: all subscriptions of this subscription's customer, read now."""
    held = get_subscription(visit.context, subscription_id)
    try:
        read = refresh_customer(source_id, held.customer.id, _reading(visit), context=visit.context)
    except Unreachable as problem:
        messages.error(visit.request, str(problem))
    else:
        messages.success(visit.request, f"{held.customer.name} read: {_counted(read)}.")
    return redirect("subscription", subscription_id=held.id)


@screen("GET", "POST")
def source_event(visit: Visit, source_id: int, event_id: int) -> HttpResponse:
    """One event that became no operation: apply it after all, or ignore it, with a reason."""
    view, event = (
        get_source(visit.context, source_id, now=visit.now),
        get_event(visit.context, event_id),
    )
    if event.source_id != view.id:
        raise NotFound("There is no such event.")
    errors: list[str] = []
    reason = visit.request.POST.get("reason", "")
    if visit.request.method == "POST":
        visit.context.require(Right.RESOLVE)
        how = _how(visit.request.POST.get("how", ""))
        try:
            decide_event(
                event.id,
                how,
                reason=reason,
                context=visit.context,
                now=visit.now,
                wake=desk().wake,
                correlation_id=visit.correlation_id,
            )
        except InvalidInput as problem:
            errors = [error_sentence("The reason", one) for one in problem.errors]
        except Conflicting as problem:
            errors = [str(problem)]
        else:
            messages.success(visit.request, f"{how.label}.")
            return redirect("source", source_id=view.id)
    return visit.render(
        "web/sources/event.html",
        rail="connectors",
        status=400 if errors else 200,
        source=view,
        event=event,
        held=subscription_by_provider_id(visit.context, event.subject),
        today=desk().today(visit.context),
        errors=errors,
        reason=reason,
    )


def abilities(can: Capabilities) -> list[Ability]:
    """What a source can tell, in words."""
    history = "for ever" if can.history_days is None else f"{can.history_days} days back"
    return [
        Ability(f"tells what changed, {history}", can.feed),
        Ability("calls us at once", can.webhook),
        Ability("can be compared as a whole", can.snapshot),
        Ability("knows prices", can.price),
        Ability("knows costs", can.cost),
    ]


def _how(said: str) -> Decision:
    """Raises InvalidInput: a decision is never guessed."""
    if said not in {one.value for one in Decision}:
        raise InvalidInput.one("how", "must be one of the ways that are shown")
    return Decision(said)


def _counted(read: WasRead) -> str:
    """``1 subscription, 2 differences``."""
    counts = ((read.subscriptions, "subscription"), (read.differences, "difference"))
    return ", ".join(f"{many} {word}{'' if many == 1 else 's'}" for many, word in counts)


def _tell_test(visit: Visit, view: SourceView) -> None:
    checks = check_source(view.id, _reading(visit), context=visit.context)
    wrong = [one for one in checks if not one.works]
    if wrong:
        messages.error(visit.request, f"{wrong[0].name}: {wrong[0].words}")
    else:
        names = ", ".join(one.name.lower() for one in checks)
        messages.success(visit.request, f"It works: {names}.")


def _reading(visit: Visit) -> Reading:
    return Reading(reader_of, visit.now, desk().wake, visit.correlation_id, visit.context.actor)
