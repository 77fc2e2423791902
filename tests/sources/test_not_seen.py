"""What a person records and the source never shows is told after 48 hours, and only then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from factories import TODAY, tenancy, user
from tallystick.bootstrap.home import home
from tallystick.kit.ids import correlation_id
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Origin
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.sources.intake.event import State
from tallystick.sources.models import Source
from tallystick.sources.not_seen import SEEN_WITHIN, Done, Missed, not_seen
from tallystick.sources.watch_not_seen import watch_not_seen
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus
from tellers import Teller, teller

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=3)


def done(kind: OperationKind, at: datetime = LONG_AGO, ref: str = "user/1") -> Done:
    return Done(kind, ref, at, at)


def ours(**said: Any) -> State:
    usual = {"quantity": 12, "status": SubscriptionStatus.ACTIVE, "end_of_term": EndOfTerm.RENEW}
    return State(**{**usual, **said})


@pytest.mark.parametrize(
    ("here", "there", "kinds", "words"),
    [
        ({}, {"quantity": 10}, ["update_quantity"], "quantity 12 here, 10 there"),
        ({}, {"quantity": 12, "status": SubscriptionStatus.ACTIVE}, ["update_quantity"], ""),
        ({}, {}, ["update_quantity"], ""),  # it never said how many
        ({}, {"quantity": 10}, ["cancel"], ""),  # nobody recorded a quantity
        (
            {"status": SubscriptionStatus.CANCELLED, "quantity": 0},
            {"quantity": 12, "status": SubscriptionStatus.ACTIVE},
            ["cancel"],
            "cancelled here, active there",
        ),
        (
            {"status": SubscriptionStatus.CANCELLED},
            {"quantity": 10, "status": SubscriptionStatus.DELETED},
            ["cancel"],
            "",
        ),
        (
            {"end_of_term": EndOfTerm.CANCEL},
            {"quantity": 10, "end_of_term": EndOfTerm.RENEW},
            ["set_end_of_term", "update_quantity"],
            "quantity 12 here, 10 there; at the end of the term “Ends” here, “Renews” there",
        ),
    ],
)
def test_what_differs_and_a_person_said(
    here: dict[str, Any], there: dict[str, Any], kinds: list[str], words: str
) -> None:
    said = [done(OperationKind(kind)) for kind in kinds]
    found = not_seen(ours(**here), State(**there), said, looked_at=None, now=NOW)
    assert found == (Missed(words, LONG_AGO) if words else None)


def test_what_the_source_or_nobody_said_last_is_no_change_of_a_person() -> None:
    kind = OperationKind.UPDATE_QUANTITY
    for ref in ("source/4", "system"):
        said = [done(kind, ref=ref), done(kind)]
        assert not not_seen(ours(), State(quantity=10), said, looked_at=None, now=NOW)


def test_it_has_48_hours_from_its_own_day_and_is_looked_at_once_more() -> None:
    theirs, kind = State(quantity=10), OperationKind.UPDATE_QUANTITY
    due = NOW - SEEN_WITHIN
    for at, looked_at, is_missed in (
        (due, None, True),
        (due + timedelta(seconds=1), None, False),
        (due, NOW, True),
        (due, due, False),  # not looked at since: nobody knows
    ):
        found = not_seen(ours(), theirs, [done(kind, at)], looked_at=looked_at, now=NOW)
        assert bool(found) is is_missed
    ahead = Done(kind, "user/1", LONG_AGO, NOW)
    assert not not_seen(ours(), theirs, [ahead], looked_at=None, now=NOW)


@pytest.fixture
def told(db: None) -> Teller:
    return teller(tenancy())


def asked(told: Teller) -> Asked:
    return Asked(
        context=told.of.context,
        origin=Origin("page", None),
        correlation_id=correlation_id(),
        now=told.of.clock.now(),
        wake=told.nudge,
    )


def test_home_tells_it_until_the_source_shows_it(told: Teller) -> None:
    subject, of = told.subject(), told.of
    told.tell(told.bought(subject, 10))
    held = told.held(subject)
    change_quantity(subscription_id=held.pk, quantity=12, today=TODAY, asked=asked(told))

    def seen(*, after: timedelta) -> int:
        of.later(seconds=after.total_seconds())
        watch_not_seen(now=of.clock.now())
        return home(of.context, now=of.clock.now()).not_seen.subscriptions

    assert seen(after=timedelta(hours=47)) == 0
    assert seen(after=timedelta(hours=2)) == 1
    found = home(of.context, now=of.clock.now())
    assert "1 change is not seen at Microsoft." in found.headline.needs
    assert found.not_seen.licences == 12
    stranger = tenancy()
    assert home(stranger.context, now=of.clock.now()).not_seen.subscriptions == 0
    # Home, its list and the subscription's own page say the same.
    client = Client()
    client.force_login(user(of))
    assert "Not seen at Microsoft" in client.get("/").content.decode()
    assert f'href="/subscriptions/{held.pk}"' in (
        client.get("/subscriptions?show=not_seen").content.decode()
    )
    page = client.get(f"/subscriptions/{held.pk}").content.decode()
    assert "quantity 12 here, 10 there" in page
    told.tell(told.quantity(subject, 12))
    assert seen(after=timedelta(0)) == 0
    assert "Not seen at Microsoft" not in client.get(f"/subscriptions/{held.pk}").content.decode()


def test_what_has_ended_here_and_goes_on_there_is_counted(told: Teller) -> None:
    subject, of = told.subject(), told.of
    told.tell(told.bought(subject, 10))
    cancel(subscription_id=told.held(subject).pk, today=TODAY, asked=asked(told))
    of.later(hours=72)
    watch_not_seen(now=of.clock.now())
    found = home(of.context, now=of.clock.now()).not_seen
    assert (found.subscriptions, found.licences) == (1, 0)


def test_a_source_that_was_not_read_since_says_nothing(told: Teller) -> None:
    subject, of = told.subject(), told.of
    told.tell(told.bought(subject, 10))
    change_quantity(
        subscription_id=told.held(subject).pk, quantity=12, today=TODAY, asked=asked(told)
    )
    of.later(hours=72)
    for read_at, number in ((of.clock.now() - timedelta(days=4), 0), (of.clock.now(), 1)):
        Source.objects.filter(pk=told.added.source_id).update(last_read_at=read_at)
        watch_not_seen(now=of.clock.now())
        assert home(of.context, now=of.clock.now()).not_seen.subscriptions == number
