"""Monthly Azure amounts: whole files, corrections with history, the same file again is nothing."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from factories import Tenancy, nobody_wakes, sibling, tenancy
from price_desk import by
from tallystick.audit.models import AuditLog
from tallystick.catalog.terms import OfferKind, Term
from tallystick.identity.roles import Role
from tallystick.kit.problem import InvalidInput, NotAllowed
from tallystick.ledger.models import Operation
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_azure_costs import AmountFile, AmountsImported, import_azure_costs
from tallystick.subscriptions.azure_amounts import CannotSum, MonthTotal
from tallystick.subscriptions.azure_models import AzureAmountRow
from tallystick.subscriptions.azure_queries import (
    list_azure_amounts,
    plans_without_amounts,
    total_of_customer,
    total_of_plan,
)
from tallystick.subscriptions.models import Customer, Subscription

pytestmark = pytest.mark.usefixtures("db")
MAY = date(2026, 5, 1)


class Stage:
    """A customer with an Azure plan, and files about it."""

    def __init__(self, of: Tenancy | None = None) -> None:
        self.of = of or tenancy()
        self.customer = Customer.objects.get(pk=self.of.customer(f"Alder {self.of.tenant_id}"))
        offer = self.of.offer("Azure plan", kind=OfferKind.AZURE_PLAN, term=Term.NONE)
        plan = self.of.subscription(customer_id=self.customer.pk, offer_id=offer)
        self.plan = Subscription.objects.get(pk=plan)

    def load(self, text: str, *, dry_run: bool = False, **more: Any) -> AmountsImported:
        said = text.replace("C1", self.customer.external_id).replace("S1", self.plan.provider_id)
        file = AmountFile(**({"name": "May.csv", "currency": "EUR"} | more))
        return import_azure_costs(
            io.BytesIO(said.encode()), file, by=by(self.of), wake=nobody_wakes, dry_run=dry_run
        )

    def refused(self, text: str, **more: Any) -> list[str]:
        before = self.count()
        with pytest.raises(ImportRefused) as caught:
            self.load(text, **more)
        assert self.count() == before
        return [str(error) for error in caught.value.errors]

    def count(self) -> int:
        return AzureAmountRow.objects.filter(tenant_id=self.of.tenant_id).count()


@pytest.fixture
def stage() -> Stage:
    return Stage()


HEAD = "customer_id,subscription_id,month,kind,cost,price,final\n"


def test_a_month_is_summed(stage: Stage) -> None:
    done = stage.load(
        HEAD
        + "C1,S1,2026-05,usage,100.1234,120.50,yes\n"
        + "C1,S1,2026-05,reservation,50,60,yes\n"
        + "C1,S1,2026-05,savings plan,-10,-12,yes\n"
        + "C1,,2026-05,usage,5,6,no\n"
        + "C1,S1,2026-06,usage,7,8,\n"
    )
    assert (done.rows, done.added, done.corrected, done.unchanged) == (5, 5, 0, 0)
    total = total_of_plan(stage.of.context, stage.plan.pk, MAY)
    assert isinstance(total, MonthTotal)
    assert (total.cost, total.price, total.final) == (
        Decimal("140.1234"), Decimal("168.5"), True
    )  # fmt: skip
    assert len(total.ids) == 3
    whole = total_of_customer(stage.of.context, stage.customer.pk, MAY)
    assert isinstance(whole, MonthTotal)
    assert (whole.price, whole.final) == (6, False)
    assert total_of_plan(stage.of.context, stage.plan.pk, date(2026, 4, 1)) is None


def test_a_plan_whose_month_is_not_in_or_may_still_move_is_counted(stage: Stage) -> None:
    context = stage.of.context
    assert plans_without_amounts(context, MAY) == 1
    assert plans_without_amounts(context, date(2025, 12, 1)) == 0, "before its first day"
    stage.load(HEAD + "C1,S1,2026-05,usage,100,120,yes\n")
    assert plans_without_amounts(context, MAY) == 0
    stage.load(HEAD + "C1,S1,2026-05,reservation,5,6,no\n")
    assert plans_without_amounts(context, MAY) == 1
    stage.load(HEAD + "C1,S1,2026-05,reservation,5,6,yes\n")
    assert plans_without_amounts(context, MAY) == 0
    stage.load(HEAD + "C1,,2026-06,usage,5,6,yes\n")
    assert plans_without_amounts(context, date(2026, 6, 1)) == 0, "of the customer as a whole"
    assert plans_without_amounts(sibling(stage.of).context, MAY) == 0


def test_the_plain_form_and_the_customers_name(stage: Stage) -> None:
    done = stage.load(f"customer,month,cost,price\n{stage.customer.name},2026-05,1,2\n")
    assert done.added == 1
    row = AzureAmountRow.objects.get(tenant_id=stage.of.tenant_id)
    assert (row.kind, row.final, row.source, row.subscription_id) == (
        "usage", False, "May.csv", None
    )  # fmt: skip


def test_again_and_corrected(stage: Stage) -> None:
    first = HEAD + "C1,S1,2026-05,usage,100,120,no\nC1,S1,2026-05,reservation,5,6,no\n"
    stage.load(first)
    again = stage.load(first)
    assert (again.added, again.corrected, again.unchanged) == (0, 0, 2)
    logs = AuditLog.objects.filter(tenant_id=stage.of.tenant_id, event="import.azure_costs")
    assert logs.count() == 1
    tried = stage.load(first.replace("120,no", "121,yes"), dry_run=True)
    assert (tried.corrected, tried.stored, stage.count()) == (1, False, 2)
    done = stage.load(first.replace("120,no", "121,yes"))
    assert (done.added, done.corrected, done.unchanged) == (0, 1, 1)
    assert logs.count() == 2
    amounts = list_azure_amounts(stage.of.context, month=MAY, history=True).items
    assert sorted(one.price for one in amounts) == [6, 120, 121]
    assert len(list_azure_amounts(stage.of.context, customer_id=stage.customer.pk).items) == 2
    # What is final is said again without the word, and only another final amount corrects it.
    assert stage.load(HEAD + "C1,S1,2026-05,usage,100,121,\n").unchanged == 1
    [said] = stage.refused(HEAD + "C1,S1,2026-05,usage,100,125,\n")
    assert said.startswith("line 2, final: the amount of 2026-05 is final here")
    assert stage.load(HEAD + "C1,S1,2026-05,usage,100,125,\n", final=True).corrected == 1


def test_currencies_are_never_added_up(stage: Stage) -> None:
    head = "customer,subscription_id,month,kind,cost,price,cost_currency,price_currency\n"
    stage.load(head + "C1,S1,2026-05,usage,1,2,USD,\nC1,S1,2026-05,reservation,1,2,USD,EUR\n")
    total = total_of_plan(stage.of.context, stage.plan.pk, MAY)
    assert isinstance(total, MonthTotal)
    assert (total.cost_currency, total.price_currency) == ("USD", "EUR")
    stage.load(head + "C1,S1,2026-05,savings_plan,1,2,EUR,EUR\n")
    mixed = total_of_plan(stage.of.context, stage.plan.pk, MAY)
    assert isinstance(mixed, CannotSum)
    assert "The costs of 2026-05 are in EUR and USD" in mixed.reason


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("C1,S1,2026-13,usage,1,2,", "line 2, month: “2026-13” is not a month"),
        ("C1,S1,2026-05-02,usage,1,2,", "line 2, month: "),
        ("C1,S1,05/2026,usage,1,2,", "line 2, month: "),
        ("C1,S1,2026-05,usage,NaN,2,", "line 2, cost: "),
        ("C1,S1,2026-05,usage,-0,2,", "line 2, cost: "),
        ('C1,S1,2026-05,usage,1,"2,5",', "line 2, price: "),
        ("C1,S1,2026-05,usage,1,1000000000000000000,", "line 2, price: "),
        ("C1,S1,2026-05,usage,1,2000000000,", "line 2, price: must be at most"),
        ("C1,S1,2026-05,usage,1.1234567,2,", "line 2, cost: "),
        ("C1,S1,2026-05,storage,1,2,", "line 2, kind: "),
        ("C1,S1,2026-05,usage,1,2,maybe", "line 2, final: "),
        ("C1,nobody,2026-05,usage,1,2,", "line 2, subscription_id: “nobody” is not a"),
        ("nobody,,2026-05,usage,1,2,", "line 2, customer: “nobody” is not known here"),
        (",,2026-05,usage,1,2,", "line 2, customer: is empty"),
        ("C1,,2026-05,usage,1,2,\nC1,,2026-05,usage,1,3,", "line 3, month: this customer's usage"),
    ],
)
def test_wrong_rows(stage: Stage, row: str, said: str) -> None:
    [error] = stage.refused(HEAD + row + "\n")
    assert error.startswith(said)


def test_what_is_not_azure(stage: Stage) -> None:
    licence = Subscription.objects.get(pk=stage.of.subscription(customer_id=stage.customer.pk))
    [said] = stage.refused(HEAD + f"C1,{licence.provider_id},2026-05,usage,1,2,\n")
    assert "is not Azure: NCE licence" in said


def test_a_currency_must_be_said(stage: Stage) -> None:
    [said] = stage.refused(HEAD + "C1,S1,2026-05,usage,1,2,\n", currency="")
    assert said.startswith("line 2, currency: is needed")
    with pytest.raises(InvalidInput, match="currency"):
        stage.load(HEAD, currency="Euro")


def test_a_name_that_several_have(stage: Stage) -> None:
    stage.of.customer(stage.customer.name)
    [said] = stage.refused(f"customer,month,cost,price\n{stage.customer.name},2026-05,1,2\n")
    assert "is the name of several customers" in said


def test_contexts(stage: Stage) -> None:
    one = Stage(tenancy(reseller=True))
    other = Stage(sibling(one.of))
    one.load(HEAD + "C1,S1,2026-05,usage,1,2,\n")
    assert list_azure_amounts(other.of.context).items == []
    assert total_of_plan(other.of.context, one.plan.pk, MAY) is None
    [said] = other.refused(HEAD + f"{one.customer.external_id},,2026-05,usage,1,2,\n")
    assert "is not known here" in said
    viewer = Stage()
    viewer.of = tenancy(role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        viewer.load(HEAD)


class TestMonthsAreRecorded:
    def test_what_is_final_becomes_one_operation(self, stage: Stage) -> None:
        text = (
            "customer_id,subscription_id,month,kind,cost,price,final\n"
            "C1,S1,2026-05,usage,80.00,100.00,yes\n"
            "C1,S1,2026-05,reservation,10.00,20.00,{}\n"
        )
        first = stage.load(text.format("no"))
        assert (first.outcome.recorded, first.outcome.not_final) == (0, 1)
        assert "not all amounts are final" in first.outcome.notes[0]
        looked = stage.load(text.format("yes"), dry_run=True)
        assert (looked.stored, looked.outcome.recorded) == (False, 1)
        assert operations(stage) == []
        assert stage.load(text.format("yes")).outcome.recorded == 1
        assert stage.load(text.format("yes")).outcome.same == 1
        [after] = operations(stage)
        assert (after["month"], after["price"], after["cost"]) == ("2026-05", "120.0000", "90.0000")

    def test_a_correction_is_another_operation(self, stage: Stage) -> None:
        text = "customer_id,subscription_id,month,cost,price\nC1,S1,2026-05,80.00,{}\n"
        stage.load(text.format("100.00"), final=True)
        assert stage.load(text.format("101.00"), final=True).outcome.recorded == 1
        assert [one["price"] for one in operations(stage)] == ["100.0000", "101.0000"]

    def test_amounts_without_a_plan_are_the_only_plans(self, stage: Stage) -> None:
        text = "customer_id,month,cost,price\nC1,2026-05,80.00,100.00\n"
        assert stage.load(text, final=True).outcome.recorded == 1
        assert [one["price"] for one in operations(stage)] == ["100.0000"]

    def test_of_two_plans_it_is_said_that_nobody_knows(self, stage: Stage) -> None:
        offer = stage.of.offer("Azure plan", kind=OfferKind.AZURE_PLAN, term=Term.NONE)
        stage.of.subscription(customer_id=stage.customer.pk, offer_id=offer)
        text = "customer_id,month,cost,price\nC1,2026-05,80.00,100.00\n"
        done = stage.load(text, final=True)
        assert (done.outcome.recorded, done.outcome.unmatched) == (0, 1)
        assert "Name the plan in the file" in done.outcome.notes[0]
        assert operations(stage) == []

    def test_of_a_suspended_plan_they_are_held(self, stage: Stage) -> None:
        Subscription.objects.filter(pk=stage.plan.pk).update(status="suspended")
        text = "customer_id,subscription_id,month,cost,price\nC1,S1,2026-05,80.00,100.00\n"
        done = stage.load(text, final=True)
        assert (done.outcome.recorded, done.outcome.held) == (0, 1)

    def test_several_currencies_are_not_added_up(self, stage: Stage) -> None:
        text = (
            "customer_id,subscription_id,month,kind,cost,price,currency\n"
            "C1,S1,2026-05,usage,80.00,100.00,EUR\n"
            "C1,S1,2026-05,reservation,10.00,20.00,USD\n"
        )
        done = stage.load(text, final=True)
        assert (done.outcome.recorded, done.outcome.cannot_sum) == (0, 1)
        assert "are not added up" in done.outcome.notes[0]

    def test_reservations_are_billed_with_the_only_plan(self, stage: Stage) -> None:
        offer = stage.of.offer("RI", kind=OfferKind.AZURE_RESERVATION, term=Term.NONE)
        other = stage.of.subscription(customer_id=stage.customer.pk, offer_id=offer)
        name = Subscription.objects.get(pk=other).provider_id
        text = (
            "customer_id,subscription_id,month,kind,cost,price\n"
            "C1,S1,2026-05,usage,80.00,100.00\n"
            f"C1,{name},2026-05,reservation,10.00,20.00\n"
        )
        assert stage.load(text, final=True).outcome.recorded == 1
        assert [one["price"] for one in operations(stage)] == ["120.0000"]


def operations(stage: Stage) -> list[Any]:
    rows = Operation.objects.filter(subscription=stage.plan, kind="azure_amounts")
    return list(rows.order_by("sequence").values_list("after", flat=True))
