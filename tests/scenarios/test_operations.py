"""Every operation in every situation: what is sent, for which day, what the badge says, what is
audited. The table is of the behaviour that is promised (docs and forms say the same)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks import check_promises
from factories import TODAY
from harness import CONTRACT_END, CONTRACT_START, Line, World
from situations import ACTS, EVENTS, NEW, ON_CONNECTION, Sent, audited, do
from tallystick.audit.models import AuditLog
from tallystick.catalog.terms import OfferKind
from tallystick.connections.policies import SuspendRule
from tallystick.kit.problem import InvalidInput
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor, expire
from tallystick.operations.renew import convert_trial, end_promotion, renew
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.status import EndOfTerm

NCE, LEGACY, PLAN = OfferKind.NCE_LICENCE, OfferKind.LEGACY_LICENCE, OfferKind.AZURE_PLAN
YESTERDAY = date(2026, 5, 9)

# The contract's days around 10 May 2026.
CONTRACTS = {
    "open": (CONTRACT_START, CONTRACT_END),
    "approved": (CONTRACT_START, CONTRACT_END),
    "first day": (TODAY, CONTRACT_END),
    "last day": (CONTRACT_START, TODAY),
    "after its end": (CONTRACT_START, YESTERDAY),
}


def a_line(world: World, situation: str, kind: OfferKind = NCE) -> Line:
    """Ten units at 15.20, a trial whose term ended yesterday: every operation fits it."""
    starts, ends = CONTRACTS[situation]
    line = world.line(units=10, starts=starts, ends=ends, kind=kind, commitment_ends_on=YESTERDAY)
    Subscription.objects.filter(pk=line.subscription_id).update(
        is_trial=True, end_of_term=EndOfTerm.CANCEL.value
    )
    if situation == "approved":
        world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    return line


NOTHING: list[Sent] = []
UNITS = [("2026-05-10", 2, None, None)]
NONE_LEFT = [("2026-05-10", -10, None, None)]
PRICE = [("2026-05-10", 0, "16.40", "13.00")]
PRICE_IN_JUNE = [("2026-06-01", 0, "16.40", "13.00")]
STOPS = "is after the contract's end"

# operation: what is sent in each situation; a text: it stops, and says this.
TABLE: dict[str, dict[str, list[Sent] | str]] = {
    "quantity": {
        "open": UNITS,
        "approved": UNITS,
        "first day": UNITS,
        "last day": UNITS,
        "after its end": STOPS,
    },
    "price margin": {
        "open": [("2026-05-01", 0, "16.40", "12.10")],
        "approved": [("2026-06-01", 0, "16.40", "12.10")],
        "first day": [("2026-05-10", 0, "16.40", "12.10")],
        "last day": [("2026-05-01", 0, "16.40", "12.10")],
        "after its end": STOPS,
    },
    # After the contract's end nothing is billed any more: nothing is left to be ended.
    **{
        ends: {
            "open": NONE_LEFT,
            "approved": NONE_LEFT,
            "first day": NONE_LEFT,
            "last day": NONE_LEFT,
            "after its end": NOTHING,
        }
        for ends in ("cancel", "expire", "deleted")
    },
    **{
        priced: {
            "open": PRICE,
            "approved": PRICE_IN_JUNE,
            "first day": PRICE,
            "last day": PRICE,
            "after its end": STOPS,
        }
        for priced in ("trial converts", "promotion ends", "renew, price")
    },
    **{
        both: {
            "open": [("2026-05-10", 2, "16.40", "13.00")],
            "approved": [*UNITS, *PRICE_IN_JUNE],
            "first day": [("2026-05-10", 2, "16.40", "13.00")],
            "last day": [("2026-05-10", 2, "16.40", "13.00")],
            "after its end": STOPS,
        }
        for both in ("renew, both", "change offer")
    },
}


@pytest.mark.parametrize(
    ("act", "situation"), [(act, where) for act, row in TABLE.items() for where in row]
)
def test_what_is_sent(world: World, act: str, situation: str) -> None:
    line = a_line(world, situation)
    recorded, sent = do(line, act)
    wanted = TABLE[act][situation]
    recording = (EVENTS.get(act, "subscription.update"), "succeeded")
    if isinstance(wanted, str):
        assert sent == []
        assert line.badge == "out_of_sync"
        assert wanted in line.cause
        assert audited(recorded) == [recording, (ON_CONNECTION, "failed")]
        return
    assert line.badge == "synced", line.cause
    assert sent == wanted
    assert audited(recorded) == [recording, (ON_CONNECTION, "succeeded")]
    assert world.sweep().different == 0
    check_promises(line)


NOT_APPLICABLE = {
    "rename": "A name is not billed. Nothing is sent.",
    "purchase order": "A purchase order number is not part of a contract's service.",
    "end of term": "Its term was over on 9 May 2026: that renewal is for a person to record.",
    "scheduled": "It takes effect with the next term. Nothing is sent now.",
    "renew": "Quantity, price and cost stay as they are. Nothing is sent.",
    "suspend": "its units stay as they are, because the vendor goes on billing it.",
}


@pytest.mark.parametrize("act", list(NOT_APPLICABLE))
@pytest.mark.parametrize("situation", ["open", "after its end"])
def test_what_has_no_counterpart_is_said_and_is_no_failure(
    world: World, act: str, situation: str
) -> None:
    line = a_line(world, situation)
    recorded, sent = do(line, act)
    assert sent == []
    assert line.badge == "synced", line.cause
    assert line.states()[-1] == "not_applicable"
    recording = (EVENTS.get(act, "subscription.update"), "succeeded")
    assert sorted(audited(recorded)) == sorted([recording, (ON_CONNECTION, "not_applicable")])
    said = AuditLog.objects.get(operation_id=recorded.operation_id, event=ON_CONNECTION)
    assert NOT_APPLICABLE[act] in said.summary
    assert NOT_APPLICABLE[act] in line.deliveries()[-1].cause


def test_what_has_no_counterpart_passes_by_what_is_stopped(world: World) -> None:
    line = a_line(world, "open")
    line.quantity(12, date(2027, 3, 1))
    world.work()
    do(line, "rename")
    assert line.states()[-2:] == ["failed", "not_applicable"]
    assert line.badge == "out_of_sync"


# What happens to a suspended one: by kind and the connection's rule.
KEPT, ZERO = SuspendRule.KEEP_UNITS, SuspendRule.UNITS_ZERO
ALL_AGAIN = [("2026-05-10", 10, "15.20", "12.10")]
SUSPENDED: list[tuple[OfferKind, SuspendRule | None, list[Sent], dict[str, list[Sent]]]] = [
    (NCE, KEPT, NOTHING, {"reactivate": NOTHING, "cancel": NONE_LEFT, "renew, price": PRICE}),
    (NCE, ZERO, NONE_LEFT, {"reactivate": ALL_AGAIN, "cancel": NOTHING, "expire": NOTHING}),
    (LEGACY, KEPT, NOTHING, {"reactivate": NOTHING, "deleted": NONE_LEFT}),
    (LEGACY, ZERO, NONE_LEFT, {"reactivate": ALL_AGAIN, "deleted": NOTHING}),
    (PLAN, None, [("2026-06-01", 0, "0.00", None)], {"reactivate": NOTHING, "cancel": NONE_LEFT}),
]


@pytest.mark.parametrize(
    ("kind", "rule", "suspending", "then", "sent"),
    [
        (kind, rule, suspending, then, sent)
        for kind, rule, suspending, row in SUSPENDED
        for then, sent in row.items()
    ],
)
def test_suspended_and_then(
    world: World,
    kind: OfferKind,
    rule: SuspendRule | None,
    suspending: list[Sent],
    then: str,
    sent: list[Sent],
) -> None:
    if rule is not None:
        world.policy(**{"suspend_nce" if kind is NCE else "suspend_other": rule})
    world.simulator.set_knobs(same_day="add")  # both on one day
    line = a_line(world, "open", kind)
    recorded, told = do(line, "suspend")
    assert told == suspending
    status = "succeeded" if suspending else "not_applicable"
    assert sorted(audited(recorded)) == [
        ("subscription.suspend", "succeeded"),
        (ON_CONNECTION, status),
    ]
    _, told = do(line, then)
    assert line.badge == "synced", line.cause
    assert told == sent
    assert world.sweep().different == 0


def test_the_rules_unless_a_connection_says_otherwise(world: World) -> None:
    for kind, sent in ((NCE, NOTHING), (LEGACY, NONE_LEFT)):
        assert do(a_line(world, "open", kind), "suspend")[1] == sent


@pytest.mark.parametrize("act", ["quantity", "suspend", "renew, both", "change offer"])
def test_what_a_suspended_one_refuses(world: World, act: str) -> None:
    line = a_line(world, "open", LEGACY)
    do(line, "suspend")
    with pytest.raises(InvalidInput) as caught:
        do(line, act)
    assert "suspended" in caught.value.errors[0].message
    assert line.units(TODAY) == 0


def test_a_price_of_a_suspended_one_is_for_the_days_it_was_billed(world: World) -> None:
    world.simulator.set_knobs(same_day="add")
    line = a_line(world, "open", LEGACY)
    do(line, "suspend")
    _, sent = do(line, "price margin")
    assert sent == [("2026-05-01", 0, "16.40", "12.10")]
    assert line.badge == "synced", line.cause
    _, sent = do(line, "reactivate")
    assert sent == [("2026-05-10", 10, "16.40", "12.10")]
    assert line.badge == "synced", line.cause


def test_an_azure_plan_has_no_price_margin_of_a_unit(world: World) -> None:
    line = a_line(world, "open", PLAN)
    recorded, sent = do(line, "price margin")
    assert sent == []
    assert sorted(audited(recorded)) == [
        ("subscription.update", "succeeded"),
        (ON_CONNECTION, "not_applicable"),
    ]
    assert "monthly amounts" in line.deliveries()[-1].cause


# The one says what it is instead; an Azure plan's last month is known after its end.
AFTER_THE_END = {"reactivate", "Azure amounts"}


@pytest.mark.parametrize("act", [act for act in ACTS if act not in AFTER_THE_END])
def test_what_has_ended_is_not_changed_again(world: World, act: str) -> None:
    line = a_line(world, "open")
    do(line, "cancel")
    before = len(line.states())
    with pytest.raises(InvalidInput) as caught:
        do(line, act)
    assert caught.value.errors[0].field == "subscription"
    assert len(line.states()) == before


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(9999, 12, 31)])
def test_a_day_that_cannot_be_meant_is_refused(world: World, day: date) -> None:
    line = a_line(world, "open")
    of = world.tenancy
    now: dict[str, Any] = {
        "subscription_id": line.subscription_id,
        "today": TODAY,
        "effective_on": day,
    }
    for act in (
        lambda: cancel(**now, asked=of.asked()),
        lambda: suspend(**now, asked=of.asked()),
        lambda: delete_by_vendor(**now, asked=of.asked()),
        lambda: end_promotion(**now, price=NEW, asked=of.asked()),
        lambda: convert_trial(**now, price=NEW, asked=of.asked()),
        lambda: update_price(**now, unit_price="16.40", asked=of.asked()),
        lambda: change_quantity(**now, quantity=12, asked=of.asked()),
    ):
        with pytest.raises(InvalidInput) as caught:
            act()
        assert [error.field for error in caught.value.errors] == ["effective_on"]
    with pytest.raises(InvalidInput) as caught:
        renew(subscription_id=line.subscription_id, price=NEW, ends_on=day, asked=of.asked())
    assert [error.field for error in caught.value.errors] == ["ends_on"]


def test_a_term_without_an_end_neither_ends_nor_is_renewed(world: World) -> None:
    line = world.line(units=10, commitment_ends_on=date.max)
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "asked": world.tenancy.asked()}
    for act in (lambda: expire(**it, today=TODAY), lambda: renew(**it, price=NEW)):
        with pytest.raises(InvalidInput) as caught:
            act()
        assert caught.value.errors[0].field == "subscription"


@pytest.mark.parametrize("amount", ["full", "prorated"])
def test_a_last_period_that_is_cut_short_is_read_as_it_was_proved(
    world: World, amount: str
) -> None:
    world.simulator.set_knobs(split_row_amount=amount)
    line = world.line(units=10, ends=date(2026, 5, 20))
    line.quantity(12)
    world.work()
    assert line.badge == "synced", line.cause
    assert world.sweep().different == 0
