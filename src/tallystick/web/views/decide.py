"""What is stopped, who waits behind it, and the ways past: a person decides, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.stopped import WayAhead, look_at_way, take_way, what_waits
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.queries import OperationView, get_operation, unsettled_of
from tallystick.ledger.state import STOPPED
from tallystick.mappings.rows import Row, mapping_row
from tallystick.sync.may_resolve import NEXT_PERIOD
from tallystick.sync.target import speaks_of_rates_only
from tallystick.web import ahead
from tallystick.web.attempts import Tried, tried
from tallystick.web.posted import id_of
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

LONGEST_REASON = 1000
_LABELS = {"how": "What to do", "reason": "The reason"}
RIGHTS = {
    "done_by_hand": Right.DONE_BY_HAND,
    "skip": Right.SKIP,
    "adopt": Right.ADOPT,
    "push_ours": Right.PUSH,
    NEXT_PERIOD: Right.LATER,
}


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways, as its radio button shows it; ``may``: this person's role has it."""

    how: str
    label: str
    words: str
    chosen: bool
    may: bool


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
    reason = posted.get("reason", "").replace("\x00", "")
    try:
        if ahead.only_looks(visit):
            panel = _look(visit, connection, row)
            if visit.wants_part:
                return visit.render("web/operations/_ahead.html", panel=panel)
            return _page(visit, connection, row, head, behind, panel=panel)
        assert row.lane is not None  # noqa: S101 - something waits on it
        take_way(
            # What the page was opened for: meanwhile somebody else may have decided on it.
            id_of(posted.get("operation", "")) or 0,
            connection.id,
            row.lane.id,
            how=posted.get("how", "")[:40],
            reason=reason[:LONGEST_REASON],
            believed="believed" in posted,
            context=visit.context,
            now=visit.now,
            wake=desk().wake,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        errors = [error_sentence(_LABELS[one.field], one) for one in problem.errors]
        return _refused(visit, connection, row, head, behind, errors)
    except (Conflicting, NotAllowed) as problem:
        return _refused(visit, connection, row, head, behind, [str(problem)])
    messages.success(visit.request, f"Decided: {head.in_words()}. What waits behind it goes on.")
    return redirect("subscription", subscription_id=subscription_id)


def _look(visit: Visit, connection: ConnectionView, row: Row) -> ahead.Panel:
    """What the chosen way would do. Raises as taking it would."""
    posted = visit.request.POST
    how = posted.get("how", "")[:40]
    if row.lane is None or not how:
        return ahead.Panel(wrong=["Choose a way to see what it would do."])
    found = look_at_way(
        id_of(posted.get("operation", "")) or 0,
        connection.id,
        row.lane.id,
        how=how,
        believed="believed" in posted,
        context=visit.context,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )
    return ahead.Panel(steps=_sentences(found))


def _sentences(found: WayAhead) -> Sequence[str]:
    said = [f"{found.expects} are expected of the line then."] if found.expects else []
    said += [f"{one.summary}: {one.in_words}" for one in found.then]
    if not found.then:
        said.append("Nothing waits any more: nothing is sent.")
    if found.unread:
        said.append(f"Autotask was not read: {found.unread} This follows from what was proved.")
    return said


def _head(row: Row) -> tuple[OperationView | None, Sequence[OperationView]]:
    """The operation that is stopped or held, if there is one, and those that wait behind it."""
    waiting = unsettled_of(row.lane.id) if row.lane is not None else []
    stopped = [
        delivery.state in STOPPED or delivery.awaits_approval
        for delivery in (waiting[0].deliveries if waiting else ())
        if row.place is not None and delivery.connection_id == row.place.connection_id
    ]
    return (waiting[0] if any(stopped) else None), waiting[1:]


def _refused(
    visit: Visit,
    connection: ConnectionView,
    row: Row,
    head: OperationView,
    behind: Sequence[OperationView],
    errors: Sequence[str],
) -> HttpResponse:
    """While somebody is still choosing it is said quietly."""
    if visit.wants_part:
        return visit.render("web/operations/_ahead.html", panel=ahead.Panel(wrong=errors))
    return _page(visit, connection, row, head, behind, errors)


def _page(
    visit: Visit,
    connection: ConnectionView,
    row: Row,
    head: OperationView | None,
    behind: Sequence[OperationView],
    errors: Sequence[str] = (),
    *,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    posted = visit.request.POST
    held = row.badge.kind is BadgeKind.WAITING_FOR_APPROVAL
    return visit.render(
        "web/operations/decide.html",
        rail="subscriptions",
        status=400 if errors else 200,
        connection=connection,
        row=row,
        head=head,
        behind=behind,
        held=held,
        title="Do not send it" if held else "What is stopped, and the ways past it",
        ways=_ways(visit, row, head, posted.get("how", "")[:40]),
        tried=_tried(head, connection.id),
        waits=what_waits(row, now=visit.now) if head is not None and not errors else None,
        panel=panel,
        reason=posted.get("reason", "").replace("\x00", ""),
        believed="believed" in posted,
        errors=errors,
    )


def _tried(head: OperationView | None, connection_id: int) -> Sequence[Tried]:
    """What was and was not sent for it, newest first."""
    found = get_operation(head.id) if head is not None else None
    return [
        one
        for delivery in (found.deliveries if found else ())
        if delivery.connection_id == connection_id
        for one in tried(delivery.attempts)
    ]


def _ways(visit: Visit, row: Row, head: OperationView | None, chosen: str) -> list[Way]:
    shown = row.lane.drift_units if row.lane is not None else None
    ways = {
        NEXT_PERIOD: (
            "Let it begin with the next billing period",
            "It is sent for the first day of that period, and read back. Until then the price "
            "stays what it is.",
        ),
        "done_by_hand": (
            "It was done by hand",
            "Somebody has set it in Autotask. It is read now: when Autotask shows it, it is "
            "proved. Nothing is sent.",
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
    return [
        Way(how, *words, how == chosen, _may(visit, how, held=held)) for how, words in ways.items()
    ]


def _may(visit: Visit, how: str, *, held: bool) -> bool:
    may = visit.context.may
    return may(RIGHTS[how]) or (how == "skip" and held and may(Right.APPROVE))
