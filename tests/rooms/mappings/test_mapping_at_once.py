"""The rules of mapping hold when twenty ask at the same moment, by verb and through the API.

One has done it, the others are told so (409, never a fault), and the audit log says it once.
``TALLYSTICK_CROWD_ROUNDS=100`` for a long look.
"""

from __future__ import annotations

import pytest

from crowd import CROWD, DONE, Act, Crowd, by_api, by_verb, refusals, winners
from desk import desk
from factories import TODAY, sibling, tenancy
from ground import (
    LINE_TAKEN,
    MAPPED_ALREADY,
    ROUNDS,
    Ground,
    excludes,
    in_turn,
    is_excluded,
    one,
    token_of,
)
from tallystick.audit.events import Event
from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.directory.refresh import refresh
from tallystick.ledger.models import Lane
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import NextPlace, SubscriptionMapping


def test_one_subscription_and_two_connections(ground: Ground, all_at_once: Crowd) -> None:
    here, other = ground.here, ground.of.connection()
    refresh(other, here.directory, clock=here.of.clock)
    ground.name(other)
    for round_ in range(ROUNDS):
        subscription = ground.subscription()
        line = f"k{round_}"
        said = all_at_once.do(
            in_turn(
                ground.maps(subscription, here.connection_id, line),
                ground.puts(subscription, other, line),
                ground.puts(subscription, here.connection_id, None),
                ground.maps(subscription, other, None),
            )
        )
        assert winners(said) == 1
        assert refusals(said) == {MAPPED_ALREADY}
        assert SubscriptionMapping.objects.filter(subscription_id=subscription).count() == 1
        assert Lane.objects.filter(subscription_id=subscription, open=True).count() == 1
        made = ground.audited(Event.CREATE_SUBSCRIPTION_MAPPING, subscription_id=subscription)
        assert made == 1


SECRETS = ("Own Autotask", "Their Autotask", "Contoso GmbH", "Cloud", "Rita", "Ada", "Reseller")


@pytest.mark.parametrize("first", ["csp", "reseller", "together"])
def test_a_csp_and_its_reseller_are_told_nothing_of_each_other(
    db: None, all_at_once: Crowd, first: str
) -> None:
    """Whoever comes second reads the same sentence, word for word: nobody's names are in it."""
    csp = tenancy()
    reseller = sibling(csp)
    with desk(csp) as here:
        ground = Ground(here)
        # What the reseller sells both can see; each has a connection of its own to map it on.
        ground.customer = reseller.customer("Fabrikam")
        theirs = reseller.connection(
            user_name=here.simulator.user,
            secret=here.simulator.secret,
            code=here.simulator.code,
            name="Their Autotask",
        )
        ours = csp.connection(name="Own Autotask")
        for connection_id, of in ((ours, csp), (theirs, reseller)):
            refresh(connection_id, here.directory, clock=csp.clock)
            ground.name(connection_id, of=of)
        tokens = {"csp": ground.token, "reseller": token_of(reseller)}
        for round_ in range(ROUNDS):
            subscription = reseller.subscription(customer_id=ground.customer, offer_id=ground.offer)
            line = f"k{round_}"
            acts = {
                "csp": [
                    ground.maps(subscription, ours, line),
                    ground.puts(subscription, ours, line, tokens["csp"]),
                ],
                "reseller": [
                    ground.maps(subscription, theirs, line, reseller),
                    ground.puts(subscription, theirs, line, tokens["reseller"]),
                ],
            }
            said = []
            if first != "together":
                said.append(acts[first][0]())
                second = "reseller" if first == "csp" else "csp"
                said += all_at_once.do(in_turn(*acts[second]))
            else:
                said += all_at_once.do(in_turn(*acts["csp"], *acts["reseller"]))
            assert winners(said) == 1
            assert refusals(said) == {MAPPED_ALREADY}
            assert not [name for name in SECRETS for why in said if name in why]
            found = SubscriptionMapping.objects.get(subscription_id=subscription)
            if first != "together":
                assert found.connection_id == {"csp": ours, "reseller": theirs}[first]
            made = ground.audited(Event.CREATE_SUBSCRIPTION_MAPPING, subscription_id=subscription)
            assert made == 1


