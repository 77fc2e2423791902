"""Operations from a file: each row one act of one subscription, all of them or none."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest

from factories import Tenancy, sibling, tenancy
from tallystick.ledger.models import Operation
from tallystick.operations.acts import Act
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_operations import (
    OperationsImported,
    import_operations,
    read_rows,
)
from tallystick.sources.operation_cells import COLUMNS, FIELDS, MOST_ROWS
from tallystick.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("db")


def named(of: Tenancy, **more: object) -> Subscription:
    return Subscription.objects.get(
        pk=of.subscription(commitment_ends_on=date(2026, 12, 31), **more)
    )


def carry_in(of: Tenancy, text: str, *, dry_run: bool = False) -> OperationsImported:
    rows = read_rows(io.StringIO(text), context=of.context)
    return import_operations(rows, today=of.today(), asked=of.asked(), dry_run=dry_run)


def refused(of: Tenancy, text: str) -> list[str]:
    before = Operation.objects.filter(tenant_id=of.tenant_id).count()
    with pytest.raises(ImportRefused) as error:
        carry_in(of, text)
    assert Operation.objects.filter(tenant_id=of.tenant_id).count() == before
    return [str(one) for one in error.value.errors]


def test_every_kind_is_recorded_in_the_files_order_and_once() -> None:
    woken: list[list[int]] = []
    of = tenancy()
    of.wake = lambda lane_ids: woken.append(list(lane_ids))
    one, trial, gone = named(of), named(of, is_trial=True), named(of)
    text = (
        "subscription_id;operation;effective_on;quantity;unit_price;unit_cost;ends_on;"
        "end_of_term;friendly_name;purchase_order;accept_large_change;currency;price_from\n"
        f"{one.provider_id};suspend;2026-05-11;;;;;;;;;;\n"
        f"{one.provider_id};reactivate;2026-05-12;;;;;;;;;;\n"
        f"{one.provider_id};update_quantity;2026-05-13;12;;;;;;;;;\n"
        f"{one.provider_id};update_price_margin;2026-05-13;;152.00;;;;;;yes;EUR;own_day\n"
        f"{one.provider_id};renew;;15;16.40;12.50;2027-12-31;;;;yes;;\n"
        f"{one.provider_id};end-promotion;2026-05-14;;17.10;;;;;;;;\n"
        f"{one.provider_id};set_end_of_term;;;;;;cancel;;;;;\n"
        f"{one.provider_id};rename;;;;;;;Head office;;;;\n"
        f"{one.provider_id};PO number;;;;;;;;PO 4711;;;\n"
        f"{trial.provider_id};convert_trial;2026-05-14;;16.00;;;;;;;;\n"
        f"{gone.provider_id};delete;2026-05-14;;;;;;;;;;\n"
        f"{trial.provider_id};cancel;2026-06-01;;;;;;;;;;\n"
    )
    assert carry_in(of, text, dry_run=True).stored is False
    done = carry_in(of, text)
    assert (done.rows, done.recorded, done.known) == (12, 12, 0)
    rows = Operation.objects.filter(subscription=one).order_by("sequence")
    kinds = list(rows.values_list("kind", flat=True))
    assert kinds[1:4] == ["suspend", "reactivate", "update_quantity"]
    assert len(kinds) == 10
    assert len(set(rows.exclude(kind="purchase").values_list("correlation_id", flat=True))) == 1
    one.refresh_from_db()
    assert (one.quantity, one.unit_price, one.end_of_term) == (15, Decimal("17.1000"), "cancel")
    assert (one.friendly_name, one.purchase_order) == ("Head office", "PO 4711")
    again = carry_in(of, text)
    assert (again.recorded, again.known) == (0, 12)
    assert woken == []  # nothing is mapped


def test_every_field_of_every_act_is_a_column() -> None:
    assert {name for act in Act for name in act.fields} == set(FIELDS) <= COLUMNS


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("suspend,soon,,", "line 2, effective_on: “soon” is not a day"),
        ("suspend,,12,", "line 2, quantity: says nothing of “suspend”: leave it empty"),
        ("update_quantity,,,", "line 2, quantity: is needed for “update_quantity”"),
        ("update_quantity,,many,", "line 2, quantity: “many” is not a whole number"),
        ("update_quantity,,10,", "line 2, quantity: is already 10: nothing to record"),
        ("end_promotion,,,152.00", "line 2, accept_large_change: is needed: unit price 15.20 to"),
        ("reactivate,,,", "line 2, subscription: is active: not suspended"),
        ("convert_trial,,,16", "line 2, subscription: is no trial"),
        ("explode,,,", "line 2, operation: “explode” is not one of: update_quantity"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(cells: str, said: str) -> None:
    of = tenancy()
    one = named(of)
    head = "subscription_id,operation,effective_on,quantity,unit_price\n"
    errors = refused(of, f"{head}{one.provider_id},{cells}\n")
    assert any(error.startswith(said) for error in errors), errors


def test_all_that_is_wrong_is_said_and_what_is_right_is_not_recorded() -> None:
    of = tenancy()
    one, other = named(of), named(of)
    errors = refused(
        of,
        "subscription_id,operation,accept_large_change,unit_price\n"
        f"{one.provider_id},suspend,,\n{other.provider_id},reactivate,,\n"
        f"{other.provider_id},update_price_margin,perhaps,20\n",
    )
    assert errors == [
        "line 3, subscription: is active: not suspended",
        "line 4, accept_large_change: must be yes or no",
    ]
    stranger = named(sibling(of))
    reseller = sibling(of)
    assert (
        "there is no subscription"
        in refused(reseller, f"subscription_id,operation\n{stranger.provider_id},suspend\n")[0]
    )
    assert refused(of, "subscription_id,operation\n") == ["file: has no operation"]
    many = "".join(f"{one.provider_id},suspend\n" for _ in range(MOST_ROWS + 1))
    assert "split it" in refused(of, f"subscription_id,operation\n{many}")[0]
