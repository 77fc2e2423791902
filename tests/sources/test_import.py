"""An import records every row by an operation, or nothing of the file."""

from __future__ import annotations

import io
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from csv_files import GOOD, csv_file, good
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import TODAY, Tenancy, sibling, tenancy
from tallystick.audit.models import AuditLog
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, NotAllowed
from tallystick.ledger.models import Operation
from tallystick.operations.finish import Asked
from tallystick.operations.purchase import LARGEST_AMOUNT as MOST_A_PURCHASE_ACCEPTS
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.csv_subscriptions import Imported, import_subscriptions
from tallystick.sources.csv_values import LARGEST_AMOUNT
from tallystick.subscriptions.models import Customer, Subscription

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


def load(csp: Tenancy, data: bytes, *, asked: Asked | None = None, **more: Any) -> Imported:
    return import_subscriptions(
        io.BytesIO(data), today=csp.today(), asked=asked or csp.asked(), **more
    )


def refused(csp: Tenancy, data: bytes, **more: Any) -> list[str]:
    """What the refusal says; and not one row of any table is there because of it."""
    before = rows_of_every_table()
    with pytest.raises(ImportRefused) as caught:
        load(csp, data, **more)
    assert rows_of_every_table() == before
    return [str(error) for error in caught.value.errors]


def rows_of_every_table() -> dict[str, int]:
    counts = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - names of the database
            counts[table] = cursor.fetchone()[0]
    assert {model._meta.db_table for model in apps.get_models()} <= counts.keys()
    return counts


def held(csp: Tenancy, provider_id: str = "s-1") -> Subscription:
    return Subscription.objects.get(tenant_id=csp.tenant_id, provider_id=provider_id)


def operations(csp: Tenancy) -> list[tuple[str, date]]:
    found = Operation.objects.filter(tenant_id=csp.tenant_id).order_by("pk")
    return list(found.values_list("kind", "effective_on"))


def test_new_subscriptions_are_purchases(csp: Tenancy) -> None:
    rows = [
        good(subscription="Head office"),
        good(subscription_id="s-2", quantity="3", unit_price="", unit_cost="", currency=""),
        good(subscription_id="s-3", customer_id="c-2", customer="Birch", term="P1M", ends_on=""),
    ]
    result = load(csp, csv_file(rows))

    assert (result.rows, result.stored) == (3, True)
    assert (result.customers_added, result.offers_added) == (2, 2)
    assert (result.subscriptions_added, result.unchanged) == (3, 0)
    assert result.not_imported == ()
    first, second = held(csp), held(csp, "s-2")
    assert (first.friendly_name, first.quantity) == ("Head office", 10)
    assert (first.unit_price, first.price_currency) == (Decimal("26.4"), "EUR")
    assert first.commitment_ends_on == date(2026, 12, 31)
    assert first.customer_id == second.customer_id
    assert (second.unit_price, second.price_currency) == (None, "")
    assert operations(csp) == [("purchase", date(2026, 1, 1))] * 3
    assert set(Operation.objects.filter(tenant_id=csp.tenant_id).values_list("source")) == {
        ("csv",)
    }


def test_one_audit_record_ties_an_import_together(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD, good(subscription_id="s-2")]))
    (entry,) = AuditLog.objects.filter(tenant_id=csp.tenant_id, event="import.subscriptions")
    assert entry.details["subscriptions_added"] == 2
    together = AuditLog.objects.filter(correlation_id=entry.correlation_id)
    assert sorted(together.values_list("event", flat=True)) == [
        "customer.create",
        "import.subscriptions",
        "offer.create",
        "subscription.purchase",
        "subscription.purchase",
    ]


def test_the_same_file_again_changes_nothing(csp: Tenancy) -> None:
    """Also when names came with spaces around them, and for what the file had cancelled."""
    data = csv_file(
        [
            good(customer="  Alder\u2003", subscription=" x\u00a0", status="suspended"),
            good(customer="Alder", subscription_id="s-2", unit_price="26.4000"),
            good(customer="Alder", subscription_id="s-3"),
        ]
    )
    load(csp, data)
    ended = data[: data.rindex(b"active")] + b"cancelled\r\n"
    load(csp, ended)
    before = rows_of_every_table()
    for _ in range(2):
        result = load(csp, ended)
        assert (result.unchanged, result.rows) == (3, 3)
        assert result.not_imported == ()
    assert rows_of_every_table() == before


def test_another_quantity_is_a_quantity_change(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD]))
    result = load(csp, csv_file([good(quantity="12")]))
    assert (result.quantity_changes, result.unchanged) == (1, 0)
    assert held(csp).quantity == 12
    assert operations(csp)[-1] == ("update_quantity", TODAY)

    load(csp, csv_file([good(quantity="13")]), effective_on=date(2026, 6, 1))
    assert operations(csp)[-1] == ("update_quantity", date(2026, 6, 1))


