"""A margin rule or a price list applied: one operation each, once, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from factories import TODAY, Tenancy, nobody_wakes, number, sibling, tenancy
from harness import Killed
from price_desk import as_rule, by, listed, ruled
from tallystick.audit.models import AuditLog
from tallystick.catalog.because import read_because
from tallystick.catalog.price_runs import Choice, RunView, get_price_run, left_of
from tallystick.catalog.price_settings import mark_price_lock
from tallystick.catalog.price_words import MarginMethod, RuleScope
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.catalog.terms import BillingCycle, OfferKind, Term
from tallystick.identity.roles import Role
from tallystick.kit.clock import monotonic
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound
from tallystick.ledger.models import Operation
from tallystick.operations import jobs
from tallystick.operations.apply_prices import CSP_PRICE, apply_part, apply_prices
from tallystick.operations.change_quantity import large_change_with
from tallystick.operations.look_at_prices import (
    ByList,
    ByRule,
    look_at_prices,
    rule_to_apply,
    total_of,
)
from tallystick.operations.note import set_end_of_term
from tallystick.operations.repriced import HELD, MONTHLY_AMOUNTS
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import get_subscription

pytestmark = pytest.mark.usefixtures("db")
NOTHING = Choice()
JUNE = date(2026, 6, 1)


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


def at_20(of: Tenancy, **more: Any) -> tuple[int, int]:
    """An offer on the list for 10, sold for 12 by a rule; and a subscription that has it so."""
    offer = of.offer(**more)
    listed(of, offer)
    ruled(of, "20")
    return offer, sold(of, offer)


def sold(of: Tenancy, offer: int, price: str | None = "12", cost: str | None = "10") -> int:
    return of.subscription(offer_id=offer, unit_price=price, unit_cost=cost)


def many(of: Tenancy, like: int, count: int) -> None:
    """More subscriptions like that one, as purchases leave them."""
    row = Subscription.objects.get(pk=like)
    for _ in range(count):
        row.pk, row.provider_id = None, f"sub-{of.tenant_id}-{number()}"
        row._state.adding = True
        row.save()


def rule(of: Tenancy, percent: str = "25", **more: Any) -> ByRule:
    return rule_to_apply(of.context, ruled(of, percent, **more), today=TODAY)


def applied(of: Tenancy, what: ByRule | ByList, choice: Choice = NOTHING) -> RunView:
    return apply_prices(what, choice=choice, asked=of.asked())


def amounts(of: Tenancy, subscription: int) -> tuple[Decimal | None, Decimal | None]:
    view = get_subscription(of.context, subscription)
    return view.unit_price, view.unit_cost


def changes(of: Tenancy) -> list[Operation]:
    found = Operation.objects.filter(tenant_id=of.tenant_id, kind="update_price_margin")
    return list(found.order_by("pk"))


def reasons(of: Tenancy, run: RunView) -> dict[int, str]:
    return {one.subscription_id: one.why for one in left_of(of.context, run.id).items}


class TestARule:
    def test_one_operation_each_with_why(self, csp: Tenancy) -> None:
        offer, held = at_20(csp)
        other = sold(csp, offer)
        what = rule(csp)
        run = applied(csp, what)
        assert (run.state, run.recorded, run.left, run.looked_at) == ("finished", 2, 0, 2)
        assert amounts(csp, held) == amounts(csp, other) == (Decimal("12.5"), 10)
        first, second = changes(csp)
        assert first.correlation_id == second.correlation_id == run.correlation_id
        assert (first.source, first.source_id) == ("margin_rule", f"{what.rule.number}/{held}")
        assert (first.effective_on, first.after["price_from"]) == (TODAY, None)
        assert first.after["because"]["margin_rule"] == what.rule.number
        because = read_because(first.after)
        assert because is not None
        assert because.by == "Margin rule: Markup 25 % for Everybody"
        assert because.parts[-1].rule == "Markup: 10.0000 x (1 + 0.25)"
        events = AuditLog.objects.filter(correlation_id=run.correlation_id).order_by("pk")
        assert [one.event for one in events] == [
            "price.apply_margin_rule", "subscription.update", "subscription.update",
        ]  # fmt: skip

    def test_again_nothing_happens(self, csp: Tenancy) -> None:
        _, held = at_20(csp)
        what = rule(csp)
        applied(csp, what)
        csp.price(held, "19")  # by hand, afterwards
        again = applied(csp, what)
        assert (again.state, again.recorded, again.left) == ("finished", 0, 0)
        assert amounts(csp, held)[0] == 19
        assert total_of(what, csp.context, NOTHING).change == 0

    def test_a_rule_that_is_ended_gives_way_to_the_next(self, csp: Tenancy) -> None:
        _, held = at_20(csp)
        kind = {"scope": RuleScope.OFFER_KIND, "target": "nce_licence"}
        applied(csp, rule(csp, "50", **kind))
        assert amounts(csp, held)[0] == 15
        applied(csp, rule(csp, "0", method=MarginMethod.NONE, **kind))
        assert amounts(csp, held)[0] == 12

    def test_what_a_narrower_rule_decides_stays(self, csp: Tenancy) -> None:
        _, held = at_20(csp)
        ruled(csp, "20", scope=RuleScope.SUBSCRIPTION, target=str(held))
        assert applied(csp, rule(csp)).recorded == 0

    def test_cost_is_not_touched_by_a_rule_of_ones_own(self, csp: Tenancy) -> None:
        offer, _ = at_20(csp)
        dear, unknown = sold(csp, offer, cost="12.10"), sold(csp, offer)
        Subscription.objects.filter(pk=unknown).update(unit_cost=None, cost_currency="")
        applied(csp, rule(csp))
        assert amounts(csp, dear) == (Decimal("12.5"), Decimal("12.1"))
        assert amounts(csp, unknown) == (Decimal("12.5"), 10)

    def test_a_first_price_gets_the_lists_currency(self, csp: Tenancy) -> None:
        offer = csp.offer()
        listed(csp, offer)
        held = sold(csp, offer, price=None, cost=None)
        what = rule(csp, "20")
        totals = total_of(what, csp.context, NOTHING)
        assert [(one.price_before, one.price_after) for one in totals.money] == [(0, 120)]
        applied(csp, what)
        view = get_subscription(csp.context, held)
        assert (view.unit_price, view.price_currency, view.cost_currency) == (12, "EUR", "EUR")

    def test_from_its_own_day_when_that_is_to_come(self, csp: Tenancy) -> None:
        at_20(csp)
        applied(csp, rule(csp, effective_from=JUNE))
        assert changes(csp)[0].effective_on == JUNE

    def test_only_proposed_it_is_looked_at(self, csp: Tenancy) -> None:
        _, held = at_20(csp)
        what = ByRule(as_rule(csp, "25"), "Everybody", TODAY)
        [one] = look_at_prices(what, csp.context).items
        assert (one.subscription_id, one.unit_price) == (held, Decimal("12.5"))
        assert changes(csp) == []


class TestWhatIsLeft:
    def test_each_with_its_reason(self, csp: Tenancy) -> None:
        offer, _ = at_20(csp)
        unlisted = csp.subscription(unit_cost=None)
        plan = csp.offer("Azure plan", kind=OfferKind.AZURE_PLAN, term=Term.NONE)
        listed(csp, plan)
        azure = sold(csp, plan)
        nothing_known = sold(csp, csp.offer(kind=OfferKind.AZURE_PLAN, term=Term.NONE))
        later = sold(csp, offer)
        csp.price(later, "13", JUNE)
        ended = sold(csp, offer)
        csp.cancel(ended)
        run = applied(csp, rule(csp))
        assert (run.recorded, run.left) == (1, 4)
        said = reasons(csp, run)
        assert said[unlisted].startswith("No price list has a price of this offer")
        assert said[azure] == said[nothing_known] == MONTHLY_AMOUNTS
        assert said[later] == ("It has another price from 1 Jun 2026 already: change it by itself.")
        assert amounts(csp, later)[0] == 13
        first = left_of(csp.context, run.id, limit=1)
        assert len(left_of(csp.context, run.id, cursor=first.next_cursor).items) == 3

    def test_one_that_ends_before_it(self, csp: Tenancy) -> None:
        offer, _ = at_20(csp)
        ends = csp.subscription(
            offer_id=offer, unit_price="12", unit_cost="10", commitment_ends_on=date(2026, 5, 31)
        )
        set_end_of_term(subscription_id=ends, to="cancel", today=TODAY, asked=csp.asked())
        run = applied(csp, rule(csp, effective_from=JUNE))
        assert reasons(csp, run) == {ends: "It ends on 31 May 2026."}

    def test_a_large_move_needs_its_own_tick(self, csp: Tenancy) -> None:
        offer, held = at_20(csp)
        other = sold(csp, offer)
        what = rule(csp, "300")
        totals = total_of(what, csp.context, NOTHING)
        assert (totals.change, totals.held, totals.money) == (0, 2, [])
        run = applied(csp, what, Choice.of([], [other]))
        assert reasons(csp, run) == {held: HELD}
        assert (amounts(csp, held)[0], amounts(csp, other)[0]) == (12, 40)

    def test_excluded(self, csp: Tenancy) -> None:
        offer, held = at_20(csp)
        other = sold(csp, offer)
        what, choice = rule(csp), Choice.of([held])
        totals = total_of(what, csp.context, choice)
        assert (totals.change, totals.excluded) == (1, 1)
        run = applied(csp, what, choice)
        assert (run.recorded, run.left_out, run.left) == (1, 1, 0)
        assert (amounts(csp, held)[0], amounts(csp, other)[0]) == (12, Decimal("12.5"))
        assert applied(csp, what).recorded == 1  # afterwards, when it is not excluded

    def test_what_a_verb_refuses_is_left_and_the_others_go_on(self, csp: Tenancy) -> None:
        offer, held = at_20(csp)
        other = sold(csp, offer)
        what = rule(csp)
        Operation.objects.create(
            tenant_id=csp.tenant_id, subscription_id=other, sequence=99, kind="rename",
            before={}, after={}, effective_on=TODAY, recorded_at=csp.clock.now(), actor="x",
            actor_ref="x", source="price_list", source_id="x", correlation_id="x",
        )  # fmt: skip
        Subscription.objects.filter(pk=held).update(price_currency="USD")
        run = applied(csp, what)
        assert (run.recorded, run.left) == (1, 1)
        assert "in USD" in reasons(csp, run)[held]


def test_totals_a_month_by_currency(csp: Tenancy) -> None:
    offer, _ = at_20(csp)
    yearly = csp.offer(cycle=BillingCycle.ANNUAL)
    listed(csp, yearly, "120", None)
    sold(csp, yearly, "144", "120")
    once = csp.offer(cycle=BillingCycle.ONE_TIME, kind=OfferKind.PERPETUAL_SOFTWARE)
    listed(csp, once, "100", None)
    sold(csp, once, "120", "100")
    dollars = csp.offer()
    listed(csp, dollars, currency="USD")
    foreign = sold(csp, dollars, price=None, cost=None)
    assert get_subscription(csp.context, foreign).price_currency == "USD"
    totals = total_of(rule(csp), csp.context, NOTHING)
    assert (totals.change, totals.once) == (4, 1)
    assert [
        (one.currency, one.price_before, one.price_after, one.cost_before, one.cost_after)
        for one in totals.money
    ] == [("EUR", 240, 250, 200, 200), ("USD", 120, 125, 100, 100)]
    assert offer


class TestMany:
    def test_a_page_is_a_handful_of_readings(self, csp: Tenancy) -> None:
        _, held = at_20(csp)
        many(csp, held, 499)
        what = rule(csp)
        counted = []
        for limit in (10, 500):
            with CaptureQueriesContext(connection) as queries:
                page = look_at_prices(what, csp.context, limit=limit)
            assert len(page.items) == limit
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 12
        began = monotonic()
        assert total_of(what, csp.context, NOTHING).change == 500
        looked = monotonic() - began
        run = applied(csp, what)
        assert (run.state, run.to_look_at, run.recorded) == ("running", 500, 0)
        job = ProcrastinateJob.objects.get(queueing_lock=f"apply_prices:{run.id}")
        assert (job.task_name, job.args) == ("tallystick.apply_prices", {"run_id": run.id})
        with CaptureQueriesContext(connection) as queries:
            assert apply_part(run.id, now=csp.clock.now(), wake=nobody_wakes)
        each = len(queries) / 100
        half = get_price_run(csp.context, run.id)
        assert (half.looked_at, half.recorded) == (100, 100)
        assert applied(csp, what).id == run.id  # pressed again while it runs
        jobs.use_wake(nobody_wakes)
        began = monotonic()
        jobs.apply_prices(run.id)
        print(
            f"\n{counted[1]} queries a page of 500; totals of 500 in {looked:.2f} s; "
            f"{each:.1f} queries and {(monotonic() - began) / 400 * 1000:.1f} ms a subscription"
        )
        done = get_price_run(csp.context, run.id)
        assert (done.state, done.looked_at, done.recorded) == ("finished", 500, 500)
        assert len({one.subscription_id for one in changes(csp)}) == len(changes(csp)) == 500

    def test_killed_in_the_middle_it_goes_on_where_it_was(self, csp: Tenancy) -> None:
        _, held = at_20(csp)
        many(csp, held, 249)
        connection_id = csp.connection()
        # The engine is woken for a mapped one in the second part: there the process dies.
        mapped = Subscription.objects.filter(tenant_id=csp.tenant_id).order_by("pk")[150].pk
        csp.map(mapped, connection_id, contract_id=number(), line_id=number())
        what = rule(csp)
        run = applied(csp, what)
        assert run.state == "running"

        def dies(_lane_ids: Sequence[int]) -> None:
            raise Killed

        with pytest.raises(Killed):
            while apply_part(run.id, now=csp.clock.now(), wake=dies):
                pass
        stopped = get_price_run(csp.context, run.id)
        assert (stopped.looked_at, stopped.recorded, len(changes(csp))) == (100, 100, 100)
        ProcrastinateJob.objects.filter(queueing_lock=f"apply_prices:{run.id}").update(
            status="succeeded", queueing_lock=None
        )
        jobs.resume_price_runs(0)  # the worker's job is gone: another one goes on
        assert ProcrastinateJob.objects.filter(queueing_lock=f"apply_prices:{run.id}").exists()
        jobs.use_wake(nobody_wakes)
        jobs.apply_prices(run.id)
        assert get_price_run(csp.context, run.id).recorded == 250
        assert len({one.subscription_id for one in changes(csp)}) == len(changes(csp)) == 250
        assert not apply_part(run.id, now=csp.clock.now(), wake=nobody_wakes)


class TestContexts:
    @pytest.fixture
    def reseller(self) -> Tenancy:
        return tenancy(reseller=True)

    @pytest.fixture
    def above(self, reseller: Tenancy) -> Tenancy:
        csp = sibling(reseller)
        csp.context = replace(reseller.context, reseller_id=None)
        csp.reseller_id = None
        return csp

    def test_a_csps_rule_is_its_resellers_cost(self, reseller: Tenancy, above: Tenancy) -> None:
        offer = reseller.offer()
        listed(above, offer, "7.7777")
        ruled(above, "10")
        ruled(reseller, "20")
        held = sold(reseller, offer, price=None, cost=None)
        assert amounts(reseller, held) == (Decimal("10.2666"), Decimal("8.5555"))
        what = rule(above, "20", scope=RuleScope.RESELLER, target=str(reseller.reseller_id))
        assert applied(above, what).recorded == 1
        assert amounts(reseller, held) == (Decimal("11.1998"), Decimal("9.3332"))
        kept = changes(above)[0].after["because"]
        assert kept["by"] == CSP_PRICE
        assert "7.7777" not in str(kept)
        assert "20 %" not in kept["by"]

    def test_one_resellers_rule_is_its_own(self, reseller: Tenancy, above: Tenancy) -> None:
        offer = reseller.offer()
        listed(above, offer)
        ruled(above, "0")
        its, others = [], []
        other = sibling(reseller)
        for of, found in ((reseller, its), (other, others)):
            ruled(of, "20")
            found.append(sold(of, offer, price=None, cost=None))
        what = rule(reseller, "25")
        with pytest.raises(NotFound):
            rule_to_apply(other.context, what.rule.number, today=TODAY)
        with pytest.raises(NotFound):
            rule_to_apply(above.context, what.rule.number, today=TODAY)
        run = applied(reseller, what)
        assert run.recorded == 1
        assert amounts(reseller, its[0])[0] == Decimal("12.5")
        assert amounts(other, others[0])[0] == 12
        with pytest.raises(NotFound):
            get_price_run(other.context, run.id)
        assert get_price_run(above.context, run.id).id == run.id

    def test_who_may(self, csp: Tenancy) -> None:
        at_20(csp)
        what = rule(csp)
        csp.context = replace(csp.context, role=Role.VIEWER)
        with pytest.raises(NotAllowed):
            applied(csp, what)


class TestAPriceList:
    def unlocked(self, of: Tenancy) -> tuple[int, int]:
        offer = of.offer()
        listed(of, offer, effective_until=JUNE)
        listed(of, offer, "11", "13.75", effective_from=JUNE)
        ruled(of)
        mark_price_lock(offer, locked=False, by=by(of))
        return offer, sold(of, offer)

    def test_from_the_vendors_own_day(self, csp: Tenancy) -> None:
        _, held = self.unlocked(csp)
        assert applied(csp, ByList(TODAY)).recorded == 0
        run = applied(csp, ByList(JUNE))
        assert run.name == "Price lists of 1 Jun 2026"
        assert amounts(csp, held) == (Decimal("13.2"), 11)
        [done] = changes(csp)
        assert (done.effective_on, done.after["price_from"]) == (JUNE, "own_day")
        assert done.after["because"]["price_list_on"] == "2026-06-01"
        assert applied(csp, ByList(JUNE)).recorded == 0

    def test_locked_ones_are_left_until_their_renewal(self, csp: Tenancy) -> None:
        offer = csp.offer()
        listed(csp, offer, effective_until=JUNE)
        listed(csp, offer, "11", "13.75", effective_from=JUNE)
        ruled(csp)
        held = sold(csp, offer)
        run = applied(csp, ByList(JUNE))
        assert reasons(csp, run) == {held: "Locked until 31 Dec 2026."}
        [row] = look_at_prices(ByList(JUNE), csp.context).items
        assert (row.unit_price, row.unit_cost) == (Decimal("13.2"), 11)
        assert applied(csp, ByList(date(2027, 1, 1))).recorded == 1
        assert amounts(csp, held) == (Decimal("13.2"), 11)

    def test_locked_and_nothing_else_on_the_list_is_no_row(self, csp: Tenancy) -> None:
        offer, _ = at_20(csp)
        old = csp.subscription(
            offer_id=offer, unit_price="12", unit_cost="10", starts_on=date(2025, 6, 1)
        )
        assert [one.view.id for one in look_at_prices(ByList(TODAY), csp.context).items] == []
        # Locked by what was recorded, and no list to tell what it would be.
        csp.subscription(unit_cost="9")
        assert len(look_at_prices(ByList(TODAY), csp.context).items) == 0
        assert old

    def test_a_day_far_away_is_refused(self, csp: Tenancy) -> None:
        with pytest.raises(InvalidInput) as caught:
            applied(csp, ByList(date(2099, 1, 1)))
        assert caught.value.errors[0].field == "on"


class TestAPromotion:
    def promoted(self, of: Tenancy, **more: Any) -> int:
        from tallystick.catalog.models import Offer

        offer = of.offer()
        listed(of, offer)
        ruled(of)
        facts = Offer.objects.get(pk=offer)
        new = NewPromotion(
            "P1", "Half price", facts.product_id, facts.sku_id, date(2026, 1, 1),
            date(2026, 1, 31), percent=Decimal(50), **more,
        )  # fmt: skip
        add_promotion(new, by=by(of))
        return offer

    def test_a_quantity_gets_its_price(self, csp: Tenancy) -> None:
        held = sold(csp, self.promoted(csp))
        csp.quantity(held, 12)
        last = Operation.objects.filter(subscription_id=held).latest("sequence")
        assert last.before == {"quantity": 10, "unit_price": "12.0000", "unit_cost": "10.0000"}
        assert (last.after["unit_price"], last.after["unit_cost"]) == ("6.0000", "5.0000")
        assert last.after["because"]["by"] == "Promotion: Half price"
        assert amounts(csp, held) == (6, 5)
        csp.quantity(held, 13)  # it has that price now: nothing more is said of it
        last = Operation.objects.filter(subscription_id=held).latest("sequence")
        assert last.after == {"quantity": 13}

    def test_a_price_that_moves_far_is_held(self, csp: Tenancy) -> None:
        held = sold(csp, self.promoted(csp), "40", "10")
        for typed in (12, "12"):
            with pytest.raises(InvalidInput) as refused:
                csp.quantity(held, typed)
            [error] = refused.value.errors
            assert error.field == "accept_large_change"
            assert error.message.startswith("is needed: unit price 40.00 to 6.00 EUR is more than")
        view = get_subscription(csp.context, held)
        asks = {"today": TODAY, "effective_on": ""}
        words = large_change_with(csp.context, view, quantity="12", **asks)
        assert words == "unit price 40.00 to 6.00 EUR"
        assert large_change_with(csp.context, view, quantity="many", **asks) == ""
        csp.quantity(held, 12, accept_large_change=True)
        assert amounts(csp, held) == (6, 5)

    def test_not_when_its_benefit_is_over_or_nothing_can_be_priced(self, csp: Tenancy) -> None:
        for offer in (self.promoted(csp, months=3), csp.offer()):
            held = sold(csp, offer)
            csp.quantity(held, 12)
            last = Operation.objects.filter(subscription_id=held).latest("sequence")
            assert last.after == {"quantity": 12}

    def test_a_cost_that_is_not_known_stays(self, csp: Tenancy) -> None:
        held = sold(csp, self.promoted(csp))
        Subscription.objects.filter(pk=held).update(cost_currency="USD")
        csp.quantity(held, 12)
        assert amounts(csp, held) == (6, 10)
        bare = sold(csp, self.promoted(csp))
        Subscription.objects.filter(pk=bare).update(unit_cost=None, cost_currency="USD")
        csp.quantity(bare, 12)
        assert amounts(csp, bare) == (6, None)


class TestAPurchase:
    def test_what_is_left_out_is_made(self, csp: Tenancy) -> None:
        offer, _ = at_20(csp)
        held = sold(csp, offer, price=None, cost=None)
        assert amounts(csp, held) == (12, 10)
        bought = Operation.objects.get(subscription_id=held)
        assert (bought.after["unit_price"], bought.after["unit_cost"]) == ("12.0000", "10.0000")
        because = read_because(bought.after)
        assert because is not None
        assert because.by == "Left out of the order, so made from price lists and margin rules"

    def test_what_is_ordered_stays(self, csp: Tenancy) -> None:
        offer, _ = at_20(csp)
        assert amounts(csp, sold(csp, offer, price="14", cost=None)) == (14, 10)
        assert amounts(csp, sold(csp, offer, price=None, cost="9")) == (12, 9)
        full = sold(csp, offer, price="14", cost="9")
        assert "because" not in Operation.objects.get(subscription_id=full).after

    def test_what_cannot_be_priced_stays_empty(self, csp: Tenancy) -> None:
        assert amounts(csp, sold(csp, csp.offer(), price=None, cost=None)) == (None, None)
        dollars = csp.offer()
        listed(csp, dollars, currency="USD")
        ruled(csp)
        assert amounts(csp, sold(csp, dollars, price="14", cost=None)) == (14, None)
