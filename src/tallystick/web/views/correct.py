"""Guided correction: choose what was sent and should not be there, see its opposite, confirm it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import subscription_row
from tallystick.operations.correct import Correctable, correct, correctable
from tallystick.operations.finish import Asked
from tallystick.web import ahead
from tallystick.web.posted import id_of
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

LABELS = {"reason": "The reason", "effective_on": "From when", "attempt": "What to take back"}
LOOKING = "looked at before it is decided"


@screen("GET", "POST")
def correction(visit: Visit, subscription_id: int) -> HttpResponse:
    """What took effect, newest first; of the chosen one the opposite is recorded."""
    found = correctable(visit.context, subscription_id)
    if visit.request.method != "POST":
        return _page(visit, subscription_id, found)
    visit.context.require(Right.CORRECT)
    posted = visit.request.POST
    looks = ahead.only_looks(visit)

    def record(asked: Asked) -> Recorded:
        chosen = id_of(posted.get("attempt", ""))
        if chosen is None or chosen not in {one.sent.attempt_id for one in found}:
            raise InvalidInput.one("attempt", "is needed: choose a change")
        reason = posted.get("reason", "")
        return correct(
            chosen,
            reason=(reason.strip() or LOOKING) if looks else reason,
            effective_on=posted.get("effective_on", ""),
            asked=asked,
        )

    try:
        if looks:
            panel = ahead.look(visit, subscription_id, record)
            if visit.wants_part:
                return visit.render("web/operations/_ahead.html", panel=panel)
            return _page(visit, subscription_id, found, panel=panel)
        record(visit.asked())
    except InvalidInput as problem:
        errors = [error_sentence(LABELS.get(one.field, one.field), one) for one in problem.errors]
        return _refused(visit, subscription_id, found, errors, status=400)
    except (Conflicting, NotFound) as problem:
        return _refused(visit, subscription_id, found, [str(problem)], status=409)
    messages.success(
        visit.request,
        "Recorded: the opposite change. Autotask is updated in the background, and read back.",
    )
    return redirect("subscription", subscription_id=subscription_id)


def _refused(
    visit: Visit,
    subscription_id: int,
    found: Sequence[Correctable],
    errors: Sequence[str],
    *,
    status: int,
) -> HttpResponse:
    """While somebody is still typing it is said quietly."""
    if visit.wants_part:
        panel = ahead.Panel(wrong=errors)
        return visit.render("web/operations/_ahead.html", panel=panel)
    return _page(visit, subscription_id, found, errors, status=status)


def _page(
    visit: Visit,
    subscription_id: int,
    found: Sequence[Correctable],
    errors: Sequence[str] = (),
    *,
    status: int = 200,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    posted = visit.request.POST
    return visit.render(
        "web/drift/correct.html",
        rail="subscriptions",
        status=status,
        row=subscription_row(visit.context, subscription_id, now=visit.now),
        found=found,
        errors=errors,
        panel=panel,
        chosen=id_of(posted.get("attempt", visit.request.GET.get("attempt", ""))),
        reason=posted.get("reason", ""),
        effective_on=posted.get("effective_on", ""),
    )