def test_what_has_not_begun_changes_from_its_start(csp: Tenancy) -> None:
    later = good(starts_on="2026-07-01")
    load(csp, csv_file([later]))
    load(csp, csv_file([later | {"quantity": "12"}]))
    assert operations(csp)[-1] == ("update_quantity", date(2026, 7, 1))
    (error,) = refused(csp, csv_file([later | {"quantity": "13"}]), effective_on=TODAY)
    assert error == ("line 2, effective_on: is before the subscription's start (1 Jul 2026)")


def test_cancelled_is_a_cancellation(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD]))
    result = load(csp, csv_file([good(status="cancelled")]), effective_on=date(2026, 6, 1))
    assert (result.cancellations, result.unchanged) == (1, 0)
    assert (held(csp).status, held(csp).quantity) == ("cancelled", 0)
    assert operations(csp)[-1] == ("cancel", date(2026, 6, 1))


def test_what_is_cancelled_here_is_not_begun_again(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD]))
    csp.cancel(held(csp).pk)
    (error,) = refused(csp, csv_file([good(subscription_id="s-2"), GOOD]))
    assert error.startswith("line 3, status: the file says active, but it is cancelled here")


def test_what_was_over_before_it_was_known_is_left_out(csp: Tenancy) -> None:
    result = load(csp, csv_file([good(status="cancelled")]))
    assert (result.only_left_out, result.customers_added) == (1, 0)
    assert "nothing to bill" in result.not_imported[0].message
    assert operations(csp) == []


DIFFERENCES = [
    ({"unit_price": "27"}, ["unit_price"]),
    ({"unit_cost": "20"}, ["unit_cost"]),
    ({"currency": "USD"}, ["unit_price", "unit_cost"]),
    ({"customer": "Renamed"}, ["customer"]),
    ({"offer": "Renamed"}, ["offer"]),
    ({"subscription": "Renamed"}, ["subscription"]),
    ({"starts_on": "2026-02-01"}, ["starts_on"]),
    ({"ends_on": "2027-12-31"}, ["ends_on"]),
    ({"status": "suspended"}, ["status"]),
    ({"status": "expired"}, ["status"]),
    ({"offer_id": "OTHER:1", "offer": "Other"}, ["offer_id", "offer"]),
    ({"billing_cycle": "annual"}, ["offer_id"]),
    ({"billing_cycle": "annual", "quantity": "12"}, ["offer_id", "quantity"]),
    ({"status": "deleted", "quantity": "12"}, ["status"]),
]


@pytest.mark.parametrize(("changes", "fields"), DIFFERENCES)
def test_what_cannot_be_recorded_yet_is_said(
    csp: Tenancy, changes: dict[str, str], fields: list[str]
) -> None:
    load(csp, csv_file([GOOD]))
    before = rows_of_every_table()
    result = load(csp, csv_file([good(**changes)]))
    assert [left.field for left in result.not_imported] == fields
    assert {left.line for left in result.not_imported} == {2}
    assert (result.only_left_out, result.unchanged) == (1, 0)
    assert rows_of_every_table() == before


def test_an_empty_cell_says_nothing(csp: Tenancy) -> None:
    load(csp, csv_file([good(subscription="Head office")]))
    empty = good(subscription="", unit_price="", unit_cost="", currency="", ends_on="")
    assert load(csp, csv_file([empty])).unchanged == 1


def test_a_quantity_is_recorded_though_the_price_is_not(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD]))
    result = load(csp, csv_file([good(quantity="12", unit_price="27")]))
    assert (result.quantity_changes, result.only_left_out) == (1, 0)
    assert str(result.not_imported[0]) == (
        "line 2, unit_price: 27.0000 EUR in the file, 26.4000 EUR here"
    )
    assert (held(csp).quantity, held(csp).unit_price) == (12, Decimal("26.4"))


def test_the_quantity_of_a_suspended_one_waits(csp: Tenancy) -> None:
    load(csp, csv_file([good(status="suspended")]))
    assert held(csp).status == "suspended"
    result = load(csp, csv_file([good(quantity="12")]))
    assert [left.field for left in result.not_imported] == ["quantity", "status"]