def test_one_line_and_many_subscriptions(ground: Ground, all_at_once: Crowd) -> None:
    at = ground.here.connection_id
    for round_ in range(ROUNDS):
        line = f"k{round_}"
        subscriptions = [ground.subscription() for _ in range(CROWD)]
        said = all_at_once.do(
            [
                (ground.puts if number % 2 else ground.maps)(subscription, at, line)
                for number, subscription in enumerate(subscriptions)
            ]
        )
        assert winners(said) == 1
        assert refusals(said) == {LINE_TAKEN}
        rows = SubscriptionMapping.objects.filter(line_id=ground.here.refs[line])
        assert rows.filter(subscription_id__in=subscriptions).count() == 1
        made = ground.audited(Event.CREATE_SUBSCRIPTION_MAPPING, subscription_id__in=subscriptions)
        assert made == 1


def test_a_line_from_now_or_from_a_day_on(ground: Ground, all_at_once: Crowd) -> None:
    """Who maps it and who continues on it are kept in two tables: still only one gets it."""
    at = ground.here.connection_id
    for round_ in range(ROUNDS):
        line = f"n{round_}"
        going_on = proved(ground, f"k{round_}")
        fresh = [ground.subscription() for _ in range(CROWD)]
        there = {"contract_id": ground.here.refs["n"]}
        acts: list[Act] = []
        for number, subscription in enumerate(fresh):
            if number % 4 == 0:
                acts.append(ground.goes_on(going_on, line))
            elif number % 4 == 1:
                acts.append(ground.posts_on(going_on, line))
            elif number % 4 == 2:
                acts.append(_maps_on_next(ground, subscription, line))
            else:
                body = {**there, "line": "use", "first_sync": "none"}
                body["contract_service_id"] = ground.here.refs[line]
                acts.append(by_api(ground.token, "PUT", one(at, subscription), body))
        said = all_at_once.do(acts)
        assert winners(said) == 1
        line_id = ground.here.refs[line]
        now = SubscriptionMapping.objects.filter(connection_id=at, line_id=line_id).count()
        later = NextPlace.objects.filter(connection_id=at, line_id=line_id).count()
        assert now + later == 1


def _maps_on_next(ground: Ground, subscription: int, line: str) -> Act:
    return by_verb(
        lambda: map_line(
            subscription,
            ground.here.connection_id,
            contract_id=ground.here.refs["n"],
            line_id=ground.here.refs[line],
            first_sync=FirstSync.NONE,
            today=TODAY,
            asked=ground.of.asked(),
        )
    )


def proved(ground: Ground, line: str) -> int:
    """A subscription that is mapped, and whose line was read."""
    subscription = ground.subscription()
    assert ground.maps(subscription, ground.here.connection_id, line)() == DONE
    Lane.objects.filter(subscription_id=subscription).update(expected_units=10)
    return subscription


def test_continued_on_a_line_of_its_own_or_on_one_that_is_there(
    ground: Ground, all_at_once: Crowd
) -> None:
    for round_ in range(ROUNDS):
        subscription = proved(ground, f"k{round_}")
        line = f"n{round_}"
        said = all_at_once.do(
            in_turn(
                ground.goes_on(subscription, line),
                ground.posts_on(subscription, None),
                ground.goes_on(subscription, None),
                ground.posts_on(subscription, line),
            )
        )
        assert winners(said) == 1
        assert all("Nothing was changed" in why for why in refusals(said))
        assert NextPlace.objects.filter(subscription_id=subscription).count() == 1
        assert Lane.objects.filter(subscription_id=subscription, open=True).count() == 2
        made = ground.audited(Event.CONTINUE_SUBSCRIPTION_MAPPING, subscription_id=subscription)
        assert made == 1


def test_mapping_and_excluding_a_subscription(ground: Ground, all_at_once: Crowd) -> None:
    at = ground.here.connection_id
    for round_ in range(ROUNDS):
        subscription, line = ground.subscription(), f"k{round_}"
        said = all_at_once.do(
            in_turn(
                ground.maps(subscription, at, line),
                by_verb(excludes(ground, Ours.SUBSCRIPTION, subscription)),
                ground.puts(subscription, at, line),
            )
        )
        assert SubscriptionMapping.objects.filter(subscription_id=subscription).count() == 1
        assert not is_excluded(ground, Ours.SUBSCRIPTION, subscription)
        made = ground.audited(Event.CREATE_SUBSCRIPTION_MAPPING, subscription_id=subscription)
        left_out = ground.audited(Event.EXCLUDE_FROM_MAPPING, subscription_id=subscription)
        assert made == 1
        assert winners(said) == made + left_out <= 2
