"""Counting in sets says what the pure decision says, whatever is stored."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Min
from lane_bench import IN_STATE, Bench, new_bench

from factories import TODAY, Tenancy, number, sibling, tenancy
from tallystick.connections.models import Connection
from tallystick.ledger.at_stake import Counts, counts_at_stake, most_at_stake
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.counting import Queue, Whose, out_of_sync, queue_of
from tallystick.ledger.group import join
from tallystick.ledger.models import Delivery, Drift, DriftDecision, Lane, Member
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.standings import standings
from tallystick.mappings.models import SubscriptionMapping
from tallystick.mappings.rows import badge_counts, counts_by_badge, paused_connections
from tallystick.subscriptions.models import Subscription

ROUNDS = 40
NEEDY = {BadgeKind.OUT_OF_SYNC, BadgeKind.WAITING_FOR_APPROVAL}
LANE_FIELDS = ("begins_on", "begins_at", "drift_units", "expected_units", "proved_at", "agreed")


def benches(of: Tenancy) -> list[Bench]:
    """Two connections; on each, lanes with a head in every state, some shared by another
    subscription, and each state once more with a second lane that takes over."""
    made = []
    for connection_id in (of.connection(), of.connection()):
        for state in IN_STATE:
            for twice in (False, True):
                subscription_id = of.subscription(quantity=10)
                lane_id = of.map(
                    subscription_id, connection_id, contract_id=number(), line_id=number()
                )
                bench = Bench(of, connection_id, subscription_id, lane_id)
                bench.in_state(state.value)
                if twice:
                    second_lane(bench, stopped=state.value in {"pending", "synced", "checking"})
                elif len(made) % 4 == 0:
                    another_on(bench)
                made.append(bench)
    return made


def another_on(bench: Bench) -> int:
    """A subscription that is billed on its line, too."""
    subscription_id = bench.tenancy.subscription(quantity=4)
    own = SubscriptionMapping.objects.get(lane_id=bench.lane_id)
    own.pk, own.subscription_id, own.joined = None, subscription_id, True
    own.save()
    with transaction.atomic():
        join(bench.lane(), subscription_id, now=bench.now)
    return subscription_id


def second_lane(bench: Bench, *, stopped: bool) -> None:
    first = bench.lane()
    Lane.objects.filter(pk=first.pk).update(ends_on=TODAY)
    lane = Lane.objects.create(
        tenant_id=first.tenant_id,
        subscription_id=first.subscription_id,
        connection_id=first.connection_id,
        created_at=bench.now,
    )
    waiting = Delivery.objects.create(
        tenant_id=first.tenant_id,
        operation=bench.operations()[-1],
        lane=lane,
        sequence=1,
        state="pending",
        effective_on=TODAY,
        created_at=bench.now,
    )
    if stopped:
        Delivery.objects.filter(pk=waiting.pk).update(state="failed", cause="No.")


def agreed_to(lane: Lane, now: datetime) -> list[DriftDecision]:
    """An agreement that is over, and one that is not."""
    drift = Drift.objects.create(
        tenant_id=lane.tenant_id,
        lane=lane,
        kind="hand_edit",
        contract_id=1,
        line_id=1,
        began_on=TODAY,
        days=[],
        found_at=now,
    )
    return [
        DriftDecision.objects.create(
            tenant_id=lane.tenant_id,
            drift=drift,
            how="agreed",
            reason="agreed",
            until=until_at.date(),
            until_at=until_at,
            person="Ada Admin",
            at=now,
        )
        for until_at in (now, now + timedelta(days=1))
    ]


Agreements = dict[int, list[DriftDecision]]


def agreements_on(of: Tenancy, connection_ids: list[int]) -> Agreements:
    """Of every lane: what it may be agreed to, in any round."""
    lanes = Lane.objects.filter(connection_id__in=connection_ids)
    return {lane.pk: agreed_to(lane, of.clock.now()) for lane in lanes}


def shuffle(of: Tenancy, agreements: Agreements, chance: Random) -> None:
    """Whatever a lane, its head and its connection can hold."""
    now = of.clock.now()
    lanes = list(Lane.objects.filter(pk__in=agreements))
    for lane in lanes:
        begins = chance.choice([None, None, now - timedelta(days=1), now, now + timedelta(days=1)])
        lane.begins_at, lane.begins_on = begins, begins.date() if begins else None
        lane.drift_units = chance.choice([None, None, 0, 12])
        lane.expected_units = chance.choice([None, 0, 10])
        lane.proved_at = chance.choice([None, now])
        lane.agreed = chance.choice([None, *agreements[lane.pk]])
    Lane.objects.bulk_update(lanes, LANE_FIELDS)
    heads = list(Delivery.objects.filter(UNSETTLED, lane__in=lanes))
    for head in heads:
        head.tries = chance.randrange(4)
        head.cause = chance.choice(["", "It did not work."])
        head.awaits_approval = head.state == "pending" and chance.random() < 0.3
        if head.state in {"failed", "conflict"}:
            head.cause = "It did not work."
    Delivery.objects.bulk_update(heads, ["tries", "cause", "awaits_approval"])
    held = list(Subscription.objects.filter(pk__in={lane.subscription_id for lane in lanes}))
    for one in held:
        one.quantity = chance.randrange(20)
        one.unit_price = chance.choice([None, Decimal("15.2"), Decimal("9.99")])
        one.status = chance.choice(["active", "active", "suspended", "expired"])
    Subscription.objects.bulk_update(held, ["quantity", "unit_price", "status"])
    for pk in sorted({lane.connection_id for lane in lanes}):
        Connection.objects.filter(pk=pk).update(
            paused_at=chance.choice([None, now]),
            paused_because=chance.choice(["", "Paused by Ada."]),
            resume_at=chance.choice([None, now, now + timedelta(hours=1)]),
        )


def whose(of: Tenancy, connection_id: int) -> Whose:
    paused = paused_connections({connection_id}, now=of.clock.now())
    return Whose(of.tenant_id, of.context.reseller_id, paused)


def staked(of: Tenancy, connection_id: int) -> Counts:
    return counts_at_stake([connection_id], whose(of, connection_id), now=of.clock.now())


def recounted(of: Tenancy, connection_id: int) -> dict[BadgeKind, tuple[object, ...]]:
    """Of each kind that is there: quantity, money a month to a euro, the oldest proof."""
    found: dict[BadgeKind, list[Subscription]] = {}
    kinds = by_subscription(of, connection_id)
    for pk, row in Subscription.objects.in_bulk(kinds).items():
        found.setdefault(kinds[pk], []).append(row)
    proofs = dict(
        Lane.objects.filter(connection_id=connection_id, open=True, proved_at__isnull=False)
        .values_list("subscription_id")
        .annotate(oldest=Min("proved_at"))
    )
    for one in Member.objects.filter(
        lane__connection_id=connection_id, lane__proved_at__isnull=False
    ):
        proofs[one.subscription_id] = one.lane.proved_at
    said: dict[BadgeKind, tuple[object, ...]] = {}
    for kind, rows in found.items():
        billed = [row for row in rows if row.status in {"active", "suspended"}]
        money = sum((row.quantity * (row.unit_price or Decimal(0)) for row in billed), Decimal(0))
        oldest = min((proofs[row.pk] for row in rows if row.pk in proofs), default=None)
        said[kind] = (sum(row.quantity for row in billed), round(money), oldest)
    return said


def told(counts: Counts, kind: BadgeKind) -> tuple[object, ...]:
    held = counts.of(kind)
    return held.quantity, round(held.a_month.get("EUR", Decimal(0))), held.proved_at


def needy(of: Tenancy, connection_id: int) -> set[int]:
    found = most_at_stake([connection_id], whose(of, connection_id), now=of.clock.now(), limit=1000)
    return {one.subscription_id for one in found}


def one_by_one(of: Tenancy, connection_id: int) -> Counter[BadgeKind]:
    """By the pure decision, row by row."""
    return Counter(by_subscription(of, connection_id).values())


def by_subscription(of: Tenancy, connection_id: int) -> dict[int, BadgeKind]:
    rows = Subscription.objects.filter(subscriptionmapping__connection_id=connection_id)
    ids = list(rows.filter(**of.context.scope()).values_list("pk", flat=True))
    now = of.clock.now()
    paused = paused_connections({connection_id}, now=now)
    found = standings(subscription_ids=ids, paused=paused, now=now)
    return {pk: standing.badge.kind for pk, standing in found.items()}


def test_the_database_counts_what_the_pure_decision_says(db: None) -> None:
    of = tenancy()
    benches_of = benches(of)
    ids = sorted({bench.connection_id for bench in benches_of})
    # Another tenant's, and an unmapped one: never counted.
    new_bench().in_state("failed")
    Lane.objects.filter(pk=benches_of[-2].lane_id).update(open=False)
    chance, agreements = Random(20260510), agreements_on(of, ids)
    seen: Counter[BadgeKind] = Counter()
    for _ in range(ROUNDS):
        shuffle(of, agreements, chance)
        counted = badge_counts(of.context, ids, now=of.clock.now())
        for connection_id in ids:
            expected = one_by_one(of, connection_id)
            assert +Counter(counted[connection_id]) == expected
            at_stake = staked(of, connection_id)
            assert +Counter({k: at_stake.of(k).subscriptions for k in BadgeKind}) == expected
            assert at_stake.mapped == expected.total()
            counted_anew = recounted(of, connection_id)
            assert {kind: told(at_stake, kind) for kind in counted_anew} == counted_anew
            assert needy(of, connection_id) == {
                pk for pk, one in by_subscription(of, connection_id).items() if one in NEEDY
            }
            seen += expected
    assert set(seen) == set(BadgeKind) - {BadgeKind.NOT_MAPPED}, "a kind was never there"


def test_the_red_ones_are_listed_as_the_pure_decision_says(db: None) -> None:
    """Whether the connection is paused or not: who waits behind a pause is not red by itself."""
    of = tenancy()
    ids = sorted({bench.connection_id for bench in benches(of)})
    new_bench().in_state("failed")  # another tenant's
    chance, agreements = Random(20260511), agreements_on(of, ids)
    drifted = set[bool]()
    for _ in range(ROUNDS):
        shuffle(of, agreements, chance)
        now = of.clock.now()
        red = {
            one.subscription_id: one for one in out_of_sync(ids, tenant_id=of.tenant_id, now=now)
        }
        rows = Subscription.objects.filter(subscriptionmapping__connection_id__in=ids)
        held = list(rows.values_list("pk", flat=True))
        found = standings(subscription_ids=held, paused={}, now=now)
        kind = BadgeKind.OUT_OF_SYNC
        assert set(red) == {pk for pk, one in found.items() if one.badge.kind is kind}
        lanes = Counter(Lane.objects.filter(open=True).values_list("subscription_id", flat=True))
        lanes.update(Member.objects.values_list("subscription_id", flat=True))
        for pk, one in red.items():
            assert one.connection_id == found[pk].lane.connection_id
            if lanes[pk] == 1:
                assert one.drifted == (found[pk].head_operation_id is None)
                drifted.add(one.drifted)
    assert drifted == {True, False}


def test_a_context_counts_its_own_subscriptions_only(db: None) -> None:
    reseller = tenancy(reseller=True)
    bench = new_bench(reseller)
    other = sibling(reseller)
    now = bench.now

    def counted(of: Tenancy) -> int:
        return sum(counts_by_badge(of.context, bench.connection_id, now=now).values())

    assert [counted(reseller), counted(other), counted(tenancy())] == [1, 0, 0]
    assert badge_counts(reseller.context, [], now=now) == {}


class TestQueue:
    def test_what_waits_is_counted_by_where_it_stands(self, db: None) -> None:
        of = tenancy()
        first = new_bench(of)
        assert queue_of(first.connection_id, now=first.now).waiting == 1
        made: dict[str, Any] = {}
        for state in IN_STATE:
            subscription_id = of.subscription(quantity=10)
            lane_id = of.map(
                subscription_id, first.connection_id, contract_id=number(), line_id=number()
            )
            made[state.value] = Bench(of, first.connection_id, subscription_id, lane_id)
            made[state.value].in_state(state.value)
            of.later(seconds=1)
        queue = queue_of(first.connection_id, now=of.clock.now())
        assert (queue.waiting, queue.sending, queue.checking, queue.stopped) == (2, 1, 1, 2)
        assert (queue.unsettled, queue.planned) == (6, 0)
        assert queue.oldest is not None
        assert queue.oldest.subscription_id == first.subscription_id
        assert queue.oldest.operation_id == first.first().operation_id

    def test_what_is_held_for_review_is_counted_by_itself(self, db: None) -> None:
        bench = new_bench()
        Delivery.objects.filter(lane_id=bench.lane_id).update(awaits_approval=True)
        queue = queue_of(bench.connection_id, now=bench.now)
        assert (queue.waiting, queue.to_approve) == (1, 1)

    def test_what_belongs_to_a_day_that_has_not_begun_is_no_backlog(self, db: None) -> None:
        bench = new_bench()
        tomorrow = bench.now + timedelta(days=1)
        Lane.objects.filter(pk=bench.lane_id).update(
            begins_at=tomorrow, begins_on=tomorrow.date(), expected_unit_price=Decimal(1)
        )
        queue = queue_of(bench.connection_id, now=bench.now)
        assert queue == Queue(0, 0, 0, 0, planned=1, oldest=None)
        assert queue.unsettled == 0
        assert queue_of(bench.connection_id, now=tomorrow).waiting == 1
