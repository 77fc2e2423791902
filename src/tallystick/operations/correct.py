"""Guided correction: the opposite of a change of ours that should not be there, chosen by a person.

Never automatic. It goes through the engine like everything else: observed, sent once, read back;
both attempts point at each other. The subscription is not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from tallystick.audit.events import Event
from tallystick.connections.policies import PriceDay, SameDay
from tallystick.connections.queries import living
from tallystick.connections.queries import load as load_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.ledger.corrections import Sent, corrected, took_effect
from tallystick.ledger.expected import steps
from tallystick.ledger.group import lanes_of
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.profile import Step, amount_as_text, as_json, from_day
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.operations.open_drift import read_reason
from tallystick.subscriptions.queries import SubscriptionView, get_subscription, visible
from tallystick.subscriptions.rules import read_effective_day


@dataclass(frozen=True, slots=True)
class Correctable:
    """What was sent of a subscription and took effect. ``refused``: why it cannot be corrected."""

    sent: Sent
    refused: str


def correctable(context: Context, subscription_id: int) -> Sequence[Correctable]:
    """Of its open lines, newest first. Raises NotFound."""
    view = get_subscription(context, subscription_id)
    lanes = Lane.objects.filter(lanes_of([view.id]), open=True, connection__in=living(context))
    return [
        Correctable(sent, _why_not(lane, sent))
        for lane in lanes.order_by("-pk")
        for sent in took_effect(lane.pk)
    ]


def correct(attempt_id: int, *, reason: str, effective_on: object = None, asked: Asked) -> Recorded:
    """Record it, from ``effective_on`` on: the soonest day that is taken when not given.

    Raises NotAllowed, NotFound, InvalidInput (reason, effective_on), Conflicting.
    """
    asked.context.require(Right.CORRECT)
    reason = read_reason(reason)
    attempt = _attempt(asked.context, attempt_id)

    def decide(_: SubscriptionView) -> Change | list[FieldError]:
        lane = Lane.objects.select_for_update(no_key=True).get(pk=attempt.lane_id)
        sent = next((one for one in took_effect(lane.pk) if one.attempt_id == attempt.pk), None)
        if sent is None:
            raise Conflicting(
                "It did not take effect, or nobody knows: there is nothing to take back. Nothing "
                "was changed."
            )
        if because := _why_not(lane, sent):
            raise Conflicting(f"{because} Nothing was changed.")
        day = _read_day(effective_on, lane, sent)
        return _change(lane, sent, day, reason=reason, now=asked.now)

    return finish(attempt.lane.subscription_id, decide, asked=asked)


def _attempt(context: Context, attempt_id: int) -> Attempt:
    found = Attempt.objects.select_related("lane").filter(
        pk=attempt_id,
        lane__open=True,
        lane__connection__in=living(context),
        lane__subscription__in=visible(context),
    )
    attempt = found.first()
    if attempt is None:
        raise NotFound("There is no such change at a line that is billed now.")
    return attempt


def _why_not(lane: Lane, sent: Sent) -> str:
    """Empty when the opposite change can be recorded."""
    if Delivery.objects.filter(UNSETTLED, lane=lane).exists():
        return "An operation of this subscription is not settled: it goes first."
    if lane.drift_units is not None or lane.expected_units is None:
        return "Autotask shows something else than was proved: decide on that first, on Drift."
    if corrected(sent.attempt_id):
        return "It was corrected already."
    known = steps(lane, today=_first(lane, sent))
    if sent.unit_change == 0:
        if sent.repriced is None:
            return "Which price was there before it is not known: record the right price instead."
        if not sent.repriced.is_shown_by(known[0]):
            return "The line has another price by now: nothing is left of it to take back."
        return ""
    if any(step.units < sent.unit_change for step in known):
        return "The line has not so many units any more: nothing can be taken back so."
    return ""


def _first(lane: Lane, sent: Sent) -> date:
    """Not before what was last proved of its units: a change of them is never dated before that.
    A price is taken back from where it began."""
    if sent.repriced is not None:
        return sent.repriced.began_on
    return max([sent.effective_on, *([lane.expected_from] if lane.expected_from else [])])


def _read_day(effective_on: object, lane: Lane, sent: Sent) -> date:
    first = _first(lane, sent)
    taken = load_connection(lane.connection_id).same_day in (SameDay.ADDS, SameDay.REPLACES)
    soonest = first if taken else first + timedelta(days=1)
    day = read_effective_day(effective_on, today=soonest)
    if day < first:
        raise InvalidInput.one("effective_on", f"must not be before {in_words(first)}")
    return day


def _change(lane: Lane, sent: Sent, day: date, *, reason: str, now: datetime) -> Change:
    today = civil_day(now, load_connection(lane.connection_id).time_zone)
    known = steps(lane, today=day)
    repriced = sent.repriced
    if repriced is None:
        wanted = [replace(step, units=step.units - sent.unit_change) for step in known]
        what = f"{sent.unit_change:+d}"
    else:
        since = steps(lane, today=repriced.began_on)
        wanted = list(from_day(repriced.back(since), day))
        if wanted == list(known):
            raise InvalidInput.one(
                "effective_on", f"is too late: from {in_words(day)} on it has another price already"
            )
        what = f"the unit price {repriced.price:f}"
    after: dict[str, Any] = {
        "line_units": wanted[0].units,
        "profile": as_json(wanted),
        "seen": as_json(steps(lane, today=max(day, today))),
        "target": _target(wanted[0], about_units=repriced is None),
        "corrects": sent.attempt_id,
        "reason": reason,
    }
    before: dict[str, Any] = {"line_units": known[0].units}
    if repriced is None:
        after["units"] = wanted[0].units
    else:
        before["line_price"] = amount_as_text(repriced.price)
        after["line_price"] = amount_as_text(repriced.price_before)
        after["price_from"] = PriceDay.OWN_DAY.value
    return Change(
        kind=OperationKind.CORRECT,
        event=Event.CORRECT_CHANGE,
        before=before,
        after=after,
        effective_on=day,
        fields={},
        summary=f"{OperationKind.CORRECT.label} of {what} from "
        f"{in_words(sent.effective_on)}: {reason}"[:1000],
        only_lane_id=lane.pk,
    )


def _target(first: Step, *, about_units: bool) -> dict[str, Any]:
    if about_units:
        return {"units": first.units, "unit_price": None, "unit_cost": None}
    return {
        "units": None,
        "unit_price": amount_as_text(first.unit_price),
        "unit_cost": amount_as_text(first.unit_cost),
    }
