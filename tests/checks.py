"""The promises as checks on what is stored and on what Autotask really has."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Line
from tallystick.audit.events import Event, Status
from tallystick.audit.models import AuditLog
from tallystick.catalog.terms import OfferKind
from tallystick.connections.included import billed
from tallystick.connections.overrides import included_of
from tallystick.ledger.group import group_of
from tallystick.ledger.models import Attempt, Delivery, Operation
from tallystick.ledger.standings import standings
from tallystick.ledger.state import SETTLED, State
from tallystick.subscriptions.models import Subscription

Change = tuple[str, int]


def check_promises(line: Line, *, hand_edited: bool = False) -> None:
    """P1 to P6 on one line. ``hand_edited``: somebody else changed it too, so totals may differ."""
    deliveries = list(
        Delivery.objects.filter(lane_id=line.lane_id)
        .select_related("operation")
        .order_by("sequence")
    )
    nothing_is_lost(line, deliveries)
    order_is_kept(deliveries)
    at_most_one_effect(line)
    green_is_proved(line, deliveries, hand_edited=hand_edited)
    one_record_each(deliveries)


def nothing_is_lost(line: Line, deliveries: Sequence[Delivery]) -> None:
    """P1: every operation since the mapping has its delivery, in a known state. Of each that the
    line bills, or has billed."""
    for whose in {line.subscription_id, *(one.operation.subscription_id for one in deliveries)}:
        operations = Operation.objects.filter(subscription_id=whose)
        numbers = list(operations.order_by("sequence").values_list("sequence", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        # The purchase came before the mapping: it has none.
        delivered = [one.operation for one in deliveries]
        assert [one.sequence for one in delivered if one.subscription_id == whose] == numbers[1:]
    for one in deliveries:
        State(one.state)


def order_is_kept(deliveries: Sequence[Delivery]) -> None:
    """P2, P5: behind the first unsettled one, nothing has been settled by sending."""
    unsettled = False
    for one in deliveries:
        if unsettled:
            assert one.state not in {State.SYNCED.value}, [d.state for d in deliveries]
        if State(one.state) not in SETTLED:
            unsettled = True
    in_flight = [one.attempt_id for one in deliveries if one.state in {"sending", "checking"}]
    assert len(set(in_flight)) <= 1


def at_most_one_effect(line: Line) -> None:
    """P2, P3: what took effect at Autotask is a subsequence of what was meant to be sent, in order.

    An attempt that was sent again after proof of absence is one intent, with its resends.
    """
    attempts = Attempt.objects.filter(lane_id=line.lane_id, kind="adjust").order_by("number")
    intents: list[Change] = []
    place: dict[int, int] = {}
    for attempt in attempts:
        change = (attempt.body["effective_on"], attempt.body["unit_change"])
        if attempt.resend_of_id is not None:
            place[attempt.pk] = place[attempt.resend_of_id]
            assert intents[place[attempt.pk]] == change, "a resend is the same, byte for byte"
        else:
            place[attempt.pk] = len(intents)
            intents.append(change)
    effects = [(effect["effective_on"], effect["unit_change"]) for effect in line.effects()]
    remaining = iter(intents)
    for effect in effects:
        assert any(effect == intent for intent in remaining), (effects, intents)


def green_is_proved(line: Line, deliveries: Sequence[Delivery], *, hand_edited: bool) -> None:
    """P4: green means Autotask has what the last operation says."""
    standing = standings(
        subscription_ids=[line.subscription_id], paused={}, now=line.world.clock.now()
    )[line.subscription_id]
    if standing.badge.kind.value != "synced":
        return
    lane = line.lane()
    assert lane.proved_at is not None
    assert not [one for one in deliveries if State(one.state) not in SETTLED]
    by_hand = any(one.state == State.RESOLVED.value for one in deliveries)
    if hand_edited or by_hand:
        return
    last = deliveries[-1]
    truth = line.units(max(last.effective_on, lane.expected_from or last.effective_on))
    assert (truth or 0) == lane.expected_units  # no row: its contract has ended
    group = Subscription.objects.filter(pk__in=group_of(line.subscription_id))
    held = Subscription.objects.get(pk=line.subscription_id)
    quantity = sum(_held(one, deliveries) for one in group or [held])
    if held.offer.kind == OfferKind.AZURE_PLAN.value and quantity:
        return  # billed by its months: its line keeps the units it was mapped with
    if quantity == 0 and lane.expected_unit_price == 0:
        return  # cancelled by the rule that leaves the units and takes the price away
    included = included_of(lane.connection_id, line.subscription_id)
    units = billed(quantity, included)
    assert lane.expected_units == units, (truth, lane.expected_units, quantity, included)


def _held(one: Subscription, deliveries: Sequence[Delivery]) -> int:
    its = [each for each in deliveries if each.operation.subscription_id == one.pk]
    return 0 if one.status == "suspended" and _takes_units(its) else one.quantity


def _takes_units(deliveries: Sequence[Delivery]) -> bool:
    """Whether the suspension took the units away, or was not applicable by its rule: they stay."""
    suspends = [one for one in deliveries if one.operation.kind == "suspend"]
    return bool(suspends) and suspends[-1].state == State.SYNCED.value


def one_record_each(deliveries: Sequence[Delivery]) -> None:
    """P6: exactly one *Update Subscription on Connection* says that an operation was performed."""
    found = AuditLog.objects.filter(
        delivery_id__in=[one.pk for one in deliveries],
        event=Event.UPDATE_SUBSCRIPTION_ON_CONNECTION.value,
        status=Status.SUCCEEDED.value,
    )
    recorded = sorted(found.values_list("delivery_id", flat=True))
    assert recorded == [one.pk for one in deliveries if one.state == State.SYNCED.value]
