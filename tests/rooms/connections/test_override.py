"""Policies of one customer or one subscription: kept, resolved, audited, set back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from factories import Tenancy, sibling, tenancy
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.connections.models import Connection, PolicyOverride
from tallystick.connections.override import in_words, override, subject_of
from tallystick.connections.overrides import (
    Says,
    how_billed,
    how_billed_each,
    included_of,
    included_units,
    told,
)
from tallystick.connections.policies import OVERRIDABLE, POLICIES, ChangeDay, Mode
from tallystick.connections.queries import load
from tallystick.identity.roles import Role
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound
from tallystick.subscriptions.queries import get_subscription


class Case:
    """A connection, and two subscriptions of one customer."""

    def __init__(self, of: Tenancy | None = None) -> None:
        self.of = of or tenancy()
        self.connection_id = self.of.connection()
        self.customer_id = self.of.customer()
        self.one, self.other = (
            self.of.subscription(customer_id=self.customer_id) for _ in range(2)
        )

    def say(self, changes: Mapping[str, str | None], **whose: Any) -> tuple[str, ...]:
        context = whose.pop("context", self.of.context)
        return tuple(
            override(
                self.connection_id,
                changes,
                context=context,
                now=self.of.clock.now(),
                correlation_id="told",
                **whose,
            )
        )

    def billed(self, subscription_id: int) -> Any:
        return how_billed(
            load(self.connection_id),
            customer_id=self.customer_id,
            subscription_id=subscription_id,
        )

    def says(self, name: str, subscription_id: int | None) -> tuple[str, Says, str]:
        found = told(
            load(self.connection_id),
            customer_id=self.customer_id,
            subscription_id=subscription_id,
        )
        one = next(each for each in found.policies if each.name == name)
        return one.value.value, one.by, one.otherwise.value


@pytest.fixture
def case(db: None) -> Case:
    return Case()


@pytest.mark.parametrize("policy", OVERRIDABLE)
def test_the_nearest_word_counts(case: Case, policy: str) -> None:
    values = [one.value for one in POLICIES[policy]]
    own = str(getattr(load(case.connection_id), policy))
    theirs = next(value for value in values if value != own)
    assert case.says(policy, case.one) == (own, Says.CONNECTION, own)

    case.say({policy: theirs}, customer_id=case.customer_id)
    assert case.says(policy, case.one) == (theirs, Says.CUSTOMER, own)
    assert case.says(policy, None) == (theirs, Says.CUSTOMER, own)
    case.say({policy: own}, subscription_id=case.one)
    assert case.says(policy, case.one) == (own, Says.SUBSCRIPTION, theirs)
    assert getattr(case.billed(case.one), policy) == own
    assert getattr(case.billed(case.other), policy) == theirs

    case.say({policy: None}, subscription_id=case.one)
    assert case.says(policy, case.one) == (theirs, Says.CUSTOMER, own)
    case.say({policy: None}, customer_id=case.customer_id)
    assert case.says(policy, case.one) == (own, Says.CONNECTION, own)
    assert not PolicyOverride.objects.filter(connection_id=case.connection_id).exists()


def test_each_change_is_audited_with_before_and_after(case: Case) -> None:
    changed = case.say({"mode": "review", "decrease_day": "next_period"}, subscription_id=case.one)
    assert changed == ("mode", "decrease_day")
    log = AuditLog.objects.get(event=Event.UPDATE_POLICIES, connection_id=case.connection_id)
    assert log.summary == "Review, fewer units"
    assert (log.subscription_id, log.customer_id) == (case.one, case.customer_id)
    assert log.details == {
        "before": {"mode": None, "decrease_day": None},
        "after": {"mode": "review", "decrease_day": "next_period"},
    }
    # The same once more is no change, and no second log.
    assert case.say({"mode": "review"}, subscription_id=case.one) == ()
    assert (
        AuditLog.objects.filter(event=Event.UPDATE_POLICIES)
        .filter(connection_id=case.connection_id)
        .count()
        == 1
    )
    case.say({"mode": "automatic"}, subscription_id=case.one)
    latest = AuditLog.objects.filter(connection_id=case.connection_id).latest("id")
    assert latest.details == {"before": {"mode": "review"}, "after": {"mode": "automatic"}}


def test_included_units_are_a_number_of_one_subscription(case: Case) -> None:
    case.say({"included_units": "2"}, subscription_id=case.one)
    assert case.billed(case.one).included_units == 2
    assert case.billed(case.other).included_units == 0
    assert included_units([case.one, case.other]) == {(case.connection_id, case.one): 2}
    assert included_of(case.connection_id, case.other) == 0
    assert case.say({"included_units": "0"}, subscription_id=case.one) == ("included_units",)
    assert included_units([case.one]) == {}
    assert in_words(["included_units"]) == "Included units"


@pytest.mark.parametrize(
    ("changes", "whose", "field"),
    [
        ({"same_day": "adds"}, "subscription_id", "same_day"),
        ({"colour": "red"}, "subscription_id", "colour"),
        ({"mode": "sometimes"}, "customer_id", "mode"),
        ({"included_units": "2"}, "customer_id", "included_units"),
        ({"included_units": "-1"}, "subscription_id", "included_units"),
        ({"included_units": "two"}, "subscription_id", "included_units"),
        ({"included_units": "100001"}, "subscription_id", "included_units"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    case: Case, changes: dict[str, str], whose: str, field: str
) -> None:
    of = {"subscription_id": case.one, "customer_id": case.customer_id}[whose]
    with pytest.raises(InvalidInput) as wrong:
        case.say({"back_dated": "move", **changes}, **{whose: of})
    assert [error.field for error in wrong.value.errors] == [field]
    assert not PolicyOverride.objects.filter(connection_id=case.connection_id).exists()


def test_it_is_of_exactly_one(case: Case) -> None:
    for whose in ({}, {"customer_id": case.customer_id, "subscription_id": case.one}):
        with pytest.raises(InvalidInput):
            subject_of(case.of.context, **whose)


def test_nobody_sees_or_sets_what_is_in_another_context(case: Case) -> None:
    stranger = sibling(case.of)
    with pytest.raises(NotFound):
        case.say({"mode": "review"}, subscription_id=case.one, context=stranger.context)
    own = stranger.subscription()
    with pytest.raises(NotFound, match="connection"):
        case.say({"mode": "review"}, subscription_id=own, context=stranger.context)
    operator = tenancy(role=Role.OPERATOR)
    with pytest.raises(NotAllowed):
        case.say({"mode": "review"}, subscription_id=case.one, context=operator.context)


def test_the_database_keeps_one_word_of_one(case: Case) -> None:
    case.say({"mode": "review"}, subscription_id=case.one)
    row = PolicyOverride.objects.get(subscription_id=case.one)
    wrong = [
        {"subscription_id": case.one, "policy": "mode"},
        {"subscription_id": case.one, "customer_id": case.customer_id, "policy": "back_dated"},
        {"policy": "back_dated"},
        {"subscription_id": case.one, "policy": "same_day"},
        {"customer_id": case.customer_id, "policy": "included_units"},
    ]
    for one in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyOverride.objects.create(
                connection=row.connection, value="review", created_at=row.created_at, **one
            )


def test_one_query_however_much_is_told(case: Case, django_assert_num_queries: Any) -> None:
    case.say({"mode": "review", "increase_day": "next_period"}, customer_id=case.customer_id)
    case.say({"mode": "automatic", "included_units": "3"}, subscription_id=case.one)
    connection = load(case.connection_id)
    view = get_subscription(case.of.context, case.one)
    with django_assert_num_queries(1):
        found = how_billed(connection, customer_id=view.customer.id, subscription_id=view.id)
    assert (found.mode, found.increase_day, found.included_units) == (
        Mode.AUTOMATIC,
        ChangeDay.NEXT_PERIOD,
        3,
    )
    other = get_subscription(case.of.context, case.other)
    with django_assert_num_queries(1):
        each = how_billed_each(connection, [view, other])
    alone = how_billed(connection, customer_id=other.customer.id, subscription_id=other.id)
    assert each == {view.id: found, other.id: alone}
    with django_assert_num_queries(1):
        included_units([case.one, case.other])
    assert Connection.objects.get(pk=case.connection_id).mode == "automatic"
