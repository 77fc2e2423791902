"""What the tally says is what a recount says: after anything, in any order, and by many at once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

import pytest
from django.db import DatabaseError, connection, transaction
from lane_bench import Bench, new_bench

from crowd import CROWD, DONE, Act, Crowd, crowd
from factories import Tenancy, number, sibling, tenancy
from tallystick.ledger.group import join, lanes_of, part, sharers_of
from tallystick.ledger.models import Lane, Tally
from tallystick.ledger.tally import fold_tally
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.subscriptions.models import Subscription

ACTS, ROUNDS = 150, 5
KINDS = "tenant_id, reseller_id, connection_id, offer_id, status, price_currency"
TOLD = f"""
SELECT {KINDS}, sum(lanes), sum(quantity), sum(charged) FROM ledger_tally WHERE tenant_id = %s
GROUP BY {KINDS} HAVING (sum(lanes), sum(quantity), sum(charged)) <> (0, 0, 0)
"""  # noqa: S608 - literals of this file
COUNTED = """
SELECT s.tenant_id, s.reseller_id, l.connection_id, s.offer_id, s.status, s.price_currency,
       count(*), sum(s.quantity), sum(s.quantity * coalesce(s.unit_price, 0))
FROM (
    SELECT connection_id, subscription_id FROM ledger_lane WHERE open
    UNION ALL SELECT o.connection_id, m.subscription_id
    FROM ledger_lane_member m JOIN ledger_lane o ON o.id = m.lane_id WHERE m.left_at IS NULL
) l JOIN subscriptions_subscription s ON s.id = l.subscription_id
WHERE s.tenant_id = %s GROUP BY 1, 2, 3, 4, 5, 6
"""


def asked(sql: str, tenant_id: int) -> set[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [tenant_id])
        return {tuple(row) for row in cursor.fetchall()}


def is_right(of: Tenancy) -> bool:
    return asked(TOLD, of.tenant_id) == asked(COUNTED, of.tenant_id)


def also_mapped(of: Tenancy, first: Bench) -> int:
    subscription_id = of.subscription(quantity=3)
    of.map(subscription_id, first.connection_id, contract_id=number(), line_id=number())
    return subscription_id


def change(subscription_id: int, offers: list[int], resellers: list[int], chance: Random) -> None:
    fields = {
        "quantity": chance.randrange(50),
        "unit_price": chance.choice([None, Decimal("15.2000"), Decimal("0.0001")]),
        "status": chance.choice(["active", "suspended", "expired", "deleted"]),
        "price_currency": chance.choice(["", "EUR", "USD"]),
        "offer_id": chance.choice(offers),
        "reseller_id": chance.choice(resellers),
    }
    name = chance.choice(list(fields))
    Subscription.objects.filter(pk=subscription_id).update(**{name: fields[name]})


def turn(subscription_id: int, chance: Random) -> None:
    """A lane that is open is closed, and the other way round; as one update, or as a save."""
    lane = Lane.objects.filter(subscription_id=subscription_id).latest("pk")
    if chance.random() < 0.5:
        Lane.objects.filter(pk=lane.pk).update(open=not lane.open)
    else:
        lane.open = not lane.open
        lane.save()


def share(shared: int, alone: list[int], chance: Random) -> None:
    """Another joins the lane that one began, or one of those on it leaves, perhaps that one."""
    with transaction.atomic():
        everybody = [shared, *alone]
        lane = Lane.objects.filter(lanes_of(everybody)).select_for_update(no_key=True).get()
        on_it = [lane.subscription_id, *sharers_of([lane.pk]).get(lane.pk, ())]
        off_it = [one for one in everybody if one not in on_it]
        if len(on_it) > 1 and (chance.random() < 0.5 or not off_it):
            part(lane, chance.choice(on_it), now=lane.created_at)
        else:
            join(lane, chance.choice(off_it), now=lane.created_at)


def test_a_recount_says_the_same_after_anything(db: None) -> None:
    of = tenancy(reseller=True)
    first = new_bench(of)
    held = [first.subscription_id, *(also_mapped(of, first) for _ in range(4))]
    alone = [of.subscription(quantity=2) for _ in range(3)]
    shared = also_mapped(of, first)
    offers = [of.offer(), of.offer()]
    resellers = [of.reseller_id or 0, sibling(of).reseller_id or 0]
    chance = Random(20261127)
    folded = 0
    for _ in range(ACTS):
        match chance.randrange(6):
            case 0:
                turn(chance.choice(held), chance)
            case 1:
                folded += fold_tally()
            case 2:
                share(shared, alone, chance)
            case _:
                change(chance.choice([*held, *alone, shared]), offers, resellers, chance)
        assert is_right(of)
    assert folded
    assert asked(COUNTED, of.tenant_id)


@pytest.fixture
def all_at_once(db: None) -> Iterator[Crowd]:
    with crowd() as together:
        yield together


def test_it_is_right_when_many_change_the_same_at_once(all_at_once: Crowd) -> None:
    of = tenancy()
    bench = new_bench(of)
    other = also_mapped(of, bench)

    def act(number_: int) -> Act:
        chance = Random(number_)

        def one() -> str:
            match number_ % 4:
                case 0:
                    quantity = chance.randrange(50)
                    Subscription.objects.filter(pk=bench.subscription_id).update(quantity=quantity)
                case 1:
                    Lane.objects.filter(pk=bench.lane_id).update(open=chance.random() < 0.5)
                case 2:
                    price = Decimal(chance.randrange(50))
                    Subscription.objects.filter(pk=other).update(unit_price=price)
                case _:
                    fold_tally()
            return DONE

        return one

    for round_ in range(ROUNDS):
        assert all_at_once.do([act(CROWD * round_ + n) for n in range(CROWD)]) == [DONE] * CROWD
        assert is_right(of)


def test_nobody_writes_there_but_the_database(db: None) -> None:
    of = new_bench().tenancy
    rows = Tally.objects.filter(tenant_id=of.tenant_id)
    for write in (lambda: rows.update(lanes=0), rows.delete):
        with pytest.raises(DatabaseError, match="permission denied"):
            write()


def test_a_subscription_knows_whether_it_is_mapped(db: None) -> None:
    bench = new_bench()

    def mapped() -> bool:
        return Subscription.objects.get(pk=bench.subscription_id).mapped

    read_before = Subscription.objects.get(pk=bench.tenancy.subscription())
    assert not read_before.mapped
    lane_id = bench.tenancy.map(
        read_before.pk, bench.connection_id, contract_id=number(), line_id=number()
    )
    assert lane_id
    # Whoever writes what was read before changes nothing of it.
    read_before.save()
    assert Subscription.objects.get(pk=read_before.pk).mapped
    bench.in_state("synced")
    assert mapped()
    unmap_subscription(
        bench.subscription_id,
        bench.connection_id,
        context=bench.tenancy.context,
        now=bench.now,
        correlation_id="test",
    )
    assert not mapped()
