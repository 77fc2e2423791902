"""What a person types at the command line: names of ours and of theirs, exact, never ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tallystick.bootstrap.asker import Asker, Candidate, one_named
from tallystick.catalog.queries import get_offer, list_offers
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.port import Contract
from tallystick.directory.queries import (
    companies_called,
    search_companies,
    search_contracts,
    search_services,
)
from tallystick.identity.resellers import ResellerView, list_resellers
from tallystick.kit.paging import LARGEST_PAGE, every
from tallystick.kit.problem import InvalidInput
from tallystick.mappings.customer_rows import list_customer_rows
from tallystick.mappings.kinds import Ours
from tallystick.mappings.offer_rows import OfferRow, list_offer_rows
from tallystick.mappings.places import ContractOption, places_for
from tallystick.mappings.rows import subscription_row
from tallystick.operations.move_line import ChosenLine
from tallystick.sources.mapping_cells import OWN, USE, offer_id
from tallystick.subscriptions.queries import (
    SubscriptionView,
    list_customers,
    list_subscriptions,
)


def ours_named(asker: Asker, connection: ConnectionView, kind: Ours, text: str) -> Candidate:
    """A customer, an offer or a subscription. Raises InvalidInput with the candidates."""
    find: dict[Ours, Callable[[Asker, ConnectionView], Sequence[Candidate]]] = {
        Ours.CUSTOMER: _customers,
        Ours.OFFER: _offers,
    }
    if kind is Ours.SUBSCRIPTION:
        view = subscription_named(asker, text)
        return Candidate(view.id, (), _label(view))
    return one_named(text, kind.value, find[kind](asker, connection))


def subscription_named(asker: Asker, text: str) -> SubscriptionView:
    """By its provider id or its name. Raises InvalidInput with the candidates."""
    views = list(
        every(
            lambda cursor: list_subscriptions(
                asker.context, search=text, cursor=cursor, limit=LARGEST_PAGE
            )
        )
    )
    found = [Candidate(view.id, (view.provider_id, view.name), _label(view)) for view in views]
    chosen = one_named(text, "subscription", found).id
    return next(view for view in views if view.id == chosen)


def customer_named(asker: Asker, text: str) -> Candidate:
    """By its id or its name, mapped or not. Raises InvalidInput with the candidates."""
    customers = every(
        lambda cursor: list_customers(asker.context, cursor=cursor, limit=LARGEST_PAGE)
    )
    found = [
        Candidate(one.id, (one.external_id, one.name), f"{one.name} ({one.external_id})")
        for one in customers
    ]
    return one_named(text, "customer", found)


def reseller_named(asker: Asker, text: str) -> ResellerView:
    """Raises InvalidInput with the candidates."""
    rows = list_resellers(asker.context)
    found = [Candidate(one.id, (one.name,), one.name) for one in rows]
    chosen = one_named(text, "reseller", found).id
    return next(one for one in rows if one.id == chosen)


def offer_named(asker: Asker, text: str) -> Candidate:
    """By its whole label, its name or its product, sku, segment, term and cycle.

    Raises InvalidInput with the candidates.
    """
    tenant_id = asker.context.tenant_id
    rows = every(lambda cursor: list_offers(tenant_id=tenant_id, cursor=cursor, limit=LARGEST_PAGE))
    found = [
        Candidate(one, (facts.label(), facts.name, offer_id(facts)), facts.label())
        for one, facts in rows
    ]
    return one_named(text, "offer", found)


def chosen_line(
    asker: Asker, view: SubscriptionView, to_offer: int, contract: str | None, how: str
) -> ChosenLine | None:
    """A line of a contract of its company, for another offer. Raises InvalidInput."""
    if contract is None:
        return None
    now = subscription_row(asker.context, view.id, now=asker.now)
    if now.place is None:
        raise InvalidInput.one("contract", "is not asked for: the subscription is not mapped")
    connection = get_connection(asker.context, now.place.connection_id)
    facts = get_offer(tenant_id=view.tenant_id, offer_id=to_offer)
    then = replace(view, offer_id=to_offer, offer=facts)
    option = option_named(asker, connection, then, contract)
    return ChosenLine(option.contract.id, line_of(option, how))


def theirs_named(connection: ConnectionView, kind: Ours, text: str) -> Candidate:
    """A company for a customer, a service for an offer. Raises InvalidInput with the candidates."""
    if kind is Ours.OFFER:
        services = search_services(connection.id, search=text, limit=LARGEST_PAGE).items
        return one_named(text, "service", [Candidate(s.id, (s.name,), s.name) for s in services])
    companies = companies_called(connection.id, [text]) or (
        search_companies(connection.id, search=text, limit=LARGEST_PAGE).items
    )
    found = [
        Candidate(one.id, (one.name, one.number), f"{one.name} (number {one.number or 'none'})")
        for one in companies
    ]
    return one_named(text, "company", found)


def contract_named(connection: ConnectionView, text: str, *, field: str = "contract") -> Contract:
    """Of any company, by name or number. Raises InvalidInput with the candidates."""
    contracts = list(
        every(
            lambda cursor: search_contracts(
                connection.id, search="", cursor=cursor, limit=LARGEST_PAGE
            )
        )
    )
    by_name = [one for one in contracts if text.casefold() in one.name.casefold()]
    fitting = by_name or [one for one in contracts if text in (one.number, str(one.id))]
    found = [_contract(one) for one in fitting]
    chosen = one_named(text, field, found).id
    return next(one for one in contracts if one.id == chosen)


def option_named(
    asker: Asker, connection: ConnectionView, view: SubscriptionView, text: str
) -> ContractOption:
    """A contract of the subscription's company. Raises InvalidInput with the candidates."""
    places = places_for(asker.context, connection.id, [view], today=asker.today)[view.id]
    if places.missing:
        raise InvalidInput.one("contract", places.missing)
    found = [_contract(one.contract) for one in places.options]
    chosen = one_named(text, "contract", found).id
    return next(one for one in places.options if one.contract.id == chosen)


