"""The second wall between resellers of one CSP: each table by itself, by raw SQL without a filter.

One reseller of a CSP has a row in every table, on a connection of its own and on its CSP's; another
one has nothing. A table that is added has rows here by itself, or this says what it wants.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, models
from psycopg import errors

from factories import START, TODAY, Tenancy, number, sibling, tenancy, user
from tallystick.bootstrap.walls import ON_A_CONNECTION, OPEN, READ_BY_RESELLERS, walled
from tallystick.identity.reach import reach_of, reach_to, reaching
from tallystick.ledger.models import Lane, Operation
from tallystick.mappings.models import CustomerMapping
from tallystick.operations.move_to_reseller import move_to_reseller

pytestmark = pytest.mark.usefixtures("db")

# The lists of the test, not of the walls. What every reseller of a CSP reads: what can be bought,
# what its prices are made of, its CSP's name, the hashes of the audit chain. What is the CSP's
# alone. Every other table is walled between resellers.
PRICES = {
    "catalog_price_import",
    "catalog_price_series",
    "catalog_promotion",
    "catalog_price_settings",
    "catalog_exchange_rate",
    "audit_chain",
}
SHARED = {*PRICES, "catalog_price_row", "catalog_offer", "identity_tenant"}
THE_CSPS_ALONE = {
    "catalog_price_upload",
    "books_vendor_invoice",
    "books_vendor_invoice_line",
}
OF_A_RESELLER = sorted(walled() - SHARED - THE_CSPS_ALONE)
MODELS = {
    model._meta.db_table: model
    for model in apps.get_models()
    if model.__module__.startswith("tallystick.") and model._meta.db_table not in OPEN
}
MONTH = TODAY.replace(day=1)
# What a row must have besides any value of its kind, and what is optional and must be there.
SPECIAL: dict[str, dict[str, Any]] = {
    "books_month_proof": {"month": MONTH},
    "books_vendor_invoice": {"month": MONTH},
    "subscriptions_azure_amount": {"month": MONTH},
    "ledger_sighting": {"units_after": 2},
    "ledger_portion": {"carrier": "line"},
    "ledger_drift": {"kind": "hand_edit"},
    "ledger_drift_decision": {"how": "gone"},
    "ledger_round_item": {"because": "x"},
    "catalog_margin_rule": {"scope": "everybody", "target": ""},
    "catalog_promotion": {"percent": 1},
    "catalog_exchange_rate": {"base": "EUR", "quote": "USD"},
    "connections_policy_override": {"policy": "mode", "value": "automatic"},
}
BELONGS_TO = {
    "connections_policy_override": "subscription",
    "subscriptions_azure_amount": "subscription",
}
PLAIN: dict[type[models.Field[Any, Any]], Any] = {
    models.BooleanField: False,
    models.DateTimeField: START,
    models.DateField: TODAY,
    models.JSONField: {},
    models.BinaryField: b"x",
    models.IntegerField: 1,
    models.DecimalField: 1,
    models.CharField: "x",
    models.TextField: "x",
}


def value_for(field: models.Field[Any, Any], of: Tenancy) -> Any:
    """Whose it is, the row it belongs to, or any value of its kind."""
    if field.attname == "tenant_id":
        return of.tenant_id
    if field.attname == "reseller_id":
        return of.reseller_id
    if isinstance(field, models.ForeignKey):
        return furnish(field.related_model._meta.db_table, of)
    if field.unique and isinstance(field, models.CharField):
        return f"x{number()}"
    if field.unique and isinstance(field, models.BinaryField):
        return f"x{number()}".encode()
    return next(value for kind, value in PLAIN.items() if isinstance(field, kind))


def wanted(field: models.Field[Any, Any]) -> bool:
    if field.attname in {"tenant_id", "reseller_id"}:
        return True
    return not (field.null or field.has_default())


def allowed(model: type[models.Model]) -> dict[str, Any]:
    """Of each field that may have certain values alone: the first."""
    found = {}
    for constraint in model._meta.constraints:
        for child in getattr(getattr(constraint, "condition", None), "children", ()):
            if isinstance(child, tuple) and child[0].endswith("__in"):
                found[child[0].removesuffix("__in")] = next(iter(child[1]))
    return found


def furnish(table: str, of: Tenancy) -> Any:
    """The key of a row of theirs, which is made if there is none."""
    model = MODELS[table]
    with reaching(reach_of(of.context)):
        known = model._default_manager.order_by("pk").values_list("pk", flat=True)
        if table in READ_BY_RESELLERS:  # its own, not its CSP's
            known = known.filter(reseller_id=of.reseller_id)
        if found := known.first():
            return found
    given = {**allowed(model), **SPECIAL.get(table, {})}
    filled = {
        field.attname: value_for(field, of)
        for field in model._meta.concrete_fields
        if field.name not in given
        and (wanted(field) or field.name == BELONGS_TO.get(table))
        and not isinstance(field, models.AutoField)
        and field.editable
    }
    return model._default_manager.create(**filled, **given).pk


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> tuple[Tenancy, Tenancy]:
    """Who has a row everywhere, and another reseller, who has none."""
    with django_db_blocker.unblock():
        csp = tenancy()
        mine = sibling(csp)
        user(mine)
        subscription, own = mine.subscription(), mine.connection()
        mine.map(subscription, own, contract_id=1, line_id=1)
        mine.quantity(subscription, 12)
        billed_by_csp, theirs = mine.subscription(), csp.connection()
        csp.map(billed_by_csp, theirs, contract_id=2, line_id=2)
        mine.quantity(billed_by_csp, 12)
        CustomerMapping.objects.create(
            connection_id=theirs,
            customer_id=Lane.objects.get(subscription_id=billed_by_csp).subscription.customer_id,
            company_id=1,
            company_name="Contoso",
            created_at=START,
        )
        for table in OF_A_RESELLER:
            furnish(table, mine)
        return mine, sibling(csp)


def counted(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of our own list
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("table", OF_A_RESELLER)
def test_a_row_of_a_reseller_is_its_own(house: tuple[Tenancy, Tenancy], table: str) -> None:
    """Seen by it and by its CSP, and by no other reseller, who changes none either."""
    mine, other = house
    with reaching(reach_of(mine.context)):
        own = counted(table)
    with reaching(reach_to(mine.tenant_id, None)):
        assert counted(table) >= own > 0
    with reaching(reach_of(other.context)):
        # A reseller sees its CSP's connection, and itself.
        assert counted(table) == (table in {"connections_connection", "identity_reseller"})
        assert changed(table) in {None, int(table == "identity_reseller")}


@pytest.mark.parametrize("table", sorted(PRICES | THE_CSPS_ALONE))
def test_what_is_the_csps_no_reseller_changes(house: tuple[Tenancy, Tenancy], table: str) -> None:
    mine, _ = house
    csp = Tenancy(mine.tenant_id, replace(mine.context, reseller_id=None), reseller_id=None)
    if table != "audit_chain":  # its rows are made by a trigger
        furnish(table, csp)
    with reaching(reach_to(mine.tenant_id, None)):
        assert counted(table) > 0
    with reaching(reach_of(mine.context)):
        assert (counted(table) > 0) is (table in PRICES)
        assert changed(table) in {None, 0}


def changed(table: str) -> int | None:
    """How many rows a statement without a condition would change; None: nobody may change one."""
    column = MODELS[table]._meta.concrete_fields[-1].column
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"UPDATE {table} SET {column} = {column}")  # noqa: S608 - names of our own
        except ProgrammingError as refused:
            assert isinstance(refused.__cause__, errors.InsufficientPrivilege)
            return None
        return cursor.rowcount


def test_nothing_is_written_into_another_resellers_lane(house: tuple[Tenancy, Tenancy]) -> None:
    mine, other = house
    delivery = MODELS["ledger_delivery"].objects.filter(tenant_id=mine.tenant_id).first()
    values = {
        field.attname: getattr(delivery, field.attname)
        for field in delivery._meta.concrete_fields
        if not field.primary_key
    }
    with (
        reaching(reach_of(other.context)),
        pytest.raises(ProgrammingError, match="row-level security"),
    ):
        MODELS["ledger_delivery"].objects.create(**{**values, "sequence": 99})


def test_whose_a_lane_is_nobody_says() -> None:
    """The database writes it, whatever a statement says, and keeps it."""
    csp = tenancy()
    mine = sibling(csp)
    subscription = mine.subscription()
    lane = Lane.objects.get(
        pk=csp.map(subscription, csp.connection(), contract_id=1, line_id=1),
    )
    assert lane.reseller_id == mine.reseller_id
    Lane.objects.filter(pk=lane.pk).update(reseller_id=None)
    lane.refresh_from_db()
    assert lane.reseller_id == mine.reseller_id
    assert set(
        Operation.objects.filter(subscription_id=subscription).values_list("reseller_id", flat=True)
    ) == {mine.reseller_id}


def test_what_was_before_a_move_stays_where_it_was() -> None:
    """The one who has the customer now reaches nothing of it, on the CSP's connection either."""
    csp = tenancy()
    before, after = sibling(csp), sibling(csp)
    customer = before.customer()
    subscription = before.subscription(customer_id=customer)
    csp.map(subscription, csp.connection(), contract_id=1, line_id=1)
    before.quantity(subscription, 12)
    csp.clock.advance(timedelta(days=1).total_seconds())
    move_to_reseller(
        customer_id=customer, reseller_id=after.reseller_id, today=csp.today(), asked=csp.asked()
    )
    tables = ("ledger_operation", "ledger_lane", "ledger_delivery", "mappings_left_place")
    with reaching(reach_of(after.context)):
        assert counted("subscriptions_subscription") == 1
        assert {table: counted(table) for table in tables} == dict.fromkeys(tables, 0)
    after.quantity(subscription, 14)
    with reaching(reach_of(after.context)):
        assert counted("ledger_operation") == 1


def test_what_is_on_a_connection_is_that_contexts() -> None:
    """Names of a CSP's companies are not for its resellers."""
    csp = tenancy()
    mine = sibling(csp)
    csp.connection()
    for table in ON_A_CONNECTION:
        furnish(table, csp)
    with reaching(reach_of(mine.context)):
        assert {table: counted(table) for table in ON_A_CONNECTION} == dict.fromkeys(
            ON_A_CONNECTION, 0
        )
