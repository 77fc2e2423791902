"""Approve what is held for review: a row, a selection, a customer, all of a connection."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.desk import desk
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput
from tallystick.sync.approve import approve_many
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted

LONGEST_ID = 18  # digits
MOST_AT_ONCE = 1000


@screen("POST")
def approve(visit: Visit, connection_id: int) -> HttpResponse:
    """``subscription``: of each that is chosen; ``customer``: all of one; without either all that
    waits.

    ``seen_at``: when the page was made. What was recorded since has not been seen by anybody.
    """
    visit.context.require(Right.APPROVE)
    connection = get_connection(visit.context, connection_id)
    posted = visit.request.POST
    chosen = _ids(posted.getlist("subscription")) if "chosen" in posted else None
    if chosen == []:
        messages.info(visit.request, "Nothing was chosen: nothing was approved.")
        return _back(posted.get("back", ""), connection.id)
    customers = _ids(posted.getlist("customer"))
    done = approve_many(
        connection.id,
        subscription_ids=chosen,
        customer_id=customers[0] if customers else None,
        seen_at=_moment(posted.get("seen_at", "")),
        context=visit.context,
        now=visit.now,
        wake=desk().wake,
        correlation_id=visit.correlation_id,
    )
    if done.operations:
        messages.success(
            visit.request,
            f"Approved: {counted(done.operations, 'operation')} of "
            f"{counted(done.subscriptions, 'subscription')}. Autotask is updated in the "
            "background.",
        )
    else:
        messages.info(visit.request, "Nothing waited for approval any more. Nothing was changed.")
    if posted.get("back") == "subscription" and chosen:
        return redirect("subscription", subscription_id=chosen[0])
    return _back(posted.get("back", ""), connection.id)


def _back(to: str, connection_id: int) -> HttpResponse:
    page = "approvals" if to == "approvals" else "subscription-mapping"
    return redirect(page, connection_id=connection_id)


def _ids(texts: list[str]) -> list[int]:
    """Raises InvalidInput."""
    if len(texts) > MOST_AT_ONCE or not all(
        text.isascii() and text.isdigit() and len(text) <= LONGEST_ID for text in texts
    ):
        raise InvalidInput.one("subscription", "is not one of the list")
    return [int(text) for text in texts]


def _moment(text: str) -> datetime:
    """Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInput.one("seen_at", "is missing: open the page again and look at what waits")
    return found
