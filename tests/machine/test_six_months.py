"""Six months of a made-up reseller's life, day by day, with faults, people and postings.

Every morning some operations of every kind are recorded; one request in a hundred is struck by a
fault; early in each month most contracts are approved and posted; now and then somebody edits a
line by hand. Azure plans get their months, and corrections of them; some subscriptions move between
a monthly and a yearly contract, some to another reseller and back; terms end, and what is scheduled
happens by itself. A person looks at what is red and does what its cause says. On 30 June everything
must be as the ledger says, or be visibly stopped; what was left must be at 0.

The life is in ``life.py``, what is recorded in ``life_acts.py`` and ``life_moves.py``.

TALLYSTICK_LIFE_SUBSCRIPTIONS, TALLYSTICK_LIFE_OPERATIONS: how large a life, 40 and 300 among all
tests. The whole one has 5,000 and takes some minutes: ``make life``. In that one every kind of
operation has to have happened; a small one may miss some.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from django.db.models import QuerySet

from azure_world import Plan
from checks import check_promises, green_is_proved, one_record_each, order_is_kept
from harness import Line, world_on
from life import DAYS, LAST, OPERATIONS, SUBSCRIPTIONS, Life
from life_acts import ACTS
from life_moves import WORKERS, add_movers
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.policies import BackDated, SameDayPolicy
from tallystick.identity.people import add_reseller
from tallystick.kit.clock import SteppedClock
from tallystick.ledger.expected import steps
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Attempt, Delivery, Lane, Operation
from tallystick.ledger.state import SETTLED, State
from tallystick.mappings.leave import left_lines
from tallystick.simulator.running import running_simulator

# From so many operations on none of them may be missing.
LARGE = 5_000
# Has to be decided on, or moved to a contract of next year: tests/scenarios has them.
NOT_LIVED = {
    OperationKind.CONTINUE,
    OperationKind.CORRECT,
    OperationKind.ONE_OFF_CHARGE,
    OperationKind.RESTORE,
}


def test_it_ends_equal(db: None) -> None:
    clock = SteppedClock(datetime(2026, 1, 1, 9, tzinfo=UTC))
    knobs = {"hourly_threshold": 10_000_000}
    with running_simulator(knobs=knobs) as simulator, world_on(simulator, clock=clock) as world:
        world.policy(same_day_policy=SameDayPolicy.NEXT_DAY, back_dated=BackDated.MOVE)
        life = Life(world, Random(20260630), ACTS, WORKERS)
        life.reseller_id = add_reseller(world.tenancy.tenant_id, "The other", now=clock.now())
        life.begin()
        add_movers(life, max(2, SUBSCRIPTIONS // 20))
        for number in range(DAYS):
            if number == DAYS // 2:  # a month's amounts are set on the line from now on
                world.policy(azure_amounts=AzureAmounts.LINE)
            life.day(OPERATIONS * (number + 1) // DAYS - OPERATIONS * number // DAYS)
        for _ in range(5):
            world.sweep()
            life._pass(1)
            life._somebody_looks()

        said(life)
        assert life.struck, "a life without a fault shows nothing"
        of = Operation.objects.filter(subscription_id__in=[x.subscription_id for x in life.lines])
        assert of.count() >= SUBSCRIPTIONS + OPERATIONS * 0.95
        stopped = [line for line in life.here() if not settled(line)]
        assert all(line.badge == "out_of_sync" and line.cause for line in stopped)
        assert len(stopped) <= SUBSCRIPTIONS // 20, [line.cause for line in stopped]
        assert world.sweep().different == 0, [
            (line.states(), line.cause) for line in life.here() if line.badge != "synced"
        ]
        # Of several lines, or of none for a while: its numbers are not all on this line.
        lanes = Counter(Lane.objects.values_list("subscription_id", flat=True))
        moved = {one for one, many in lanes.items() if many > 1} | set(life.unmapped)
        for line in life.here():
            if line in stopped:
                continue
            assert line.badge == "synced", (line.cause, line.states())
            by_hand = line.lane_id in life.edited
            if line.subscription_id in moved:
                promises_on_all_its_lines(life, line, by_hand=by_hand)
            else:
                check_promises(line, hand_edited=by_hand)
            for step in steps(line.lane(), today=life.today):
                assert (line.units(max(step.starts_on, life.today)) or 0) == step.units
        months_are_billed_once(life)
        what_was_left_is_at_0(life)
        if OPERATIONS >= LARGE:
            every_kind_happened(life)


def every_kind_happened(life: Life) -> None:
    """Each act, and each kind of operation that acts and days bring about; with what became of it:
    a kind whose every operation stands stopped has not happened."""
    assert set(ACTS) <= set(life.did), set(ACTS) - set(life.did)
    done = Delivery.objects.filter(
        operation__subscription_id__in=[line.subscription_id for line in life.lines],
        state__in=[state.value for state in SETTLED],
    )
    kinds = set(done.values_list("operation__kind", flat=True).distinct())
    # A purchase is before its mapping: it has no delivery.
    missing = set(OperationKind) - NOT_LIVED - {OperationKind.PURCHASE} - kinds
    assert not missing, sorted(missing)


def promises_on_all_its_lines(life: Life, line: Line, *, by_hand: bool) -> None:
    """P1 to P6 of a subscription that had several lanes, and on what they billed by."""
    here = Operation.objects.filter(subscription_id=line.subscription_id).order_by("sequence")
    numbers = set(here.values_list("sequence", flat=True))
    lanes = Delivery.objects.filter(lane__subscription_id=line.subscription_id)
    delivered = set(lanes.values_list("sequence", flat=True))
    assert numbers == set(range(1, len(numbers) + 1))
    # The purchase came before the mapping: it has no delivery.
    assert delivered | life.unmapped.get(line.subscription_id, set()) | {1} == numbers
    theirs = [one for one in life.left if one.subscription_id == line.subscription_id]
    for one in [*theirs, line]:
        deliveries = list(one_lane(one))
        order_is_kept(deliveries)
        one_record_each(deliveries)
    green_is_proved(line, list(one_lane(line)), hand_edited=by_hand)
    attempts = Attempt.objects.filter(lane__subscription_id=line.subscription_id, kind="adjust")
    meant = Counter(
        (one.body["effective_on"], one.body["unit_change"])
        for one in attempts.filter(resend_of=None)
    )
    lines = {one.line_id: one for one in [*theirs, line]}
    done = Counter(
        (effect["effective_on"], effect["unit_change"])
        for one in lines.values()
        for effect in one.effects()
    )
    assert not done - meant, (done, meant)


def one_lane(line: Line) -> QuerySet[Delivery]:
    found = Delivery.objects.filter(lane_id=line.lane_id).select_related("operation")
    return found.order_by("sequence")


def what_was_left_is_at_0(life: Life) -> None:
    """In Autotask, unless it visibly stands stopped or somebody decided otherwise."""
    stopped = {
        one.lane_id
        for one in left_lines(life.world.tenancy.context, life.world.connection_id)
        if one.stopped
    }
    in_use = {line.line_id for line in life.here()}
    away = [line for line in life.lines if line.subscription_id in life.away]
    ends: dict[int, list[Delivery]] = {}  # a mover comes back to a line, and leaves it again
    for line in [*life.left, *away]:
        if line.line_id not in in_use:
            ends.setdefault(line.line_id, []).append(list(one_lane(line))[-1])
    for line_id, last in ends.items():
        if (stopped | life.edited) & {one.lane_id for one in last}:
            continue
        # Where its last day was used already a line ends with the next one, and says so.
        day = max([life.today, *(one.effective_on for one in last)])
        told = [
            (one.lane_id, one.operation.kind, one.effective_on, one.moved_because) for one in last
        ]
        assert (life.world.simulator.units_on(line_id, day) or 0) == 0, (line_id, told)


def months_are_billed_once(life: Life) -> None:
    """What every plan came to, month by month: on its line and by charges, as the ledger says."""
    for plan in life.plans:
        if plan.line.lane_id in life.edited or not settled(plan.line):
            continue
        said = {
            one.after["month"]: (Decimal(one.after["price"]), Decimal(one.after["cost"]))
            for one in Operation.objects.filter(
                subscription_id=plan.line.subscription_id, kind="azure_amounts"
            ).order_by("sequence")
        }
        plan.post(LAST)
        assert plan.billed() == said, history(plan)


def history(plan: Plan) -> str:
    """All that was recorded and sent of a plan, and what Autotask has of it: to be read when its
    months are not as they should be."""
    found = Delivery.objects.filter(lane_id=plan.line.lane_id).select_related("operation")
    lines = [
        f"{one.sequence} {one.operation.kind} {one.operation.effective_on} sent {one.effective_on} "
        f"{one.state} {one.carrier} {one.operation.after}"
        for one in found.order_by("sequence")
    ]
    lines += [f"adjustment {effect}" for effect in plan.line.effects()]
    lines += [f"charge {one}" for one in plan.charged()]
    return "\n".join(["", *lines, f"billed {plan.billed()}"])


def settled(line: Line) -> bool:
    return all(State(one.state) in SETTLED for one in line.deliveries())


def said(life: Life) -> None:
    """What happened, for who runs it alone (``-s``)."""
    states = Counter(state for line in life.lines for state in line.states())
    print(f"\n{dict(life.did)}\n{life.struck} faults struck, {dict(states)}")
    of = Operation.objects.filter(subscription_id__in=[one.subscription_id for one in life.lines])
    kinds = Counter(of.values_list("kind", flat=True))
    print("kinds: " + ", ".join(f"{kind} {many}" for kind, many in kinds.most_common()))
    print(f"looked at because of {dict(life.causes)}")
    effects = sum(len(line.effects()) for line in life.lines)
    print(f"{len(life.left)} lines left, {len(life.away)} with another reseller")
    print(f"{effects} adjustments, {len(life.edited)} lines somebody decided on or edited")
