"""One subscription: what it is, how it stands, what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django_htmx.http import HttpResponseClientRefresh

from tallystick.audit.queries import AuditView, decisions_on
from tallystick.connections.overrides import told
from tallystick.connections.queries import list_connections, told_of
from tallystick.kit.problem import NotFound
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.queries import get_operation, operations_of
from tallystick.mappings.drift_rows import drift_history
from tallystick.mappings.rows import Row, subscription_row
from tallystick.mappings.want_line import wanted_since
from tallystick.operations.commitments import commitment_of
from tallystick.operations.possible import possible
from tallystick.sources.source_queries import sources_of
from tallystick.sources.undecided import undecided
from tallystick.subscriptions.not_seen import not_seen_of
from tallystick.subscriptions.scheduled import scheduled_of
from tallystick.subscriptions.status import SubscriptionStatus
from tallystick.subscriptions.waiting_ends import why_waits
from tallystick.web.addresses import Address
from tallystick.web.changes import changes_of
from tallystick.web.timeline import blocker_of, entries
from tallystick.web.told import Section, section_of
from tallystick.web.visit import Visit, screen

PER_PAGE = 25
# What changes by itself is looked at again by the page.
MOVING = (BadgeKind.SYNCING, BadgeKind.CHECKING)


@dataclass(frozen=True, slots=True)
class Waits:
    """Refused on its day, or over while nobody has said what then: in sentences."""

    why: str
    is_suspended: bool


@screen("GET")
def subscription(visit: Visit, subscription_id: int) -> HttpResponse:
    """The head, the blocker when there is one, and the timeline, newest first."""
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    address = Address.read(visit.request.GET, ())
    found = operations_of(
        subscription_id=subscription_id,
        with_attempts=False,
        limit=PER_PAGE + 1,
        before=_sequence(address.cursor),
        told_of=told_of(visit.context),
        hidden_until=row.subscription.hidden_until(visit.context),
    )
    shown = found[:PER_PAGE]
    older = str(shown[-1].sequence) if len(found) > PER_PAGE else None
    names = {one.id: one.name for one in list_connections(visit.context)}
    held = commitment_of(row.subscription, now=visit.now)
    return visit.render(
        "web/subscription/page.html",
        rail="subscriptions",
        row=row,
        held=held,
        changes=changes_of(
            row.subscription, possible(row.subscription, held), together=bool(row.together)
        ),
        scheduled=scheduled_of([row.subscription.id]).get(row.subscription.id),
        waits=_waits(visit, row),
        undecided=[] if address.cursor else undecided(visit.context, subject=_told_of(row)),
        sources=sources_of(visit.context, row.subscription.provider_id),
        not_seen=not_seen_of(visit.context, subscription_id),
        wants_line=_wants_line(row),
        blocker=blocker_of(row),
        told=_told(visit, row),
        moving=row.badge.kind in MOVING,
        mark=standing_mark(row),
        entries=entries(shown, names=names, head=row.head, whose=_whose(row)),
        found=drift_history(visit.context, subscription_id, now=visit.now),
        decisions=_decisions(visit, subscription_id),
        next=address.next(older),
        previous=address.previous(),
    )


@screen("GET")
def standing(visit: Visit, subscription_id: int) -> HttpResponse:
    """Asked by the page while its badge says Syncing or Checking: has anything changed?"""
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    if standing_mark(row) == visit.request.GET.get("was"):
        return HttpResponse(status=204)
    return HttpResponseClientRefresh()


def standing_mark(row: Row) -> str:
    """Changes when the page would show something else."""
    until = row.badge.until.isoformat() if row.badge.until else ""
    return f"{row.badge.kind.value}.{row.badge.pending}.{row.subscription.last_sequence}.{until}"


@screen("GET")
def operation(visit: Visit, subscription_id: int, operation_id: int) -> HttpResponse:
    """What was tried for one operation: a part of the timeline, and a page of its own."""
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    found = get_operation(operation_id, told_of=told_of(visit.context))
    hidden = row.subscription.hidden_until(visit.context)
    if found is None or found.subscription_id != row.subscription.id or found.sequence <= hidden:
        raise NotFound("There is no such operation.")
    names = {one.id: one.name for one in list_connections(visit.context)}
    return visit.render(
        "web/subscription/_tried.html" if visit.wants_part else "web/subscription/operation.html",
        rail="subscriptions",
        row=row,
        entry=entries([found], names=names, head=row.head, whose=_whose(row))[0],
    )


def _whose(row: Row) -> str:
    """Whose operation stands first, where it is that of another one on the same line."""
    return row.stopped_by.label if row.stopped_by else ""


def _decisions(visit: Visit, subscription_id: int) -> Sequence[AuditView]:
    """What people decided about it, newest first."""
    return decisions_on(
        tenant_id=visit.context.tenant_id,
        reseller_id=visit.context.reseller_id,
        subscription_id=subscription_id,
    )


def _told(visit: Visit, row: Row) -> Section | None:
    """How its changes are billed; nothing of one that is billed nowhere, or by somebody else."""
    if row.place is None:
        return None
    here = {one.id: one for one in list_connections(visit.context)}.get(row.place.connection_id)
    if here is None:
        return None
    view = row.subscription
    return section_of(told(here, customer_id=view.customer.id, subscription_id=view.id))


def _waits(visit: Visit, row: Row) -> Waits | None:
    """What of it is for a person to decide, and whether reactivating it is a way."""
    view = row.subscription
    why = why_waits(visit.context, [view], today=visit.today).get(view.id, "")
    suspended = view.status is SubscriptionStatus.SUSPENDED
    return Waits(why, suspended) if why else None


def _told_of(row: Row) -> str:
    """The id by which sources tell of it."""
    return row.subscription.provider_id


def _wants_line(row: Row) -> bool:
    """Whether a person may choose the line that bills its changed offer."""
    if row.place is None:
        return False
    return wanted_since(row.subscription.id, row.place.connection_id) is not None


def _sequence(cursor: str) -> int | None:
    return int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= 9 else None  # noqa: PLR2004 - fits an integer column