def test_names_known_already_stay(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD]))
    result = load(csp, csv_file([good(subscription_id="s-2", customer="New", offer="Newer")]))
    assert (result.subscriptions_added, result.customers_added, result.offers_added) == (1, 0, 0)
    assert [left.field for left in result.not_imported] == ["customer", "offer"]
    assert held(csp, "s-2").customer.name == GOOD["customer"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subscription_id": "S-1"}, "subscription_id"),
        ({"customer_id": "c-2"}, "customer_id"),
        ({"subscription_id": "s-2", "customer_id": "C-1"}, "customer_id"),
    ],
)
def test_ids_that_contradict_what_is_recorded(
    csp: Tenancy, changes: dict[str, str], field: str
) -> None:
    load(csp, csv_file([GOOD]))
    (error,) = refused(csp, csv_file([good(**changes)]))
    assert error.startswith(f"line 2, {field}: ")


BAD = [
    *({"quantity": text} for text in ("0", "-1", "1e18", "1,000", "12.0", "")),
    {"unit_price": "12,50"},
    {"starts_on": "1.5.2026"},
    {"ends_on": "2020-01-01"},
    {"status": "gone"},
    {"customer": "a\x00b"},
    {"customer": "a\x07b"},
    {"subscription_id": "s-0"},
    {"customer": "Other"},
    {"surprise": "x"},
]


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_one_bad_row_and_nothing_is_stored(csp: Tenancy, changes: dict[str, str]) -> None:
    rows = [good(subscription_id="s-0"), good(subscription_id="s-9"), GOOD | changes]
    if "surprise" in changes:
        rows = [row | {"surprise": ""} for row in rows[:2]] + rows[2:]
    assert len(refused(csp, csv_file(rows))) == 1


@pytest.mark.parametrize("tail", [b'x,"', b'"a"b', b"x,y\r\n", b"\xff\xfe", b"\x00"])
def test_a_broken_file_and_nothing_is_stored(csp: Tenancy, tail: bytes) -> None:
    assert len(refused(csp, csv_file([GOOD]) + tail)) == 1


def test_a_dry_run_says_the_same_and_stores_nothing(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD, good(subscription_id="s-2")]))
    data = csv_file(
        [
            good(quantity="12"),
            good(subscription_id="s-2", status="cancelled"),
            good(subscription_id="s-3", customer_id="c-3", customer="Cedar"),
        ]
    )
    before = rows_of_every_table()
    woken: list[int] = []
    would = load(csp, data, dry_run=True, asked=waking(csp, woken))
    assert rows_of_every_table() == before
    assert woken == []
    assert not would.stored
    result = load(csp, data)
    assert result.stored
    counted = ["customers_added", "offers_added", "subscriptions_added", "quantity_changes"]
    assert would.cancellations == result.cancellations == 1
    assert [getattr(would, name) for name in counted] == [1, 0, 1, 1]
    assert [getattr(result, name) for name in counted] == [1, 0, 1, 1]


def waking(csp: Tenancy, woken: list[int]) -> Asked:
    asked = csp.asked()

    def wake(lane_ids: Any) -> None:
        assert connection.in_atomic_block, "a nudge is part of the transaction"
        woken.append(len(lane_ids))

    return Asked(asked.context, asked.origin, asked.correlation_id, asked.now, wake)


def test_the_engine_is_nudged_once_and_only_for_what_was_stored(csp: Tenancy) -> None:
    load(csp, csv_file([GOOD, good(subscription_id="s-2")]))
    place = csp.connection()
    for provider_id in ("s-1", "s-2"):
        csp.map(held(csp, provider_id).pk, place, contract_id=1, line_id=held(csp, provider_id).pk)
    woken: list[int] = []
    changed = [good(quantity="12"), good(subscription_id="s-2", quantity="13")]

    with pytest.raises(ImportRefused):
        load(csp, csv_file([*changed, good(subscription_id="S-1 ")]), asked=waking(csp, woken))
    assert woken == []
    load(csp, csv_file(changed), asked=waking(csp, woken))
    assert woken == [2]
    load(csp, csv_file(changed), asked=waking(csp, woken))
    assert woken == [2]


def test_the_nudges_of_a_rolled_back_caller_are_gone(csp: Tenancy) -> None:
    """The engine's own jobs, as the command line uses them: rows of the same transaction."""
    from tallystick.sync.jobs import wake_lanes

    load(csp, csv_file([GOOD]))
    csp.map(held(csp).pk, csp.connection(), contract_id=1, line_id=1)
    asked = csp.asked()
    asked = Asked(asked.context, asked.origin, asked.correlation_id, asked.now, wake_lanes)
    before = rows_of_every_table()
    with transaction.atomic():
        load(csp, csv_file([good(quantity="12")]), asked=asked)
        inside = rows_of_every_table()
        assert inside["procrastinate_jobs"] == before["procrastinate_jobs"] + 1
        transaction.set_rollback(True)
    assert rows_of_every_table() == before


