"""What the database itself holds of price lists, rules and promotions; and who may see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from factories import Tenancy, sibling, tenancy
from price_desk import by, listed, new_rule, ruled
from tallystick.audit.models import AuditLog
from tallystick.catalog.models import MarginRuleRow, Offer
from tallystick.catalog.price_queries import get_promotion, list_prices, list_promotions
from tallystick.catalog.price_settings import (
    change_price_settings,
    mark_price_lock,
    price_settings,
    state_rate,
)
from tallystick.catalog.price_words import MarginMethod, PromotionLowers, RuleScope
from tallystick.catalog.priced import PriceSettings
from tallystick.catalog.record_promotion import (
    NewPromotion,
    add_promotion,
    correct_promotion,
    withdraw_promotion,
)
from tallystick.catalog.rule_queries import Standing, get_margin_rule, list_margin_rules
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound

pytestmark = pytest.mark.usefixtures("db")
PROMOTION = NewPromotion(
    promotion_id="39NFJQT1Q5HM:0001",
    name="Ten off",
    product_id="CFQ1",
    sku_id="0001",
    available_from=date(2026, 1, 1),
    available_to=date(2026, 6, 30),
    percent=Decimal(10),
)


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


def events(of: Tenancy) -> list[str]:
    rows = AuditLog.objects.filter(tenant_id=of.tenant_id, event__startswith="price.")
    return list(rows.order_by("pk").values_list("event", flat=True))


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        ({}, {"effective_from": date(2026, 6, 1)}, False),
        ({"effective_until": date(2026, 6, 1)}, {"effective_from": date(2026, 6, 1)}, True),
        ({"effective_until": date(2026, 6, 2)}, {"effective_from": date(2026, 6, 1)}, False),
        ({}, {"currency": "USD"}, True),
    ],
)
def test_no_two_rows_count_on_one_day(
    csp: Tenancy, first: dict[str, Any], second: dict[str, Any], may: bool
) -> None:
    offer = csp.offer()
    listed(csp, offer, **first)
    if may:
        listed(csp, offer, "11", **second)
        return
    with pytest.raises(IntegrityError, match="price_row_one_at_a_time"), transaction.atomic():
        listed(csp, offer, "11", **second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost": "-1"},
        {"erp": "-1"},
        {"is_for": "month"},
        {"effective_until": date(2026, 1, 1)},
    ],
)
def test_rows_that_cannot_be(csp: Tenancy, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        listed(csp, csp.offer(), **wrong)


@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["catalog_margin_rule", "catalog_price_import"])
def test_facts_stay(csp: Tenancy, table: str, change: str) -> None:
    ruled(csp)
    listed(csp, csp.offer())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))


def test_a_newer_rule_takes_the_place_of_the_earlier_one(csp: Tenancy) -> None:
    first = ruled(csp, "20")
    second = ruled(csp, "25", effective_from=date(2026, 5, 1))
    later = ruled(csp, "30", effective_from=date(2026, 9, 1))
    other = ruled(csp, "5", scope=RuleScope.OFFER_KIND, target="azure_plan")
    page = list_margin_rules(csp.context, today=csp.today())
    assert [(row.id, row.standing) for row in page.items] == [
        (other, Standing.COUNTS),
        (later, Standing.LATER),
        (second, Standing.COUNTS),
        (first, Standing.REPLACED),
    ]
    assert [row.target_name for row in page.items] == ["Azure plan", "", "", ""]
    counting = list_margin_rules(csp.context, today=csp.today(), counting=True)
    assert [row.id for row in counting.items] == [other, later, second]
    ended = ruled(csp, "0", method=MarginMethod.NONE, effective_from=date(2026, 5, 2))
    assert get_margin_rule(csp.context, ended, today=csp.today()).standing is Standing.ENDED
    assert get_margin_rule(csp.context, second, today=csp.today()).standing is Standing.REPLACED
    assert events(csp) == ["price.create_margin_rule"] * 4 + ["price.end_margin_rule"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"percent": Decimal(-1)}, "percent"),
        ({"method": MarginMethod.MARGIN, "percent": Decimal(100)}, "percent"),
        ({"target": "7"}, "target"),
        ({"scope": RuleScope.CUSTOMER, "target": "x"}, "target"),
        ({"scope": RuleScope.CUSTOMER, "target": "9" * 18}, "target"),
        ({"scope": RuleScope.SUBSCRIPTION, "target": "99999999"}, "target"),
        ({"scope": RuleScope.RESELLER, "target": "99999999"}, "target"),
        ({"scope": RuleScope.OFFER_KIND, "target": "seats"}, "target"),
        ({"effective_from": date(2099, 1, 1)}, "effective_from"),
        ({"method": MarginMethod.NONE}, "method"),
    ],
)
def test_rules_that_are_refused(csp: Tenancy, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ruled(csp, **changes)
    assert [error.field for error in caught.value.errors] == [field]
    assert not MarginRuleRow.objects.filter(tenant_id=csp.tenant_id).exists()
    assert events(csp) == []


def test_a_resellers_rules_are_its_own() -> None:
    one = tenancy(reseller=True)
    other, csp = sibling(one), replace(sibling(one))
    csp.context = replace(one.context, reseller_id=None)
    its = ruled(one, "20", scope=RuleScope.CUSTOMER, target=str(one.customer()))
    for stranger in (other, csp, tenancy()):
        assert list_margin_rules(stranger.context, today=one.today()).items == []
        with pytest.raises(NotFound):
            get_margin_rule(stranger.context, its, today=one.today())
    with pytest.raises(InvalidInput, match="no such customer"):
        ruled(other, scope=RuleScope.CUSTOMER, target=str(one.customer()))
    with pytest.raises(InvalidInput, match="no such reseller"):
        ruled(other, scope=RuleScope.RESELLER, target=str(one.reseller_id))
    ruled(csp, scope=RuleScope.RESELLER, target=str(one.reseller_id))


def test_price_lists_are_the_csps() -> None:
    reseller = tenancy(reseller=True)
    for question in (
        lambda: list_prices(reseller.context),
        lambda: list_promotions(reseller.context),
        lambda: add_promotion(PROMOTION, by=by(reseller)),
        lambda: change_price_settings(PriceSettings(market="DE"), by=by(reseller)),
        lambda: mark_price_lock(reseller.offer(), locked=False, by=by(reseller)),
    ):
        with pytest.raises(NotAllowed):
            question()
    viewer = tenancy(role=Role.VIEWER)
    assert list_prices(viewer.context).items == []
    with pytest.raises(NotAllowed):
        add_promotion(PROMOTION, by=by(viewer))
    with pytest.raises(NotAllowed):
        ruled(viewer)


def test_a_promotion_is_corrected_and_taken_back(csp: Tenancy) -> None:
    first = add_promotion(PROMOTION, by=by(csp))
    with pytest.raises(Conflicting, match="already there"):
        add_promotion(PROMOTION, by=by(csp))
    better = replace(PROMOTION, percent=Decimal("12.5"))
    second = correct_promotion(first, better, by=by(csp))
    with pytest.raises(NotFound):
        correct_promotion(first, better, by=by(csp))
    assert get_promotion(csp.context, second).promotion == better
    assert [row.id for row in list_promotions(csp.context, search="ten").items] == [second]
    with pytest.raises(NotFound):
        withdraw_promotion(second, by=by(tenancy()))
    withdraw_promotion(second, by=by(csp))
    assert list_promotions(csp.context).items == []
    assert events(csp) == [
        "price.create_promotion", "price.update_promotion", "price.delete_promotion"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"percent": None}, ["percent"]),
        ({"fixed": Decimal(1), "currency": "EUR"}, ["percent"]),
        ({"percent": Decimal(101)}, ["percent"]),
        ({"percent": Decimal(0)}, ["percent"]),
        ({"percent": None, "fixed": Decimal(1)}, ["currency"]),
        ({"percent": None, "fixed": Decimal(0), "currency": "EUR"}, ["fixed"]),
        ({"currency": "EUR"}, ["currency"]),
        ({"available_to": date(2025, 1, 1)}, ["available_to"]),
        ({"months": 0}, ["months"]),
        ({"promotion_id": "", "name": "x" * 301}, ["promotion_id", "name"]),
    ],
)
def test_promotions_that_are_refused(
    csp: Tenancy, changes: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        add_promotion(replace(PROMOTION, **changes), by=by(csp))
    assert [error.field for error in caught.value.errors] == fields
    assert list_promotions(csp.context).items == []


def test_settings(csp: Tenancy) -> None:
    assert price_settings(csp.tenant_id) == PriceSettings()
    new = PriceSettings(PromotionLowers.COST, reservations_over_erp=True, market="DE")
    change_price_settings(new, by=by(csp))
    change_price_settings(new, by=by(csp))
    assert price_settings(csp.tenant_id) == new
    with pytest.raises(InvalidInput, match="market"):
        change_price_settings(replace(new, market="Germany"), by=by(csp))
    offer = csp.offer()
    mark_price_lock(offer, locked=False, by=by(csp))
    mark_price_lock(offer, locked=False, by=by(csp))
    assert Offer.objects.get(pk=offer).price_unlocked
    assert events(csp) == ["price.update_settings", "price.update_lock"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quote": "EUR"}, "quote"),
        ({"rate": Decimal(0)}, "rate"),
        ({"rate": Decimal("NaN")}, "rate"),
        ({"rate": Decimal("1.123456789")}, "rate"),
        ({"rate": Decimal(10) ** 18}, "rate"),
    ],
)
def test_rates_that_are_refused(csp: Tenancy, changes: dict[str, Any], field: str) -> None:
    values: dict[str, Any] = {
        "base": "EUR", "quote": "USD", "rate": Decimal("1.1"), "from_on": date(2026, 1, 1)
    }  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        state_rate(**(values | changes), by=by(csp))
    assert [error.field for error in caught.value.errors] == [field]


def test_what_a_rule_may_be_is_checked_on_every_way_in(csp: Tenancy) -> None:
    assert new_rule().as_rule("Ada").in_words() == "Markup 20 %"
