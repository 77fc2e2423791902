"""One difference: both values, what each decision would do, decide; and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed
from tallystick.ledger.kinds import DriftKind
from tallystick.mappings.drift_rows import DriftRow, get_drift
from tallystick.operations.decide_drift import Decision, How, decide_drift, read_how
from tallystick.operations.restore_ours import restore_ours
from tallystick.web import ahead
from tallystick.web.views.drift import LABELS
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

LOOKING = "looked at before it is decided"


@dataclass(frozen=True, slots=True)
class Way:
    """One decision, as its radio button shows it; ``may``: whether this person's role has it."""

    how: str
    label: str
    words: str
    chosen: bool
    may: bool


@screen("GET", "POST")
def drift_one(visit: Visit, drift_id: int) -> HttpResponse:
    """Everybody may read it; each decision is a right of its own."""
    found = get_drift(visit.context, drift_id, now=visit.now)
    if visit.request.method != "POST":
        return _page(visit, found)
    visit.context.require(Right.RESOLVE)
    posted = visit.request.POST
    try:
        decision = Decision(
            how=read_how(posted.get("how", "")),
            reason=posted.get("reason", ""),
            until=posted.get("until", ""),
            effective_on=posted.get("effective_on", ""),
            record_quantity="record_quantity" in posted,
        )
        if ahead.only_looks(visit):
            return _look(visit, found, decision)
        recorded = decide_drift(drift_id, decision, today=visit.today, asked=visit.asked())
    except InvalidInput as problem:
        errors = [error_sentence(LABELS.get(one.field, one.field), one) for one in problem.errors]
        return _refused(visit, found, errors, status=400)
    except (Conflicting, NotAllowed) as problem:
        return _refused(visit, found, [str(problem)], status=409)
    messages.success(visit.request, _done(decision, found, recorded is not None))
    return redirect("subscription", subscription_id=found.row.subscription.id)


def _refused(visit: Visit, found: DriftRow, errors: Sequence[str], *, status: int) -> HttpResponse:
    """While somebody is still typing it is said quietly."""
    if visit.wants_part:
        panel = ahead.Panel(wrong=errors)
        return visit.render("web/operations/_ahead.html", panel=panel)
    return _page(visit, found, errors, status=status)


def _look(visit: Visit, found: DriftRow, decision: Decision) -> HttpResponse:
    """What it would send, or that nothing is sent. Raises as deciding would."""
    visit.context.require(_right(decision.how, found))
    if decision.how is How.RESTORE:
        panel = ahead.look(
            visit,
            found.row.subscription.id,
            lambda asked: restore_ours(
                found.id,
                reason=decision.reason.strip() or LOOKING,
                effective_on=decision.effective_on,
                asked=asked,
            ),
        )
    else:
        panel = ahead.Panel(nothing=_nothing(found, decision))
    if visit.wants_part:
        return visit.render("web/operations/_ahead.html", panel=panel)
    return _page(visit, found, panel=panel)


def _right(how: How, found: DriftRow) -> Right:
    twice = found.kind is DriftKind.DUPLICATE
    return Right.CORRECT if how is How.RESTORE and twice else how.right


def _nothing(found: DriftRow, decision: Decision) -> str:
    shown = _shown(found)
    if decision.how is How.AGREE:
        return (
            f"Nothing is sent, and {found.wrong.expected.units} units stay what is expected. "
            f"Autotask may show {shown} until the day you say; it is red again then, or as soon as "
            "it shows something else."
        )
    more = (
        "The quantity is recorded too, and settles as already so."
        if decision.record_quantity
        else "The subscription here stays as it is."
    )
    return f"Nothing is sent. {shown} become what is expected of the line. {more}"


def _shown(found: DriftRow) -> str:
    wrong = found.wrong
    if wrong.found is None:
        return "no units"
    if found.units_differ:
        return f"{wrong.found.units} units"
    return f"{wrong.found.units} units at another amount"


def _done(decision: Decision, found: DriftRow, recorded: bool) -> str:
    if decision.how is How.RESTORE:
        return "Recorded: one change back. Autotask is updated in the background, and read back."
    if decision.how is How.AGREE:
        return "Agreed. It is told again on that day, or when Autotask shows something else."
    if recorded:
        return "Kept, and recorded as the quantity here. Nothing is sent."
    if found.units_differ:
        return (
            f"Kept: Autotask's {_shown(found)} are what is expected now. If the customer holds "
            "them, record that quantity here."
        )
    return "Kept: what Autotask shows is what is expected now."


def _page(
    visit: Visit,
    found: DriftRow,
    errors: Sequence[str] = (),
    *,
    status: int = 400,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    posted = visit.request.POST
    return visit.render(
        "web/drift/one.html",
        rail="drift",
        status=status if errors else 200,
        drift=found,
        row=found.row,
        errors=errors,
        panel=panel,
        ways=_ways(visit, found, posted.get("how", "")),
        reason=posted.get("reason", ""),
        until=posted.get("until", ""),
        effective_on=posted.get("effective_on", ""),
        record_quantity="record_quantity" in posted,
        quantity=found.wrong.found.units + found.row.included
        if found.wrong.found and found.units_differ and found.wrong.found.units
        else None,
    )


def _ways(visit: Visit, found: DriftRow, chosen: str) -> list[Way]:
    wrong = found.wrong
    if found.kind is DriftKind.DUPLICATE and found.twice is not None:
        restore = (
            "Send the opposite change",
            f"Our change of {found.twice:+d} is there twice. One change of {-found.twice:+d} is "
            "recorded, sent once and read back; both are linked.",
        )
    else:
        restore = (
            "Restore ours",
            f"One change back to {wrong.expected.units} units is recorded, sent once and read back."
            if found.units_differ
            else "The price that was proved is recorded, sent once and read back.",
        )
    ways = {
        How.RESTORE: restore,
        How.KEEP: (
            "Keep Autotask's",
            f"{_shown(found).capitalize()} become what is expected of the line. Nothing is sent.",
        ),
        How.AGREE: (
            "Agree to it until a day",
            "Both stay as they are, and the badge says so instead of being red. It is told again "
            "on that day, or when Autotask shows something else.",
        ),
    }
    return [
        Way(
            how=how.value,
            label=label,
            words=words,
            chosen=how.value == chosen,
            may=visit.context.may(_right(how, found)),
        )
        for how, (label, words) in ways.items()
    ]
