"""Somebody else changes a line too: what was seen, and that it is dealt with."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.connections.queries import get_connection
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.mappings.rows import Row, mapping_row
from tallystick.sync.deal_with import deal_with
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence


@screen("GET", "POST")
def second_writer(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """Everybody may read it; who may take operations out of the way may deal with it."""
    connection = get_connection(visit.context, connection_id)
    row = mapping_row(visit.context, connection.id, subscription_id, now=visit.now)
    if visit.request.method != "POST":
        return _page(visit, row)
    reason = visit.request.POST.get("reason", "")
    try:
        deal_with(
            subscription_id,
            connection.id,
            reason=reason,
            context=visit.context,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        errors = [error_sentence("What was done", one) for one in problem.errors]
        return _page(visit, row, errors, reason=reason)
    except Conflicting as problem:
        return _page(visit, row, [str(problem)], status=409)
    messages.success(
        visit.request, "Dealt with. It is told again when another change is seen that is not ours."
    )
    return redirect("subscription", subscription_id=subscription_id)


def _page(
    visit: Visit, row: Row, errors: Sequence[str] = (), *, reason: str = "", status: int = 400
) -> HttpResponse:
    return visit.render(
        "web/subscription/second_writer.html",
        rail="connectors",
        status=status if errors else 200,
        row=row,
        reason=reason,
        errors=errors,
    )
