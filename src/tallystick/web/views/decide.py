"""The ways past a stopped operation: a person decides, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.desk import desk
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.queries import OperationView, unsettled_of
from tallystick.ledger.state import STOPPED
from tallystick.mappings.rows import Row, mapping_row
from tallystick.sync.resolve import NEXT_PERIOD, resolve
from tallystick.sync.target import speaks_of_rates_only
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

LONGEST_REASON = 1000
_LABELS = {"how": "What to do", "reason": "The reason"}


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways, as its radio button shows it."""

    how: str
    label: str
    words: str
    chosen: bool


@screen("GET", "POST")
def decide(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """Of the oldest operation that is not settled, when it is stopped or waits for approval."""
    visit.context.require(Right.RESOLVE)
    connection = get_connection(visit.context, connection_id)
    row = mapping_row(visit.context, connection.id, subscription_id, now=visit.now)
    head, behind = _head(row)
    if head is None or visit.request.method != "POST":
        return _page(visit, connection, row, head, behind)
    posted = visit.request.POST
    how, reason = posted.get("how", "")[:40], posted.get("reason", "").replace("\x00", "")
    # What the page was opened for: meanwhile somebody else may have decided on it.
    operation_id = int(number) if (number := posted.get("operation", "")[:18]).isdecimal() else 0
    try:
        resolve(
            operation_id,
            connection.id,
            how=how,
            reason=reason[:LONGEST_REASON],
            context=visit.context,
            now=visit.now,
            wake=desk().wake,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        errors = [error_sentence(_LABELS[one.field], one) for one in problem.errors]
        return _page(visit, connection, row, head, behind, errors, how=how, reason=reason)
    except Conflicting as problem:
        return _page(visit, connection, row, head, behind, [str(problem)], how=how, reason=reason)
    messages.success(visit.request, f"Decided: {head.in_words()}. What waits behind it goes on.")
    return redirect("subscription", subscription_id=subscription_id)


def _head(row: Row) -> tuple[OperationView | None, int]:
    """The operation that is stopped or held, if there is one, and how many wait behind it."""
    waiting = unsettled_of(row.lane.id) if row.lane is not None else []
    stopped = [
        delivery.state in STOPPED or delivery.awaits_approval
        for delivery in (waiting[0].deliveries if waiting else ())
        if row.place is not None and delivery.connection_id == row.place.connection_id
    ]
    return (waiting[0] if any(stopped) else None), max(0, len(waiting) - 1)


def _page(
    visit: Visit,
    connection: ConnectionView,
    row: Row,
    head: OperationView | None,
    behind: int,
    errors: Sequence[str] = (),
    *,
    how: str = "",
    reason: str = "",
) -> HttpResponse:
    return visit.render(
        "web/operations/decide.html",
        rail="connectors",
        status=400 if errors else 200,
        connection=connection,
        row=row,
        head=head,
        behind=behind,
        held=(held := row.badge.kind is BadgeKind.WAITING_FOR_APPROVAL),
        title="Do not send it" if held else "Other ways past it",
        ways=_ways(row, head, how),
        reason=reason,
        errors=errors,
    )


def _ways(row: Row, head: OperationView | None, chosen: str) -> list[Way]:
    shown = row.lane.drift_units if row.lane is not None else None
    ways = {
        NEXT_PERIOD: (
            "Let it begin with the next billing period",
            "It is sent for the first day of that period, and read back. Until then the price "
            "stays what it is.",
        ),
        "done_by_hand": (
            "It was done by hand",
            "Somebody has set it in Autotask. Nothing is sent; it turns green when Autotask has "
            "been read and shows it.",
        ),
        "skip": (
            "Skip it",
            "This change is not sent, now or later. What was proved before stays what is expected.",
        ),
        "adopt": (
            "Autotask is right",
            f"Its {shown} units are what counts from now on. Nothing is sent for this change.",
        ),
        "push_ours": (
            "Ours is right",
            "It is sent once more, from whatever Autotask shows now, and read back.",
        ),
    }
    held = row.badge.kind is BadgeKind.WAITING_FOR_APPROVAL
    if held:
        # It was never sent: to send it is to approve it.
        del ways["adopt"], ways["push_ours"]
    elif shown is None:
        del ways["adopt"]  # nothing was read that could be adopted
    if held or head is None or not speaks_of_rates_only(head.after):
        del ways[NEXT_PERIOD]  # only a price may begin later
    return [Way(how, *words, how == chosen) for how, words in ways.items()]
