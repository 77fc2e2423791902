"""What commitments allow, and which terms end."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router

from tallystick.api.auth import READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_commitments import (
    CommitmentOut,
    Found,
    RenewalFilter,
    RenewalOut,
    ScheduledOut,
)
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.kit.problem import NotFound
from tallystick.operations.commitments import commitment_of, commitments_of
from tallystick.sources.terms_told import terms_told
from tallystick.subscriptions.queries import get_subscription
from tallystick.subscriptions.refused import refused_of
from tallystick.subscriptions.scheduled import scheduled_of
from tallystick.subscriptions.terms_ending import terms_ending
from tallystick.subscriptions.waiting_ends import why_waits

router = Router(tags=["Subscriptions"])


@router.get(
    "/subscriptions/{int:subscription_id}/commitment",
    auth=READ,
    response=answers(200, CommitmentOut),
    summary="What may still be reduced or cancelled, and until when",
)
def commitment(request: HttpRequest, subscription_id: int) -> CommitmentOut:
    """Each addition has a window of its own, newest first."""
    no_other(request, set())
    who = caller(request)
    view = get_subscription(who.context, subscription_id)
    return CommitmentOut.of(commitment_of(view, now=who.now))


@router.get(
    "/subscriptions/{int:subscription_id}/scheduled-change",
    auth=READ,
    response=answers(200, ScheduledOut),
    summary="What a subscription becomes by itself",
)
def scheduled_change(request: HttpRequest, subscription_id: int) -> ScheduledOut:
    """404 when nothing is scheduled."""
    no_other(request, set())
    who = caller(request)
    view = get_subscription(who.context, subscription_id)
    refused = refused_of([view.id]).get(view.id)
    found = ScheduledOut.of(scheduled_of([view.id]).get(view.id), refused)
    if found is None:
        raise NotFound("Nothing is scheduled for this subscription.")
    return found


@router.get("/renewals", auth=READ, response=answers(200, PageOut[RenewalOut]))
def renewals(request: HttpRequest, asked: Query[RenewalFilter]) -> PageOut[RenewalOut]:
    """Terms that end, the next one first."""
    no_other(request, RenewalFilter)
    who = caller(request)
    page = terms_ending(
        who.context,
        today=who.today,
        days=asked.days,
        over=asked.over,
        needs=asked.needs_a_person,
        end_of_term=asked.end_of_term.value if asked.end_of_term else "",
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    found = commitments_of(page.items, now=who.now)
    ids = [view.id for view in page.items]
    scheduled, refused = scheduled_of(ids), refused_of(ids)
    told = terms_told(who.context, [view.provider_id for view in page.items])
    waits = why_waits(who.context, page.items, today=who.today)
    items = [
        RenewalOut.of(
            view,
            Found(
                found[view.id],
                scheduled.get(view.id),
                refused.get(view.id),
                waits.get(view.id, ""),
                told.get(view.provider_id),
            ),
            today=who.today,
        )
        for view in page.items
    ]
    return PageOut(items=items, next_cursor=page.next_cursor)