def line_of(option: ContractOption, how: str) -> int | None:
    """``use``: the one free line of the service; ``own``: None. Raises InvalidInput."""
    if how == OWN:
        return None
    free = [line for line in option.lines if not line.taken]
    if how != USE or len(free) != 1:
        words = f"{len(free)} lines of its service are free there: write own, or choose on the page"
        raise InvalidInput.one("line", words)
    return free[0].line_id


def _customers(asker: Asker, connection: ConnectionView) -> Sequence[Candidate]:
    rows = every(
        lambda cursor: list_customer_rows(
            asker.context, connection.id, cursor=cursor, limit=LARGEST_PAGE
        )
    )
    customers = [row.customer for row in rows]
    return [
        Candidate(one.id, (one.external_id, one.name), f"{one.name} ({one.external_id})")
        for one in customers
    ]


def _offers(asker: Asker, connection: ConnectionView) -> Sequence[Candidate]:
    rows: list[OfferRow] = list(
        every(
            lambda cursor: list_offer_rows(
                asker.context, connection.id, cursor=cursor, limit=LARGEST_PAGE
            )
        )
    )
    return [
        Candidate(
            row.offer_id,
            (row.offer.label(), row.offer.name, offer_id(row.offer)),
            row.offer.label(),
        )
        for row in rows
    ]


def _label(view: SubscriptionView) -> str:
    return f"{view.customer.name}, {view.name} ({view.provider_id})"


def _contract(contract: Contract) -> Candidate:
    """Two of one name are told apart by their days, and named by Autotask's own number."""
    label = f"{contract.name} ({contract.starts_on} to {contract.ends_on}, number {contract.id})"
    return Candidate(contract.id, (contract.name, contract.number, str(contract.id)), label)