def test_a_viewer_may_not_import() -> None:
    with pytest.raises(NotAllowed):
        load(tenancy(role=Role.VIEWER), csv_file([GOOD]))


def test_a_reseller_learns_nothing_of_another() -> None:
    one = tenancy(reseller=True)
    other = sibling(one)
    load(one, csv_file([GOOD]))
    (error,) = refused(other, csv_file([good(customer_id="c-2", customer="Mine")]))
    assert error == "line 2, subscription_id: this id cannot be used here"
    (error,) = refused(other, csv_file([good(subscription_id="s-2")]))
    assert error == "line 2, customer_id: this id cannot be used here"
    load(other, csv_file([good(subscription_id="s-2", customer_id="c-2")]))
    assert Customer.objects.get(tenant_id=one.tenant_id, external_id="c-2").reseller_id == (
        other.reseller_id
    )


def test_one_import_of_a_tenant_at_a_time(csp: Tenancy) -> None:
    """The second says so instead of waiting; another tenant's goes on."""
    began, finish = threading.Event(), threading.Event()

    def hold(done: int, of: int) -> None:
        began.set()
        assert finish.wait(20)

    def first() -> None:
        try:
            load(csp, csv_file([GOOD]), progress=hold)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert began.wait(20)
        with pytest.raises(Conflicting, match="under way"):
            load(csp, csv_file([GOOD]))
        load(tenancy(), csv_file([GOOD]))
    finally:
        finish.set()
        thread.join()
    assert len(operations(csp)) == 1


def test_what_somebody_did_meanwhile_refuses_the_file(csp: Tenancy) -> None:
    """Decided on what was there, refused by the verb on what is there now: nothing is stored."""
    load(csp, csv_file([GOOD, good(subscription_id="s-2")]))
    target = held(csp, "s-2").pk

    def somebody_else() -> None:
        try:
            csp.cancel(target)
        finally:
            connection.close()

    def progress(done: int, of: int) -> None:
        if done == 1:
            thread = threading.Thread(target=somebody_else)
            thread.start()
            thread.join()

    data = csv_file([good(quantity="12"), good(subscription_id="s-2", quantity="13")])
    with pytest.raises(ImportRefused) as caught:
        load(csp, data, progress=progress)
    assert str(caught.value) == (
        "line 3, subscription: is cancelled: its quantity can no longer be changed"
    )
    assert held(csp).quantity == 10


def test_sources(csp: Tenancy, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(csv_file([GOOD]))

    def of(source: Any) -> Imported:
        return import_subscriptions(source, today=TODAY, asked=csp.asked())

    assert of(file).subscriptions_added == 1
    assert of(io.StringIO(csv_file([GOOD]).decode(), newline="")).unchanged == 1
    for missing, why in [
        (tmp_path / "none.csv", "No such file"),
        (tmp_path, "Is a directory"),
        (Path("a\0b"), "null byte"),
        (Path("/dev/zero"), "larger than 50 MB"),
    ]:
        with pytest.raises(ImportRefused, match=why):
            of(missing)
    with pytest.raises(ImportRefused, match="UTF-8"):
        of(io.StringIO("customer\udc80"))


def test_limits_agree_with_the_verb() -> None:
    assert LARGEST_AMOUNT == MOST_A_PURCHASE_ACCEPTS


def test_the_same_thousand_rows_again_cost_no_query_each(csp: Tenancy) -> None:
    rows = [
        good(
            subscription_id=f"s-{n}",
            customer_id=f"c-{n % 50}",
            customer=f"Customer {n % 50}",
            offer_id=f"P{n % 40}:1",
            offer=f"Offer {n % 40}",
        )
        for n in range(1000)
    ]
    data = csv_file(rows)
    load(csp, data)
    with CaptureQueriesContext(connection) as asked:
        result = load(csp, data)
    assert (result.unchanged, len(operations(csp))) == (1000, 1000)
    assert len(asked) < 30


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=300) | st.binary(max_size=60).map(lambda b: csv_file([GOOD]) + b))
def test_any_bytes_are_imported_or_refused(csp: Tenancy, data: bytes) -> None:
    try:
        load(csp, data)
    except ImportRefused as refusal:
        assert refusal.errors


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.dictionaries(
        st.sampled_from(["customer", "customer_id", "offer", "subscription", "subscription_id"]),
        st.text(min_size=1, max_size=12),
    )
)
def test_any_text_the_file_may_hold_can_be_stored_and_is_the_same_again(
    csp: Tenancy, text: dict[str, str]
) -> None:
    csp = tenancy()
    data = csv_file([good(**text)])
    try:
        load(csp, data)
    except ImportRefused:
        return
    result = load(csp, data)
    assert (result.unchanged, result.not_imported) == (1, ())
