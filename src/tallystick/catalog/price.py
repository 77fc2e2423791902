"""What one unit costs and is sold for, per billing cycle, and why. Pure.

1. Which day's price list counts: today's, or the day the subscription was bought or renewed.
2. The list's figures for one cycle, in the currency of the price; ERP beside it.
3. The promotion whose benefit runs lowers cost, price or both, and from 2026-04-06 ERP itself.
4. For a reseller the list price is what its CSP sells for; how that is made is not shown.
5. The narrowest margin rule makes the unit price; its limits hold.
6. The unit cost, in its own currency: never a price in another one taken for it.

Each amount shown is rounded once, at four places, half to even, from the amounts shown before it:
whoever works it out by hand gets the same.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tallystick.catalog.explained import (
    CannotPrice,
    Explained,
    Lacks,
    NoPrice,
    Part,
    Price,
    PromotionUsed,
    Source,
)
from tallystick.catalog.list_price import Base, base_in, the_currency
from tallystick.catalog.margins import MarginRule, Whose, rule_for, unit_price
from tallystick.catalog.price_lock import commitment_on, lock_on
from tallystick.catalog.price_parts import lock_parts, promotion_part, unit_parts
from tallystick.catalog.price_words import MarginMethod
from tallystick.catalog.priced import Priced, PriceFacts
from tallystick.catalog.promotions import Promotion, lowers_erp, promotion_on
from tallystick.catalog.terms import OfferKind
from tallystick.kit.days import in_words

RESERVED = frozenset({OfferKind.AZURE_RESERVATION, OfferKind.SAVINGS_PLAN})
FROM_BASE = frozenset({MarginMethod.MARKUP, MarginMethod.MARGIN})
YOUR_CSP = "Your CSP"


def price_of(what: Priced, *, on: date, facts: PriceFacts) -> Price:
    """The price on a day, or why there is none. A day before the start counts as the start."""
    work = _Work(what, max(on, what.starts_on), facts)
    try:
        return work.price()
    except NoPrice as missing:
        return CannotPrice(missing.lacks, str(missing), tuple(work.because))


class _Work:
    """One price on its way; ``because`` grows with each step."""

    def __init__(self, what: Priced, on: date, facts: PriceFacts) -> None:
        self.what, self.on, self.facts = what, on, facts
        self.because: list[Part] = []
        self.commitment = commitment_on(
            on, starts_on=what.starts_on, ends_on=what.commitment_ends_on, term=what.term
        )
        self.lock = lock_on(
            on, self.commitment, kind=what.kind, extended=what.extended, unlocked=what.unlocked
        )

    def price(self) -> Explained:
        """Raises NoPrice."""
        self.because += lock_parts(self.lock, self.commitment, self.what.starts_on)
        day = self.lock.priced_on
        currency = self.what.price_currency or the_currency(self.facts.rows, day)
        cost_currency = self.what.cost_currency or currency
        base = self._base(currency)
        promotion = self._promotion(base)
        erp = self._erp(base, promotion)
        if self.facts.above is None:
            self.because += base.cost_parts
            list_price = self._lowered(base, promotion, self.facts.settings.promotion_lowers.price)
            if promotion is not None and list_price != base.cost:
                until = promotion.until(self.commitment)
                self.because.append(
                    promotion_part(
                        "List price", promotion, base.cost, list_price, base.currency, until
                    )
                )
        else:
            list_price = self._from_csp(base, promotion, erp)
        unit = self._unit(list_price, erp, currency, self.facts.rules)
        cost = self._cost(base, promotion, list_price, cost_currency)
        return Explained(
            unit_price=unit,
            unit_cost=cost,
            erp=erp,
            list_price=list_price,
            price_currency=currency,
            cost_currency=cost_currency,
            priced_on=day,
            locked_until=self.lock.until,
            promotion=self._used(promotion),
            because=tuple(self.because),
        )

    # The steps.

    def _base(self, currency: str) -> Base:
        recorded = None
        if self.lock.until is not None and self.what.cost_currency in {"", currency}:
            recorded = self.what.recorded_cost
        return base_in(
            currency,
            self.facts.rows,
            day=self.lock.priced_on,
            quantity=self.what.quantity,
            market=self.facts.settings.market,
            term=self.what.term,
            cycle=self.what.billing_cycle,
            rates=self.facts.rates,
            recorded=recorded,
            starts_on=self.what.starts_on,
        )

    def _promotion(self, base: Base) -> Promotion | None:
        if self.what.extended or base.recorded:
            return None  # what was recorded is what was agreed, with what was taken off then
        return promotion_on(
            self.on,
            self.facts.promotions,
            self.commitment,
            list_price=base.cost,
            currency=base.currency,
        )

    def _erp(self, base: Base, promotion: Promotion | None) -> Decimal | None:
        self.because += base.erp_parts
        if base.erp is None or promotion is None:
            return base.erp
        if not (lowers_erp(self.on) and self.facts.settings.promotion_lowers.price):
            return base.erp
        erp = promotion.takes_off(base.erp)
        self.because.append(promotion_part("ERP price", promotion, base.erp, erp, base.currency))
        return erp

    def _lowered(self, base: Base, promotion: Promotion | None, applies: bool) -> Decimal:
        if promotion is None or not applies or not promotion.fits(base.currency):
            return base.cost
        return promotion.takes_off(base.cost)

    def _from_csp(self, base: Base, promotion: Promotion | None, erp: Decimal | None) -> Decimal:
        """What the CSP sells to this reseller for. What it is made of stays with the CSP."""
        shown, self.because = self.because, []
        try:
            lowered = self._lowered(base, promotion, self.facts.settings.promotion_lowers.price)
            if base.recorded:
                amount = base.cost
            else:
                amount = self._unit(lowered, erp, base.currency, self.facts.above or ())
        except NoPrice:
            raise NoPrice(
                Lacks.LIST_PRICE,
                f"{YOUR_CSP} has no price for this on {in_words(self.lock.priced_on)}. Ask there.",
            ) from None
        finally:
            self.because = shown
        rule = "recorded with the subscription" if base.recorded else "its price for you"
        source = Source(YOUR_CSP, self.lock.priced_on)
        self.because.append(Part("List price", rule, source, amount, base.currency))
        return amount

    def _unit(
        self,
        list_price: Decimal,
        erp: Decimal | None,
        currency: str,
        rules: tuple[MarginRule, ...],
    ) -> Decimal:
        what = self.what
        whose = Whose(what.subscription_id, what.customer_id, what.reseller_id, what.kind)
        rule = rule_for(rules, whose, on=self.on)
        if rule is None:
            raise NoPrice(
                Lacks.MARGIN_RULE,
                f"No margin rule covers this on {in_words(self.on)}. Add one for everybody, or "
                "for this subscription.",
            )
        over_erp = (
            self.facts.settings.reservations_over_erp
            and what.kind in RESERVED
            and rule.method in FROM_BASE
        )
        made = unit_price(rule, list_price=list_price, erp=erp, over_erp=over_erp)
        self.because += unit_parts(rule, made, currency)
        return made.unit_price

    def _cost(
        self, base: Base, promotion: Promotion | None, list_price: Decimal, currency: str
    ) -> Decimal | None:
        """None when it is not known in its currency; that is a part, too."""
        lowers = self.facts.settings.promotion_lowers.cost
        if self.facts.above is not None:
            base = Base.of(list_price, base.currency, Source(YOUR_CSP, self.lock.priced_on))
            promotion = None  # the CSP's price has it already
        if base.currency != currency:
            try:
                base = (
                    self._base(currency)
                    if self.facts.above is None
                    else base.turned_into(currency, self.facts.rates, self.lock.priced_on)
                )
            except NoPrice as missing:
                source = Source("Price lists and rates", self.lock.priced_on)
                self.because.append(Part("Unit cost", str(missing), source, None, currency))
                return None
            if base.recorded:
                promotion = None  # taken off already when it was recorded
        cost = self._lowered(base, promotion, lowers)
        how = "the list price"
        if cost != base.cost and promotion is not None:
            how = promotion.in_words(base.cost)
        elif promotion is not None and not lowers:
            how = "the list price: promotions lower the price only"
        self.because.append(Part("Unit cost", how, base.source, cost, currency))
        return cost

    def _used(self, promotion: Promotion | None) -> PromotionUsed | None:
        if promotion is None:
            return None
        until = promotion.until(self.commitment)
        return PromotionUsed(promotion.promotion_id, promotion.name, until)
