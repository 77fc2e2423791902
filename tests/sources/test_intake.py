"""What is told becomes operations, once, in the order it happened; and what does not is said."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from factories import TODAY, sibling, tenancy
from price_desk import by, listed, ruled
from tallystick.audit.models import AuditLog
from tallystick.catalog.models import Offer
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.kit.secrets import new_key
from tallystick.ledger.models import Operation
from tallystick.operations.carry_out import carry_out
from tallystick.sources.intake.decide import Decision, decide_event
from tallystick.sources.intake.event import Answer
from tallystick.sources.intake.take import Taken
from tallystick.sources.intake.take_up import take_up_what_waited
from tallystick.sources.models import Source, SourceEvent, WaitingEvent
from tallystick.sources.sealing import (
    open_secrets,
    reseal_sources,
    sources_by_key,
    sources_under_older_keys,
)
from tallystick.sources.undecided import count_undecided, undecided
from tallystick.subscriptions.queries import get_subscription
from tellers import Teller, moment, teller

DECIDED = "source.decide_event"
YEARLY = {
    "product_id": "CFQ7TTC0LCHC",
    "sku_id": "0002",
    "name": "Microsoft 365 Business Premium",
    "term": "P1Y",
    "billing_plan": "annual",
}


@pytest.fixture
def told(db: None) -> Teller:
    return teller(tenancy())


def answers(taken: list[Taken]) -> list[str]:
    return [one.became.answer.value for one in taken]


class TestWhatIsTold:
    def test_a_purchase_brings_customer_offer_and_subscription(self, told: Teller) -> None:
        subject = told.subject()
        (taken,) = told.tell(told.bought(subject))
        assert taken.became.answer is Answer.ACCEPTED
        held = told.held(subject)
        assert (held.quantity, held.unit_price, held.customer.name) == (
            10,
            Decimal("15.2000"),
            "Alder & Ash",
        )
        assert held.commitment_ends_on == date(2026, 12, 31)
        operation = Operation.objects.get(pk=taken.became.operation_id)
        assert (operation.kind, operation.source_id) == ("purchase", "e-1")
        assert operation.actor.startswith("Marketplace")

    @pytest.mark.parametrize(
        ("type", "after", "kind"),
        [
            ("quantity_changed", {"quantity": 12}, "update_quantity"),
            (
                "price_changed",
                {"unit_price": "18.20", "currency": "EUR"},
                "update_price_margin",
            ),
            ("status_changed", {"status": "suspended"}, "suspend"),
            ("status_changed", {"status": "deleted"}, "delete"),
            ("cancelled", {}, "cancel"),
            ("renewed", {"term_end": "2027-12-31"}, "renew"),
            ("renewal_changed", {"end_of_term_action": "cancel"}, "set_end_of_term"),
            ("renamed", {"name": "Front desk"}, "rename"),
        ],
    )
    def test_each_by_the_verb_a_person_would_use(
        self, told: Teller, type: str, after: dict[str, Any], kind: str
    ) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        event = told.event(type, subject, after)
        (taken,) = told.tell(event)
        assert taken.became.answer is Answer.ACCEPTED, taken
        assert told.ledger(subject)[-1][1] == kind
        (again,) = told.tell({**event, "id": "another", "time": moment(99)})
        assert again.became.answer is Answer.ACCEPTED
        assert "nothing to record" in again.became.because
        assert len(told.ledger(subject)) == 2

    def test_what_happens_at_the_end_is_said_once(self, told: Teller) -> None:
        """*Renews* is what a new one begins with: the first time it is told it is news."""
        subject, other = told.subject(), told.subject()
        told.tell(told.bought(subject))
        assert told.held(subject).end_said_at is None
        for minute, kinds in ((50, 2), (60, 2)):
            after = {"end_of_term_action": "renew"}
            told.tell(told.event("renewal_changed", subject, after, minute=minute))
            assert len(told.ledger(subject)) == kinds
        assert told.held(subject).end_said_at is not None
        event = told.bought(other)
        event["data"]["after"]["end_of_term_action"] = "cancel"
        told.tell(event)
        held = told.held(other)
        assert (held.end_of_term, held.end_said_at) == ("cancel", told.of.clock.now())

    @pytest.mark.parametrize(
        ("after", "answer", "kind"),
        [
            ({"term_end": "2027-12-31"}, Answer.ACCEPTED, ""),
            ({}, Answer.ACCEPTED, ""),
            ({"term_end": "2028-01-01"}, Answer.UNAPPLIED, ""),
            ({"term_end": "2027-12-30"}, Answer.UNAPPLIED, ""),
            ({"term_end": "2027-12-31", "quantity": 8}, Answer.ACCEPTED, "update_quantity"),
            ({"unit_price": "16", "currency": "EUR"}, Answer.ACCEPTED, "update_price_margin"),
            ({"quantity": 8, "unit_cost": "13", "currency": "EUR"}, Answer.UNAPPLIED, ""),
        ],
    )
    def test_a_renewal_that_was_recorded_by_itself_is_not_recorded_again(
        self, told: Teller, after: dict[str, Any], answer: Answer, kind: str
    ) -> None:
        subject = told.subject()
        said = {"end_of_term_action": "renew"}
        told.tell(told.bought(subject), told.event("renewal_changed", subject, said))
        now = datetime(2027, 1, 1, 12, tzinfo=UTC)
        assert carry_out(told.held(subject).pk, now=now, wake=told.nudge)
        event = told.event("renewed", subject, after, effective_from="2027-01-01")
        (taken,) = told.tell({**event, "time": "2027-01-01T06:00:00Z"}, now=now)
        assert taken.became.answer is answer, taken
        kinds = [one[1] for one in told.ledger(subject)]
        assert kinds[2:] == ["renew", *([kind] if kind else [])]
        assert told.held(subject).commitment_ends_on == date(2027, 12, 31)

    def test_suspended_goes_on_again(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(
            told.bought(subject),
            told.event("status_changed", subject, {"status": "suspended"}),
            told.event("status_changed", subject, {"status": "active"}),
        )
        assert [row[1] for row in told.ledger(subject)] == ["purchase", "suspend", "reactivate"]

    def test_another_offer_is_a_change_of_offer(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        after = {"quantity": 12, "unit_price": "180.00", "unit_cost": "150.00", "currency": "EUR"}
        event = told.event("transitioned", subject, after, product=YEARLY)
        (taken,) = told.tell(event)
        assert taken.became.answer is Answer.ACCEPTED, taken
        kind, said = told.ledger(subject)[-1][1], told.ledger(subject)[-1][3]
        assert (kind, said["quantity"], said["unit_price"]) == ("change_offer", 12, "180.0000")
        assert told.held(subject).offer.billing_cycle == "annual"
        (again,) = told.tell({**event, "id": "another", "time": moment(99)})
        assert again.became.answer is Answer.ACCEPTED
        assert "nothing to record" in again.became.because
        more = {**after, "quantity": 13}
        other = told.event("transitioned", subject, more, product=YEARLY, minute=100)
        (half,) = told.tell(other)
        assert half.became.answer is Answer.UNAPPLIED
        assert "quantity 13 (here 12)" in half.became.because
        assert len(told.ledger(subject)) == 2

    def test_what_is_not_said_of_another_cycle_is_worked_out(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        (taken,) = told.tell(told.event("transitioned", subject, {}, product=YEARLY))
        assert taken.became.answer is Answer.ACCEPTED, taken
        held = told.held(subject)
        assert (held.quantity, held.unit_price, held.unit_cost) == (
            10,
            Decimal("182.4000"),
            Decimal("145.2000"),
        )

    def test_the_extended_service_term_goes_on_by_the_month(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        (taken,) = told.tell(told.event("extended", subject, {}))
        assert taken.became.answer is Answer.ACCEPTED, taken
        held = told.held(subject)
        assert (held.extended, held.offer.term, held.commitment_ends_on) == (True, "P1M", None)
        (again,) = told.tell(told.event("extended", subject, {}))
        assert "nothing to record" in again.became.because
        assert len(told.ledger(subject)) == 2

    def test_a_months_price_for_a_year_waits_for_a_person(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        after = {"unit_price": "15.20", "unit_cost": "12.10", "currency": "EUR"}
        (taken,) = told.tell(told.event("transitioned", subject, after, product=YEARLY))
        assert taken.became.answer is Answer.UNAPPLIED
        assert "unit price 182.40 to 15.20 EUR" in taken.became.because
        log = AuditLog.objects.filter(tenant_id=told.of.tenant_id).latest("pk")
        assert (log.event, log.status) == ("source.event_not_recorded", "not_applicable")
        decide_event(
            taken.id,
            Decision.APPLY,
            reason="Looked at",
            context=told.of.context,
            now=told.of.clock.now(),
            wake=told.nudge,
            correlation_id="c",
        )
        assert told.held(subject).unit_price == Decimal("15.2000")

    def test_without_the_offer_it_became_it_is_refused(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        (taken,) = told.tell(told.event("transitioned", subject, {"quantity": 12}))
        assert taken.became.answer is Answer.REJECTED
        assert taken.became.because == "data.product is missing: what did it become?"
        assert len(told.ledger(subject)) == 1

    @pytest.mark.parametrize(
        ("type", "more"),
        [("renewed", {"term_end": "2027-12-31"}), ("transitioned", {}), ("price_changed", {})],
    )
    def test_an_amount_is_not_taken_for_one_of_another_currency(
        self, told: Teller, type: str, more: dict[str, Any]
    ) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        after = {"unit_price": "18.20", "currency": "USD", **more}
        (taken,) = told.tell(told.event(type, subject, after, product=YEARLY))
        assert taken.became.answer is Answer.REJECTED, taken
        assert "currency" in taken.became.because
        assert len(told.ledger(subject)) == 1

    def test_what_failed_there_changes_nothing_here(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        (taken,) = told.tell(told.quantity(subject, 12, status="failed"))
        assert taken.became.answer is Answer.UNAPPLIED
        assert told.held(subject).quantity == 10

    def test_what_a_verb_refuses_is_told_in_its_words(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject), told.event("cancelled", subject, {}))
        (taken,) = told.tell(told.quantity(subject, 12))
        assert taken.became.answer is Answer.REJECTED
        assert "is cancelled" in taken.became.because

    def test_a_customers_new_name_is_no_operation(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        who = {"id": f"c-{told.of.tenant_id}", "name": "Alder, Ash & Oak"}
        (taken,) = told.tell(told.event("customer_changed", subject, {}, customer=who))
        assert taken.became.operation_id is None
        assert told.held(subject).customer.name == "Alder, Ash & Oak"

    def test_the_day_is_the_vendors_or_the_day_it_happened_here(self, told: Teller) -> None:
        subject = told.subject()
        event = told.quantity(subject, 12, time="2026-05-09T23:30:00-05:00")
        del event["data"]["effective_from"]
        told.tell(told.bought(subject), event)
        assert told.ledger(subject)[-1][4] == date(2026, 5, 10)  # UTC, the tenant's zone

    def test_a_price_that_moves_far_waits_for_a_person(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        price = {"unit_price": "182.40", "currency": "EUR"}
        (taken,) = told.tell(told.event("price_changed", subject, price))
        assert taken.became.answer is Answer.UNAPPLIED
        assert "factor 3" in taken.became.because
        decided = decide(told, taken)
        assert decided.answer is Answer.ACCEPTED
        assert told.held(subject).unit_price == Decimal("182.4000")

    def test_a_quantity_whose_promotion_moves_its_price_far_waits_for_a_person(
        self, told: Teller
    ) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        offer = told.held(subject).offer
        listed(told.of, told.held(subject).offer_id)
        ruled(told.of)
        cheap = NewPromotion(
            "P1", "First year", offer.product_id, offer.sku_id, date(2026, 1, 1),
            date(2026, 1, 31), percent=Decimal(90),
        )  # fmt: skip
        add_promotion(cheap, by=by(told.of))
        (taken,) = told.tell(told.event("quantity_changed", subject, {"quantity": 12}))
        assert taken.became.answer is Answer.UNAPPLIED, taken
        assert "unit price 15.20 to 1.20 EUR" in taken.became.because
        assert "more than a factor 3" in taken.became.because
        assert told.held(subject).quantity == 10
        decide(told, taken)
        assert (told.held(subject).quantity, told.held(subject).unit_price) == (12, Decimal("1.2"))

    def test_an_offer_is_known_by_what_tells_it_apart_not_by_its_name(self, told: Teller) -> None:
        one, other = told.bought(told.subject()), told.bought(told.subject())
        other["data"]["product"]["name"] = "M365 BP"
        assert answers(told.tell(one, other)) == ["accepted", "accepted"]
        assert Offer.objects.filter(tenant_id=told.of.tenant_id).count() == 1

    def test_a_refused_purchase_leaves_no_customer(self, told: Teller) -> None:
        event = told.bought(told.subject())
        event["data"]["after"]["term_end"] = "2025-01-01"
        assert answers(told.tell(event)) == ["rejected"]
        from tallystick.subscriptions.models import Customer

        assert not Customer.objects.filter(tenant_id=told.of.tenant_id).exists()

    def test_what_was_over_before_is_not_bought(self, told: Teller) -> None:
        event = told.bought(told.subject())
        event["data"]["after"]["status"] = "cancelled"
        assert answers(told.tell(event)) == ["unapplied"]


class TestToldTwice:
    def test_the_same_again_is_a_duplicate_and_names_its_operation(self, told: Teller) -> None:
        subject = told.subject()
        events = [told.bought(subject), told.quantity(subject, 12)]
        first = told.tell(*events)
        again = told.tell(*events, events[1])
        assert answers(again) == ["duplicate"] * 3
        assert [one.became.operation_id for one in again[:2]] == [
            one.became.operation_id for one in first
        ]
        assert len(told.ledger(subject)) == 2
        assert SourceEvent.objects.filter(source_id=told.added.source_id).count() == 2

    def test_another_content_under_the_same_id_is_never_applied(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        event = told.quantity(subject, 12)
        told.tell(event)
        other = {**event, "data": {**event["data"], "after": {"quantity": 99}}}
        assert answers(told.tell(other, other)) == ["conflict", "conflict"]
        assert answers(told.tell(event, other)) == ["duplicate", "conflict"]
        assert told.held(subject).quantity == 12
        assert SourceEvent.objects.filter(source_id=told.added.source_id).count() == 3

    def test_the_order_of_the_keys_is_no_other_content(self, told: Teller) -> None:
        event = told.bought(told.subject())
        told.tell(event)
        assert answers(told.tell(dict(reversed(event.items())))) == ["duplicate"]

    def test_two_sources_may_use_the_same_id(self, told: Teller) -> None:
        other = teller(told.of)
        subject, another = told.subject(), told.subject()
        assert answers(told.tell(told.bought(subject))) == ["accepted"]
        assert answers(other.tell(other.bought(another))) == ["accepted"]


class TestOrder:
    def test_one_call_is_put_in_order(self, told: Teller) -> None:
        subject = told.subject()
        bought, twelve, nine = (
            told.bought(subject),
            told.quantity(subject, 12),
            told.quantity(subject, 9, effective_from="2026-05-05"),
        )
        told.tell(nine, bought, twelve)
        assert [row[3]["quantity"] for row in told.ledger(subject)] == [10, 12, 9]

    def test_moments_are_told_apart_to_the_last_digit(self, told: Teller) -> None:
        subject = told.subject()
        first = told.quantity(subject, 12, time="2026-05-09T10:00:00.1234561Z", id="z")
        second = told.quantity(subject, 9, time="2026-05-09T10:00:00.1234562Z", id="a")
        told.tell(told.bought(subject), second, first)
        assert [row[3]["quantity"] for row in told.ledger(subject)] == [10, 12, 9]

    def test_what_is_late_changes_no_order_and_a_person_decides(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
        (late,) = told.tell(told.quantity(subject, 12, minute=40))
        assert late.became.answer is Answer.LATE
        assert told.held(subject).quantity == 9
        assert decide(told, late).answer is Answer.ACCEPTED
        assert told.held(subject).quantity == 12
        assert [row[1] for row in told.ledger(subject)][-1] == "update_quantity"
        with pytest.raises(Conflicting, match="nothing to decide"):
            decide(told, late)

    def test_what_is_late_may_be_recorded_from_today(self, told: Teller) -> None:
        """What is newer, and was perhaps proved, keeps its place and its day."""
        subject = told.subject()
        told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
        before = told.ledger(subject)
        (late,) = told.tell(told.quantity(subject, 12, minute=40, effective_from="2026-04-01"))
        (waits,) = undecided(told.of.context, subject=subject)
        assert (waits.event.words, waits.subscription) == (
            "Quantity changed to 12",
            get_subscription(told.of.context, told.held(subject).pk),
        )
        assert decide(told, late, Decision.APPLY_TODAY).answer is Answer.ACCEPTED
        after = told.ledger(subject)
        assert after[:2] == before
        assert (after[2][3]["quantity"], after[2][4]) == (12, TODAY)
        assert undecided(told.of.context, subject=subject) == []
        assert count_undecided(told.of.context) == 0
        log = AuditLog.objects.filter(subscription_id=told.held(subject).pk, event=DECIDED).get()
        assert log.summary == f"Recorded from today: Quantity changed ({subject}). looked at"

    def test_what_waits_for_a_decision_is_counted_in_its_context_alone(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
        failed = told.quantity(subject, 40, minute=60, status="failed")
        (nothing,) = told.tell(failed)
        told.tell(told.quantity(subject, 12, minute=40))
        assert nothing.became.answer is Answer.UNAPPLIED, "and nothing has changed there"
        assert count_undecided(told.of.context) == 1
        for stranger in (tenancy(), sibling(told.of)):
            assert count_undecided(stranger.context) == 0
            assert undecided(stranger.context) == []
        log = AuditLog.objects.filter(subscription_id=told.held(subject).pk).latest("pk")
        assert log.event == "source.event_not_recorded", "its subscription is found by it"

    def test_what_is_late_may_be_ignored_with_a_reason(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
        (late,) = told.tell(told.quantity(subject, 12, minute=40))
        with pytest.raises(InvalidInput, match="reason"):
            decide(told, late, Decision.IGNORE, reason=" ")
        assert decide(told, late, Decision.IGNORE).because == "Ignored: looked at"
        assert told.held(subject).quantity == 9

    def test_nobody_decides_about_another_tenants(self, told: Teller) -> None:
        (taken,) = told.tell(told.quantity(told.subject(), 9))
        with pytest.raises(NotFound):
            decide(teller(tenancy()), taken)

    def test_one_that_was_overtaken_finds_its_place_by_number(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject, sequence="1"))
        (held,) = told.tell(told.quantity(subject, 9, sequence="3"))
        assert (held.became.answer, held.became.operation_id) == (Answer.GAP, None)
        assert told.held(subject).quantity == 10
        told.tell(told.quantity(subject, 12, sequence="2"))
        assert [row[3]["quantity"] for row in told.ledger(subject)] == [10, 12, 9]

    def test_what_never_comes_is_not_awaited_for_ever(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject, sequence="1"))
        event = told.quantity(subject, 9, sequence="4")
        told.tell(event)
        take_up(told, after=timedelta(minutes=14))
        assert told.held(subject).quantity == 10
        take_up(told, after=timedelta(minutes=15))
        assert told.held(subject).quantity == 9
        (again,) = told.tell(event)
        assert "numbers 2 to 3" in again.became.because
        assert not WaitingEvent.objects.filter(source_id=told.added.source_id).exists()

    def test_another_before_is_a_gap_and_said(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        (taken,) = told.tell(told.quantity(subject, 12, before={"quantity": 11}))
        assert taken.became.answer is Answer.GAP
        assert taken.became.operation_id is not None
        assert "was 11 before; here it was 10" in taken.became.because


class TestNotKnownHere:
    def test_it_waits_for_its_purchase(self, told: Teller) -> None:
        subject = told.subject()
        (taken,) = told.tell(told.quantity(subject, 12, minute=40))
        assert taken.became.answer is Answer.UNMAPPED
        told.tell(told.bought(subject, minute=10))
        assert [row[3]["quantity"] for row in told.ledger(subject)] == [10, 12]

    def test_it_is_taken_up_once_it_is_recorded_some_other_way(self, told: Teller) -> None:
        held = told.of.subscription()
        from tallystick.subscriptions.models import Subscription

        subject = told.subject()
        told.tell(told.quantity(subject, 12))
        take_up(told, after=timedelta())
        Subscription.objects.filter(pk=held).update(provider_id=subject)
        take_up(told, after=timedelta())
        assert told.held(subject).quantity == 12

    def test_another_resellers_is_not_known_and_not_touched(self, db: None) -> None:
        mine = tenancy(reseller=True)
        told = teller(mine)
        from factories import sibling

        theirs = sibling(mine)
        subject = told.subject()
        theirs_told = teller(theirs)
        theirs_told.tell(theirs_told.bought(subject))
        assert answers(told.tell(told.quantity(subject, 99))) == ["unmapped"]
        assert answers(told.tell(told.bought(subject))) == ["rejected"]
        assert theirs_told.held(subject).quantity == 10


HISTORY = st.lists(
    st.one_of(
        st.tuples(st.just("quantity"), st.integers(1, 40)),
        st.tuples(st.just("price"), st.integers(10, 25)),
        st.tuples(st.just("status"), st.sampled_from(["suspended", "active"])),
        st.tuples(st.just("name"), st.sampled_from(["A", "B"])),
    ),
    max_size=6,
)
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class TestAnyOrderTheSameLedger:
    @FEW
    @given(history=HISTORY, data=st.data())
    def test_shuffled_and_told_twice_in_one_call(
        self, db: None, history: list[tuple[str, Any]], data: st.DataObject
    ) -> None:
        told = teller(tenancy())
        subject, other = told.subject(), told.subject()
        straight = as_events(told, subject, history)
        told.tell(*straight)
        shuffled = as_events(told, other, history)
        shuffled = data.draw(st.permutations(shuffled + shuffled[: len(shuffled) // 2]))
        told.tell(*shuffled)
        assert same(told.ledger(other)) == same(told.ledger(subject))
        told.tell(*shuffled)
        assert len(told.ledger(other)) == len(told.ledger(subject))

    @FEW
    @given(history=HISTORY, data=st.data())
    def test_counted_and_in_any_groups(
        self, db: None, history: list[tuple[str, Any]], data: st.DataObject
    ) -> None:
        told = teller(tenancy())
        subject, other = told.subject(), told.subject()
        for event in as_events(told, subject, history, counted=True):
            told.tell(event)
        shuffled = as_events(told, other, history, counted=True)
        shuffled = data.draw(st.permutations(shuffled + shuffled[: len(shuffled) // 2]))
        while shuffled:
            group = data.draw(st.integers(1, len(shuffled)))
            told.tell(*shuffled[:group])
            shuffled = shuffled[group:]
        assert same(told.ledger(other)) == same(told.ledger(subject))


def as_events(
    told: Teller, subject: str, history: list[tuple[str, Any]], *, counted: bool = False
) -> list[dict[str, Any]]:
    events = [told.bought(subject)]
    for what, value in history:
        match what:
            case "quantity":
                events.append(told.quantity(subject, value))
            case "price":
                price = {"unit_price": f"{value}.00", "currency": "EUR"}
                events.append(told.event("price_changed", subject, price))
            case "status":
                events.append(told.event("status_changed", subject, {"status": value}))
            case _:
                events.append(told.event("renamed", subject, {"name": value}))
    if counted:
        for place, event in enumerate(events, start=1):
            event["sequence"] = f"{place:010}"
    return events


def same(ledger: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [row[:5] for row in ledger]


def take_up(told: Teller, *, after: timedelta) -> None:
    take_up_what_waited(now=told.of.clock.now() + after, wake=told.nudge, correlation_id="later")


def decide(
    told: Teller, taken: Taken, how: Decision = Decision.APPLY, *, reason: str = "looked at"
) -> Any:
    return decide_event(
        taken.id,
        how,
        reason=reason,
        context=told.of.context,
        now=told.of.clock.now(),
        wake=told.nudge,
        correlation_id="decided",
    )


class TestFacts:
    @pytest.mark.parametrize("table", ["sources_event", "sources_event_outcome"])
    @pytest.mark.parametrize(
        "act", ["UPDATE {0} SET tenant_id = tenant_id", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"]
    )
    def test_what_was_told_is_never_changed(self, told: Teller, table: str, act: str) -> None:
        told.tell(told.bought(told.subject()))
        statement = act.format(table).replace("tenant_id", "id")
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    @pytest.mark.parametrize("table", ["sources_event", "sources_event_outcome"])
    def test_the_guard_refuses_the_owner_too(self, told: Teller, table: str) -> None:
        told.tell(told.bought(told.subject()))
        url, options = os.environ["TALLYSTICK_TEST_DATABASE_URL"], django_settings.OWNER_OPTIONS
        for act in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            with (
                psycopg.connect(url, options=options) as owner,
                pytest.raises(psycopg.errors.InsufficientPrivilege, match="holds facts"),
            ):
                owner.execute(sql.SQL(act).format(sql.Identifier(table)))

    def test_a_secret_is_sealed_with_the_key_of_today(self, told: Teller) -> None:
        older, newer = django_settings.SEALING_KEYS.first(), new_key()
        ring = KeyRing((newer, older), source="a test")
        row = Source.objects.get(pk=told.added.source_id)
        assert told.added.secret.reveal().encode() not in bytes(row.secret_sealed)
        assert row.pk in sources_under_older_keys(ring)
        assert sources_by_key()[older.key_id] >= 1
        now = told.of.clock.now()
        for one in reseal_sources(ring, actor=told.of.context.actor, now=now, correlation_id="k"):
            assert one.opened
        row.refresh_from_db()
        assert row.key_id == newer.key_id
        assert open_secrets(row, ring)["signing"].reveal() == told.added.secret.reveal()
        # The other tests' sources are opened with the older one only.
        back = KeyRing((older, newer), source="a test")
        assert list(reseal_sources(back, actor=told.of.context.actor, now=now, correlation_id="k"))
