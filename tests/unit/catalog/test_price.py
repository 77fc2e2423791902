"""The price of a unit: every rule, limit, promotion and lock; and why there is none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pricing import day, facts, held, promotion, row, rule

from tallystick.catalog.currencies import Rate
from tallystick.catalog.explained import CannotPrice, Explained, Lacks
from tallystick.catalog.margins import MarginRule, Whose, check_rule, rule_for
from tallystick.catalog.price import price_of
from tallystick.catalog.price_words import MarginMethod, PriceIsFor, PromotionLowers, RuleScope
from tallystick.catalog.priced import Priced, PriceFacts, PriceSettings
from tallystick.catalog.terms import BillingCycle, OfferKind, Term

MARKUP, MARGIN = MarginMethod.MARKUP, MarginMethod.MARGIN
SPLIT, MINUS = MarginMethod.SPLIT_MARGIN, MarginMethod.ERP_MINUS_DISCOUNT
ON = date(2026, 5, 10)


def priced(what: Priced | None = None, on: date = ON, of: PriceFacts | None = None) -> Explained:
    found = price_of(what or held(), on=on, facts=of or facts())
    assert isinstance(found, Explained), found
    return found


def refused(what: Priced | None = None, on: date = ON, of: PriceFacts | None = None) -> CannotPrice:
    found = price_of(what or held(), on=on, facts=of or facts())
    assert isinstance(found, CannotPrice), found
    return found


# Every method with every limit, and with and without a promotion of 10 % on each side of the day
# from which it lowers ERP: list 10, ERP 12.50.

TABLE = [
    # method, p, Markup Limit, Discount Limit; without, promotion before 6 April 2026, and after
    (MARKUP, "20", False, False, "12.0000", "10.8000", "10.8000"),
    (MARKUP, "30", False, False, "13.0000", "11.7000", "11.7000"),
    (MARKUP, "30", True, False, "12.5000", "11.7000", "11.2500"),
    (MARKUP, "0", False, True, "10.0000", "9.0000", "9.0000"),
    (MARGIN, "20", False, False, "12.5000", "11.2500", "11.2500"),
    (MARGIN, "50", False, False, "20.0000", "18.0000", "18.0000"),
    (MARGIN, "50", True, False, "12.5000", "12.5000", "11.2500"),
    (MARGIN, "30", False, False, "14.2857", "12.8571", "12.8571"),
    (SPLIT, "0", False, False, "10.0000", "9.0000", "9.0000"),
    (SPLIT, "40", False, False, "11.0000", "10.4000", "9.9000"),
    (SPLIT, "100", True, True, "12.5000", "12.5000", "11.2500"),
    (MINUS, "10", False, False, "11.2500", "11.2500", "10.1250"),
    (MINUS, "30", False, False, "8.7500", "8.7500", "7.8750"),
    (MINUS, "30", False, True, "10.0000", "9.0000", "9.0000"),
    (MINUS, "0", True, True, "12.5000", "12.5000", "11.2500"),
]


@pytest.mark.parametrize(
    ("method", "percent", "markup_limit", "discount_limit", "without", "before", "after"), TABLE
)
def test_every_rule_with_every_limit_and_promotion(
    method: MarginMethod,
    percent: str,
    markup_limit: bool,
    discount_limit: bool,
    without: str,
    before: str,
    after: str,
) -> None:
    made = rule(method, percent, markup_limit=markup_limit, discount_limit=discount_limit)
    assert priced(of=facts(rules=(made,))).unit_price == Decimal(without)
    promoted = facts(rules=(made,), promotions=(promotion(),))
    assert priced(on=day("2026-04-05"), of=promoted).unit_price == Decimal(before)
    assert priced(on=day("2026-04-06"), of=promoted).unit_price == Decimal(after)


@pytest.mark.parametrize(
    ("lowers", "unit_price", "unit_cost", "list_price", "erp"),
    [
        (PromotionLowers.COST, "12.0000", "9.0000", "10.0000", "12.50"),
        (PromotionLowers.PRICE, "10.8000", "10.0000", "9.0000", "11.25"),
        (PromotionLowers.BOTH, "10.8000", "9.0000", "9.0000", "11.25"),
    ],
)
def test_what_a_promotion_lowers_is_a_setting(
    lowers: PromotionLowers, unit_price: str, unit_cost: str, list_price: str, erp: str
) -> None:
    found = priced(
        of=facts(promotions=(promotion(),), settings=PriceSettings(promotion_lowers=lowers))
    )
    assert (found.unit_price, found.unit_cost) == (Decimal(unit_price), Decimal(unit_cost))
    assert (found.list_price, found.erp) == (Decimal(list_price), Decimal(erp))


@pytest.mark.parametrize(
    "made", [rule(SPLIT, "40"), rule(markup_limit=True), rule(discount_limit=True)]
)
def test_erp_below_list_refuses_what_depends_on_both(made: MarginRule) -> None:
    found = refused(of=facts(rows=(row("10", "9"),), rules=(made,)))
    assert found.lacks is Lacks.ERP_BELOW_LIST
    assert "ERP 9.0000 is below the list price 10.0000" in found.reason
    assert found.because  # what was found before that


@pytest.mark.parametrize(
    ("made", "unit_price"), [(rule(), "12.0000"), (rule(MINUS, "10"), "8.1000")]
)
def test_erp_below_list_is_nothing_to_the_others(made: MarginRule, unit_price: str) -> None:
    found = priced(of=facts(rows=(row("10", "9"),), rules=(made,)))
    assert found.unit_price == Decimal(unit_price)


@pytest.mark.parametrize("made", [rule(SPLIT), rule(MINUS), rule(markup_limit=True)])
def test_without_erp(made: MarginRule) -> None:
    assert refused(of=facts(rows=(row("10", None),), rules=(made,))).lacks is Lacks.ERP


def test_without_erp_a_markup_is_made() -> None:
    made = rule(discount_limit=True)
    assert priced(of=facts(rows=(row("10", None),), rules=(made,))).unit_price == Decimal("12")


# Cycles and divisors.


@pytest.mark.parametrize(
    ("is_for", "term", "cycle", "figure", "cost", "words"),
    [
        (PriceIsFor.TERM, Term.YEAR, BillingCycle.MONTHLY, "145.20", "12.1000", "145.20 x 1 / 12"),
        (PriceIsFor.CYCLE, Term.YEAR, BillingCycle.MONTHLY, "12.10", "12.1000", "one billing"),
        (PriceIsFor.TERM, Term.YEAR, BillingCycle.ANNUAL, "145.20", "145.2000", "x 12 / 12"),
        (PriceIsFor.TERM, Term.MONTH, BillingCycle.MONTHLY, "14.52", "14.5200", "x 1 / 1"),
        (PriceIsFor.TERM, Term.THREE_YEARS, BillingCycle.ANNUAL, "100", "33.3333", "x 12 / 36"),
        (PriceIsFor.TERM, Term.THREE_YEARS, BillingCycle.TRIENNIAL, "100", "100", "x 36 / 36"),
        (PriceIsFor.TERM, Term.FIVE_YEARS, BillingCycle.MONTHLY, "100", "1.6667", "x 1 / 60"),
        (PriceIsFor.TERM, Term.YEAR, BillingCycle.ONE_TIME, "145.20", "145.2000", "x 1 / 1"),
        (PriceIsFor.TERM, Term.NONE, BillingCycle.NONE, "300", "300", "x 1 / 1"),
        (PriceIsFor.TERM, Term.YEAR, BillingCycle.MONTHLY, "0.0006", "0.0000", "x 1 / 12"),
        (PriceIsFor.TERM, Term.YEAR, BillingCycle.MONTHLY, "0.0018", "0.0002", "x 1 / 12"),
    ],
)
def test_the_price_of_a_cycle(
    is_for: PriceIsFor, term: Term, cycle: BillingCycle, figure: str, cost: str, words: str
) -> None:
    found = priced(
        held(term=term, billing_cycle=cycle),
        of=facts(rows=(row(figure, None, is_for=is_for),)),
    )
    assert found.unit_cost == Decimal(cost)
    assert any(words in part.rule for part in found.because)


def test_a_price_for_a_term_without_one_is_not_divided() -> None:
    found = refused(held(term=Term.NONE), of=facts(rows=(row(is_for=PriceIsFor.TERM),)))
    assert found.lacks is Lacks.TERM


AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=4)


@given(AMOUNTS, st.sampled_from(list(Term)[:4]), st.sampled_from(list(BillingCycle)[:3]))
def test_all_cycles_together_are_the_term(figure: Decimal, term: Term, cycle: BillingCycle) -> None:
    """Cycle price x number of cycles is the term price, to a rounding step for each cycle."""
    listed = row(str(figure), None, is_for=PriceIsFor.TERM)
    found = priced(held(term=term, billing_cycle=cycle), of=facts(rows=(listed,)))
    assert term.months is not None
    assert cycle.months is not None
    assert found.unit_cost is not None
    cycles = Decimal(term.months) / cycle.months
    assert abs(found.unit_cost * cycles - figure) <= cycles * Decimal("0.00005") + Decimal(
        "0.0000001"
    )


@given(
    AMOUNTS,
    AMOUNTS,
    st.sampled_from([MARKUP, MARGIN, SPLIT, MINUS]),
    st.decimals(min_value=0, max_value=Decimal("99.9999"), places=4),
    st.booleans(),
    st.booleans(),
    st.sampled_from([(), (promotion(),), (promotion("100"),)]),
    st.sampled_from(list(PromotionLowers)),
)
def test_limits_always_hold(
    cost: Decimal,
    erp: Decimal,
    method: MarginMethod,
    percent: Decimal,
    markup_limit: bool,
    discount_limit: bool,
    promotions: tuple[object, ...],
    lowers: PromotionLowers,
) -> None:
    made = rule(method, str(percent), markup_limit=markup_limit, discount_limit=discount_limit)
    found = price_of(
        held(),
        on=ON,
        facts=facts(
            rows=(row(str(cost), str(erp)),),
            rules=(made,),
            promotions=promotions,
            settings=PriceSettings(promotion_lowers=lowers),
        ),
    )
    if isinstance(found, CannotPrice):
        assert found.lacks is Lacks.ERP_BELOW_LIST
        return
    assert found.erp is not None
    if markup_limit:
        assert found.unit_price <= found.erp
    if discount_limit:
        assert found.unit_price >= found.list_price
    if method is SPLIT:
        assert found.list_price <= found.unit_price <= found.erp
    assert found.unit_price >= 0
    assert found.unit_price == found.unit_price.quantize(Decimal("0.0001"))
    json.dumps(found.as_json())


# Who decides.

WHOSE = {
    RuleScope.SUBSCRIPTION: "7",
    RuleScope.OFFER_KIND: "nce_licence",
    RuleScope.CUSTOMER: "70",
    RuleScope.RESELLER: "700",
    RuleScope.EVERYBODY: "",
}
ME = Whose(7, 70, 700, OfferKind.NCE_LICENCE)
RULES = st.builds(
    lambda number, scope, other, method, starts: replace(
        rule(method),
        number=number,
        scope=scope,
        target="99" if other and scope is not RuleScope.EVERYBODY else WHOSE[scope],
        effective_from=starts,
    ),
    st.integers(1, 10**6),
    st.sampled_from(RuleScope),
    st.booleans(),
    st.sampled_from(MarginMethod),
    st.dates(date(2026, 1, 1), date(2026, 9, 1)),
)


@given(st.lists(RULES, unique_by=lambda one: one.number), st.randoms())
def test_precedence_is_total(rules: list[MarginRule], random: object) -> None:
    """Whatever there is, in whatever order it is read, one rule decides, and always the same."""
    found = rule_for(rules, ME, on=ON)
    shuffled = list(rules)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rule_for(shuffled, ME, on=ON) == found
    if found is not None:
        narrower = [
            one for one in rules if one.is_for(ME) and one.effective_from <= ON
            and one.scope.rank < found.scope.rank
        ]  # fmt: skip
        for scope in {one.scope for one in narrower}:
            newest = max(
                (one for one in narrower if one.scope is scope),
                key=lambda one: (one.effective_from, one.number),
            )
            assert newest.method is MarginMethod.NONE


def test_the_narrowest_counts_and_an_ended_rule_gives_way() -> None:
    made = [
        replace(rule(percent=str(n)), number=n, scope=scope, target=target)
        for n, (scope, target) in enumerate(WHOSE.items(), start=1)
    ]
    order = []
    while (found := rule_for(made, ME, on=ON)) is not None:
        order.append(found.scope)
        made.append(replace(found, number=100 + len(made), method=MarginMethod.NONE))
    assert order == list(RuleScope)


def test_a_rule_counts_from_its_day() -> None:
    later = replace(rule(percent="50"), number=2, effective_from=day("2026-06-01"))
    both = facts(rules=(rule(), later))
    assert priced(on=day("2026-05-31"), of=both).unit_price == Decimal("12")
    assert priced(on=day("2026-06-01"), of=both).unit_price == Decimal("15")


def test_no_rule() -> None:
    found = refused(of=facts(rules=()))
    assert found.lacks is Lacks.MARGIN_RULE
    assert "No margin rule covers this on 10 May 2026" in found.reason


@pytest.mark.parametrize(
    ("method", "right", "wrong"),
    [
        (MARKUP, ["0", "1000"], ["-1", "1000.0001"]),
        (MARGIN, ["0", "99.9999"], ["100", "-0.0001"]),
        (SPLIT, ["0", "100"], ["100.0001", "-1"]),
        (MINUS, ["0", "100"], ["100.0001", "-1"]),
        (MarginMethod.NONE, ["0"], []),
    ],
)
def test_what_a_rule_may_say(method: MarginMethod, right: list[str], wrong: list[str]) -> None:
    assert [check_rule(method, Decimal(one)) for one in right] == [[] for _ in right]
    for one in wrong:
        assert [error.field for error in check_rule(method, Decimal(one))] == ["percent"]


# Reservations, resellers, currencies.


@pytest.mark.parametrize(
    ("kind", "over", "unit_price"),
    [
        (OfferKind.AZURE_RESERVATION, True, "15.0000"),
        (OfferKind.SAVINGS_PLAN, True, "15.0000"),
        (OfferKind.AZURE_RESERVATION, False, "12.0000"),
        (OfferKind.NCE_LICENCE, True, "12.0000"),
    ],
)
def test_margin_over_erp_for_reservations(kind: OfferKind, over: bool, unit_price: str) -> None:
    settings = PriceSettings(reservations_over_erp=over)
    assert priced(held(kind=kind), of=facts(settings=settings)).unit_price == Decimal(unit_price)


def test_a_reseller_sees_its_csps_price_and_not_how_it_is_made() -> None:
    above = (rule(percent="15", scope=RuleScope.RESELLER, target="700"),)
    found = priced(held(reseller_id=700), of=facts(above=above, rules=(rule(percent="10"),)))
    assert (found.list_price, found.unit_cost, found.unit_price) == (
        Decimal("11.5"), Decimal("11.5"), Decimal("12.65"),
    )  # fmt: skip
    said = json.dumps(found.as_json())
    assert "Your CSP" in said
    assert "10.0000" not in said
    assert "15 %" not in said and "0.15" not in said
    none = refused(held(reseller_id=700), of=facts(above=(), rules=(rule(),)))
    assert none.reason.startswith("Your CSP has no price for this")
    assert "10.00" not in json.dumps(none.as_json())


def test_price_and_cost_each_in_its_currency() -> None:
    dollars = row("11", "14", currency="USD")
    both = facts(rows=(row(), dollars))
    found = priced(held(cost_currency="USD"), of=both)
    assert (found.unit_price, found.unit_cost) == (Decimal("12"), Decimal("11"))
    assert (found.price_currency, found.cost_currency) == ("EUR", "USD")


def test_a_missing_rate_is_said_and_nothing_is_guessed() -> None:
    found = priced(held(cost_currency="USD"))
    assert found.unit_price == Decimal("12")
    assert found.unit_cost is None
    assert "no rate from EUR to USD" in found.because[-1].rule
    found_not = refused(held(price_currency="GBP"))
    assert found_not.lacks is Lacks.RATE
    assert "no rate from EUR to GBP was stated for 1 Feb 2026" in found_not.reason


def test_a_stated_rate_counts_from_its_day() -> None:
    rates = (
        Rate("EUR", "USD", Decimal("1.1"), day("2026-01-01"), "Ada"),
        Rate("EUR", "USD", Decimal("1.2"), day("2026-02-01"), "Ada"),
        Rate("EUR", "USD", Decimal("9"), day("2026-02-02"), "Ada"),
        Rate("USD", "EUR", Decimal("0.5"), day("2026-01-01"), "Ada"),
    )
    found = priced(held(price_currency="USD", cost_currency="USD"), of=facts(rates=rates))
    assert (found.unit_cost, found.erp, found.unit_price) == (
        Decimal("12"),
        Decimal("15"),
        Decimal("14.4"),
    )
    assert "10.0000 EUR x 1.2" in [part.rule for part in found.because]


def test_which_currency_must_be_clear() -> None:
    nothing_said = held(price_currency="", cost_currency="")
    assert priced(nothing_said).price_currency == "EUR"
    two = facts(rows=(row(), row(currency="USD")))
    assert refused(nothing_said, of=two).lacks is Lacks.CURRENCY
    assert refused(nothing_said, of=facts(rows=())).lacks is Lacks.LIST_PRICE


def test_which_market_must_be_clear() -> None:
    two = facts(rows=(row(), row("11", market="FR")))
    found = refused(of=two)
    assert found.lacks is Lacks.MARKET
    assert "DE and FR" in found.reason
    ours = replace(two, settings=PriceSettings(market="FR"))
    assert priced(of=ours).unit_cost == Decimal("11")


def test_pricing_tiers() -> None:
    tiers = facts(rows=(row("10", tier_to=299), row("8", tier_from=300)))
    assert priced(held(quantity=299), of=tiers).unit_cost == Decimal("10")
    assert priced(held(quantity=300), of=tiers).unit_cost == Decimal("8")


def test_every_part_has_a_rule_and_a_source() -> None:
    found = priced(
        of=facts(
            rows=(row("120", "150", is_for=PriceIsFor.TERM),),
            promotions=(promotion(),),
            rules=(rule(percent="60", markup_limit=True),),
        )
    )
    assert [(part.label, str(part.amount)) for part in found.because] == [
        ("Price lock", "None"),
        ("ERP price", "12.5000"),
        ("ERP price with the promotion", "11.2500"),
        ("List price", "10.0000"),
        ("List price with the promotion", "9.0000"),
        ("Unit price", "14.4000"),
        ("Unit price", "11.2500"),
        ("Unit cost", "9.0000"),
    ]
    assert all(part.rule and part.source.name and part.source.on for part in found.because)
