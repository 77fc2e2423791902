"""Customer Mapping and Offer Mapping are one page with two sides: what each calls its things."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from tallystick.directory.queries import search_companies, search_services
from tallystick.identity.context import Context
from tallystick.kit.paging import Page
from tallystick.mappings.accept import Accepted, accept_clear, accept_clear_offers
from tallystick.mappings.choose import PERIODS, Chosen, choose_company, choose_service
from tallystick.mappings.customer_rows import (
    customer_row,
    list_customer_rows,
    not_mapped_customers,
)
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_names import unmap_customer, unmap_offer
from tallystick.mappings.offer_rows import list_offer_rows, not_mapped_offers, offer_row
from tallystick.mappings.stakes import together
from tallystick.web.side_rows import Choice, NameRow, Open, at_stake, row_of_customer, row_of_offer

SHORTEST_LIST = 20


class Side(ABC):
    """``kind`` and the words; the questions and verbs of one page."""

    kind: Ours
    address: str  # the name of the page's address
    title: str
    ours: str
    theirs: str
    none_held: str

    @property
    def one(self) -> str:
        """The name of the address of one row."""
        return f"{self.address}-one"

    @abstractmethod
    def page(
        self, context: Context, connection_id: int, *, show: str, search: str, cursor: str | None
    ) -> Page[NameRow]: ...

    @abstractmethod
    def row(self, context: Context, connection_id: int, ours_id: int) -> NameRow | None: ...

    @abstractmethod
    def open(self, context: Context, connection_id: int) -> Open: ...

    @abstractmethod
    def choices(self, connection_id: int, search: str) -> Sequence[Choice]: ...

    @abstractmethod
    def choose(self, ours_id: int, connection_id: int, theirs_id: int, *, by: Chosen) -> str: ...

    @abstractmethod
    def unmap(self, ours_id: int, connection_id: int, *, by: Chosen) -> None: ...

    @abstractmethod
    def accept(self, connection_id: int, *, by: Chosen) -> Accepted: ...


class Customers(Side):
    kind = Ours.CUSTOMER
    address = "customer-mapping"
    title = "Customer Mapping"
    ours = "customer"
    theirs = "company"
    none_held = "Customers stand here as soon as there are some:"

    def page(
        self, context: Context, connection_id: int, *, show: str, search: str, cursor: str | None
    ) -> Page[NameRow]:
        found = list_customer_rows(context, connection_id, show=show, search=search, cursor=cursor)
        return Page([row_of_customer(row) for row in found.items], found.next_cursor)

    def row(self, context: Context, connection_id: int, ours_id: int) -> NameRow | None:
        found = customer_row(context, connection_id, ours_id)
        return None if found is None else row_of_customer(found)

    def open(self, context: Context, connection_id: int) -> Open:
        found = not_mapped_customers(context, connection_id)
        return Open(found.number, at_stake(found.stake), found.clear)

    def choices(self, connection_id: int, search: str) -> Sequence[Choice]:
        page = search_companies(connection_id, search=search, limit=SHORTEST_LIST)
        return [Choice(one.id, one.name, one.number, one.active) for one in page.items]

    def choose(self, ours_id: int, connection_id: int, theirs_id: int, *, by: Chosen) -> str:
        return choose_company(ours_id, connection_id, theirs_id, by=by)

    def unmap(self, ours_id: int, connection_id: int, *, by: Chosen) -> None:
        unmap_customer(
            ours_id,
            connection_id,
            context=by.context,
            now=by.now,
            correlation_id=by.correlation_id,
        )

    def accept(self, connection_id: int, *, by: Chosen) -> Accepted:
        return accept_clear(connection_id, by=by)


class Offers(Side):
    kind = Ours.OFFER
    address = "offer-mapping"
    title = "Offer Mapping"
    ours = "offer"
    theirs = "service"
    none_held = "Offers stand here as soon as a customer holds one:"

    def page(
        self, context: Context, connection_id: int, *, show: str, search: str, cursor: str | None
    ) -> Page[NameRow]:
        found = list_offer_rows(context, connection_id, show=show, search=search, cursor=cursor)
        return Page([row_of_offer(row) for row in found.items], found.next_cursor)

    def row(self, context: Context, connection_id: int, ours_id: int) -> NameRow | None:
        found = offer_row(context, connection_id, ours_id)
        return None if found is None else row_of_offer(found)

    def open(self, context: Context, connection_id: int) -> Open:
        found = not_mapped_offers(context, connection_id)
        clear = sum(1 for row in found if row.suggestion and row.suggestion.is_clear)
        return Open(len(found), at_stake(together([row.stake for row in found])), clear)

    def choices(self, connection_id: int, search: str) -> Sequence[Choice]:
        page = search_services(connection_id, search=search, limit=SHORTEST_LIST)
        return [
            Choice(one.id, one.name, PERIODS.get(one.period_months or 0, "").title(), one.active)
            for one in page.items
        ]

    def choose(self, ours_id: int, connection_id: int, theirs_id: int, *, by: Chosen) -> str:
        return choose_service(ours_id, connection_id, theirs_id, by=by)

    def unmap(self, ours_id: int, connection_id: int, *, by: Chosen) -> None:
        unmap_offer(
            ours_id,
            connection_id,
            context=by.context,
            now=by.now,
            correlation_id=by.correlation_id,
        )

    def accept(self, connection_id: int, *, by: Chosen) -> Accepted:
        return accept_clear_offers(connection_id, by=by)


SIDES: Mapping[str, Side] = {side.address: side for side in (Customers(), Offers())}
