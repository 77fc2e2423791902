"""A month three ways: what Microsoft billed, what our operations say, what Autotask bills."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from factories import Tenancy, sibling, tenancy
from harness import World
from price_desk import by
from reconciliation_files import charged, sheet
from tallystick.books.close_month import close_month
from tallystick.books.invoice_proof import InvoiceProof, Row, invoice_proof, proof_page
from tallystick.books.invoice_words import Cause, Found
from tallystick.bootstrap.invoices import invoice_csv
from tallystick.catalog.terms import OfferKind, Term
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import InvalidInput, NotAllowed
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.renew import NewPrice
from tallystick.sources.import_reconciliation import ReconciliationFile, import_reconciliation
from tallystick.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("db")
MAY = date(2026, 5, 1)


def at(of: Tenancy, *when: int) -> Tenancy:
    """The same tenancy on a day: what is recorded then is known from then."""
    year, month, day = when
    of.clock.jump(datetime(year, month, day, 9, tzinfo=UTC) - of.clock.now())
    return of


def billed(subscription_id: int, **changes: str) -> dict[str, str]:
    """A row about this subscription."""
    row = Subscription.objects.select_related("customer").get(pk=subscription_id)
    about = {
        "CustomerId": row.customer.external_id,
        "CustomerName": row.customer.name,
        "SubscriptionId": row.provider_id.upper(),
    }
    return charged(**(about | changes))


def load(of: Tenancy, *rows: dict[str, str], **more: Any) -> None:
    file = ReconciliationFile("May.csv", **({"month": "2026-05"} | more))
    import_reconciliation(io.BytesIO(sheet(rows)), file, by=by(of))


def look(of: Tenancy) -> InvoiceProof:
    return invoice_proof(of.context, MAY)


def only(of: Tenancy) -> Row:
    (row,) = look(of).rows
    return row


def mapped_nowhere(of: Tenancy, **more: Any) -> int:
    """Recorded in January, when it began."""
    return at(of, 2026, 1, 1).subscription(**more)


def test_without_an_invoice_there_is_nothing_to_compare() -> None:
    of = tenancy()
    mapped_nowhere(of)
    proof = look(of)
    assert (proof.found, proof.rows, proof.invoices) == (Found.NOTHING, [], [])


def test_an_invoice_of_nothing_is_no_green_tick() -> None:
    of = tenancy()
    load(of)
    proof = look(of)
    assert (proof.found, len(proof.invoices)) == (Found.NOTHING, 1)


def test_what_is_billed_and_mapped_nowhere_is_money_that_is_lost() -> None:
    of = tenancy()
    one = mapped_nowhere(of)
    load(of, billed(one))
    row = only(of)
    assert (row.compared.found, row.compared.cause) == (Found.DIFFERENT, Cause.NOT_BILLED)
    assert (row.compared.difference, row.at_stake) == (0, 121)
    assert row.compared.why == "It is active and not mapped: Autotask bills nothing for it."
    assert row.autotask.words == "Not mapped"


def test_a_mapped_line_that_is_equal_is_equal_whatever_the_letters_of_its_id(world: World) -> None:
    at(world.tenancy, 2026, 1, 1)
    line = world.line(units=10, starts_on=date(2026, 1, 1))
    load(world.tenancy, billed(line.subscription_id))
    row = only(world.tenancy)
    assert (row.compared.found, row.compared.cause, row.at_stake) == (Found.EQUAL, None, 0)
    assert row.autotask.words == "Month not closed"
    assert look(world.tenancy).found is Found.EQUAL


def test_autotasks_side_comes_from_the_newest_month_proof(world: World) -> None:
    of = at(world.tenancy, 2026, 1, 1)
    line = world.line(units=10, starts_on=date(2026, 1, 1))
    load(of, billed(line.subscription_id))
    of.clock.advance(160 * 86400)
    for edited in (None, 13):
        if edited:
            line.hand_edit(edited, on=date(2026, 5, 1))
        close_month(
            world.connection_id,
            MAY,
            context=of.context,
            now=of.clock.now(),
            correlation_id=correlation_id(),
            billing=world.engine.billing,
        )
        row = only(of)
        if edited is None:
            assert (row.compared.found, row.autotask.amount) == (Found.EQUAL, Decimal("152.00"))
    assert (row.compared.found, row.compared.cause) == (Found.DIFFERENT, Cause.AUTOTASK)
    assert row.compared.why.startswith("Month proof 2: ")
    assert (row.autotask.amount, row.at_stake) == (Decimal("197.60"), Decimal("45.60"))
    assert row.autotask.units[0]["units"] == 13


def test_the_largest_difference_comes_first_and_pages_keep_the_order() -> None:
    of = tenancy()
    small, large = mapped_nowhere(of), mapped_nowhere(of, quantity=40)
    more = mapped_nowhere(of)
    load(
        of,
        billed(small, BillableQuantity="11", Subtotal="133.10"),
        billed(large, BillableQuantity="40", Subtotal="484"),
        billed(more, BillableQuantity="30", Subtotal="363"),
        charged(CustomerId="new", SubscriptionId="unknown", Subtotal="900"),
    )
    proof = look(of)
    assert [one.subscription_id for one in proof.rows] == [None, large, more, small]
    assert proof.rows[0].compared.cause is Cause.NOT_OURS
    assert proof.rows[2].compared.cause is Cause.QUANTITY
    first = proof_page(proof, limit=3)
    rest = proof_page(proof, limit=3, cursor=first.next_cursor)
    assert [one.subscription_id for one in rest.items] == [small]
    assert rest.next_cursor is None
    assert proof_page(proof, found="equal").items == []
    with pytest.raises(InvalidInput, match="outcome"):
        proof_page(proof, found="green")
    (sums,) = proof.sums
    assert (sums.billed, sums.compared, sums.ours) == (Decimal("1880.10"),) * 2 + (726,)
    assert sums.difference == Decimal("1154.10")


def test_what_our_customers_hold_and_the_invoice_does_not() -> None:
    of = tenancy()
    customer = of.customer()
    there, missing = (mapped_nowhere(of, customer_id=customer) for _ in range(2))
    elsewhere = mapped_nowhere(of)
    load(of, billed(there))
    found = {one.subscription_id: one.compared for one in look(of).rows}
    assert found[missing].cause is Cause.NOT_ON_INVOICE
    assert found[missing].difference == -121
    assert elsewhere not in found, "a customer of whom the invoice says nothing is not judged"


def test_a_month_before_it_was_recorded_has_no_history() -> None:
    of = at(tenancy(), 2026, 6, 20)
    one = of.subscription(starts_on=date(2026, 1, 1), quantity=7)
    load(of, billed(one))
    row = only(of)
    assert (row.compared.found, row.compared.cause) == (Found.NO_HISTORY, None)
    assert row.compared.difference is None
    assert look(of).found is Found.NO_HISTORY, "never a green tick, never a finding"
    assert look(of).sums[0].compared == 0


def test_what_was_recorded_within_a_week_of_its_start_has_all_its_history() -> None:
    of = at(tenancy(), 2026, 6, 2)
    one = of.subscription(starts_on=date(2026, 5, 29))
    end = {"ChargeStartDate": "2026-05-29", "ChargeEndDate": "2026-06-28"}
    load(of, billed(one, **end))
    assert only(of).compared.difference == 0


def test_a_changed_quantity_is_named_with_its_day() -> None:
    of = tenancy()
    one = mapped_nowhere(of)
    at(of, 2026, 5, 20).quantity(one, 12, date(2026, 5, 16))
    load(of, billed(one))
    row = only(of)
    assert row.compared.cause is Cause.QUANTITY
    assert "16 May 2026: the invoice has 10, our operations 12." in row.compared.why
    assert row.compared.why.endswith("Autotask bills nothing for it.")


def test_azure_and_a_changed_offer_are_not_compared_and_say_why() -> None:
    of = tenancy()
    plan = of.offer("Azure plan", kind=OfferKind.AZURE_PLAN, term=Term.NONE)
    azure, moved = mapped_nowhere(of, offer_id=plan), mapped_nowhere(of)
    at(of, 2026, 5, 20)
    change_offer(
        subscription_id=moved,
        to=NewOffer(of.offer("Other"), NewPrice(Decimal("15.20"), Decimal("12.10"))),
        effective_on=date(2026, 5, 20),
        today=of.today(),
        asked=of.asked(),
    )
    load(of, billed(azure), billed(moved))
    found = {one.subscription_id: one.compared for one in look(of).rows}
    assert {one.found for one in found.values()} == {Found.NOTHING}
    assert found[azure].why.startswith("Azure is billed by its monthly amounts")
    assert found[moved].why == "It is another offer from 20 May 2026: not compared."
    assert look(of).found is Found.NOTHING


def test_what_is_billed_without_a_subscription_is_told_apart_by_its_product() -> None:
    of = tenancy()
    load(of, charged(SubscriptionId="", ProductName="", SkuName=""), charged(SubscriptionId=""))
    row = only(of)
    assert (row.compared.billed, len(row.lines), row.name) == (242, 2, "CFQ7TTC0LCHC:0002")


def test_it_comes_as_a_file_in_which_no_name_can_act() -> None:
    of = tenancy()
    load(of, charged(CustomerName="=HYPERLINK(1)", SubscriptionId="unknown"))
    text = b"".join(invoice_csv(of.context, MAY)).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text))
    assert header[:5] == ["Customer", "Subscription", "Subscription id", "Outcome", "Guessed cause"]
    assert row[0] == "'=HYPERLINK(1)"
    assert row[6:9] == ["121.00", "0.00", "121.00"]


def test_it_is_the_csps_alone() -> None:
    of = tenancy()
    for context in (sibling(of).context, tenancy(role=Role.VIEWER).context):
        with pytest.raises(NotAllowed):
            list(invoice_csv(context, MAY))
    with pytest.raises(NotAllowed):
        invoice_proof(sibling(of).context, MAY)
