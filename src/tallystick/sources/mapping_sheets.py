"""The three mapping lists as sheets: for looking through, filling in, and handing back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from tallystick.connections.queries import get_connection
from tallystick.directory.queries import companies_by_id, contracts_by_id
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.chunks import chunks
from tallystick.kit.paging import LARGEST_PAGE, every
from tallystick.kit.sheet import Cell, sheet
from tallystick.mappings.customer_rows import list_customer_rows
from tallystick.mappings.kinds import Ours
from tallystick.mappings.offer_rows import list_offer_rows
from tallystick.mappings.places import Places, places_for
from tallystick.mappings.rows import Row, list_mappings
from tallystick.mappings.show import exclusions_of
from tallystick.mappings.stakes import Stake
from tallystick.sources.mapping_cells import (
    CUSTOMERS,
    OFFERS,
    OWN,
    SUBSCRIPTIONS,
    USE,
    offer_cells,
    ours_of_subscription,
)
from tallystick.sources.mapping_said import REASON, Columns

Cells = Mapping[str, Cell]


def mappings_sheet(
    kind: Ours, connection_id: int, *, context: Context, now: datetime, today: date
) -> Iterator[bytes]:
    """The file piece by piece; what is wrong is raised before the first.

    Whoever maps needs it to work with, an auditor to look through: either right will do.
    Raises NotFound, NotAllowed.
    """
    context.require(Right.MAP, Right.EXPORT)
    connection = get_connection(context, connection_id)
    match kind:
        case Ours.CUSTOMER:
            return _sheet(CUSTOMERS, _customers(context, connection.id))
        case Ours.OFFER:
            return _sheet(OFFERS, _offers(context, connection.id))
        case Ours.SUBSCRIPTION:
            rows = _subscriptions(context, connection.id, now=now, today=today)
            return _sheet(SUBSCRIPTIONS, rows)


def header(columns: Columns) -> Sequence[str]:
    """What is filled in stands beside what it is for; the rest is for looking."""
    return (*columns.read, *columns.passed_by)


def _sheet(columns: Columns, rows: Iterator[Cells]) -> Iterator[bytes]:
    names = header(columns)
    return sheet(names, ([cells.get(name) for name in names] for cells in rows))


def _customers(context: Context, connection_id: int) -> Iterator[Cells]:
    rows = every(
        lambda cursor: list_customer_rows(context, connection_id, cursor=cursor, limit=LARGEST_PAGE)
    )
    for some in chunks(rows, LARGEST_PAGE):
        ids = [row.company_id for row in some if row.company_id is not None]
        companies = companies_by_id(connection_id, ids)
        for row in some:
            found = row.suggestion
            company = companies.get(row.company_id or 0)
            yield {
                "customer_id": row.customer.external_id,
                "customer": row.customer.name,
                "company": row.company_name,
                "company_number": company.number if company else "",
                REASON: row.excluded_because,
                "suggested_company": found.company_name if found else "",
                "suggestion_score": found.score if found else None,
                "suggestion_reason": found.reason if found else "",
                **_stake(row.stake),
            }


def _offers(context: Context, connection_id: int) -> Iterator[Cells]:
    for row in every(
        lambda cursor: list_offer_rows(context, connection_id, cursor=cursor, limit=LARGEST_PAGE)
    ):
        found = row.suggestion
        yield {
            **offer_cells(row.offer),
            "service": row.service_name,
            REASON: row.excluded_because,
            "to_know": row.service_wrong or row.unmappable,
            "suggested_service": found.service_name if found else "",
            "suggestion_score": found.score if found else None,
            "suggestion_reason": found.reason if found else "",
            **_stake(row.stake),
        }


def _subscriptions(
    context: Context, connection_id: int, *, now: datetime, today: date
) -> Iterator[Cells]:
    excluded = exclusions_of(Ours.SUBSCRIPTION, connection_id)
    rows = every(
        lambda cursor: list_mappings(
            context, connection_id, now=now, cursor=cursor, limit=LARGEST_PAGE
        )
    )
    for some in chunks(rows, LARGEST_PAGE):
        free = [row.subscription for row in some if row.place is None]
        places = places_for(context, connection_id, free, today=today)
        ids = [row.place.contract_id for row in some if row.place]
        numbers = {pk: one.number for pk, one in contracts_by_id(connection_id, ids).items()}
        for row in some:
            view = row.subscription
            yield {
                **ours_of_subscription(view).cells,
                "subscription": view.friendly_name,
                "quantity": view.quantity,
                REASON: "" if row.place else excluded.get(view.id, ""),
                "badge": row.badge.kind.label,
                "cause": row.badge.cause,
                "waiting": row.badge.pending,
                "proved_at": row.badge.proved_at,
                **_billed(row, numbers),
                **_suggested(places.get(view.id)),
            }


def _billed(row: Row, numbers: Mapping[int, str]) -> Cells:
    if row.place is None:
        return {}
    return {
        "company": row.place.company_name,
        "contract": row.place.contract_name,
        "contract_number": numbers.get(row.place.contract_id, ""),
        "service": row.place.service_name,
        "line": OWN if row.place.line_id is None else USE,
    }


def _suggested(places: Places | None) -> Cells:
    if places is None:
        return {}
    found = places.proposal
    if found is None:
        return {"suggestion_reason": places.missing}
    return {
        "suggested_contract": found.contract_name,
        "suggested_line": OWN if found.line_id is None else USE,
        "suggestion_reason": found.reason,
    }


def _stake(stake: Stake) -> Cells:
    money = sorted(stake.a_month.items())
    one = money[0][1] if len(money) == 1 else " + ".join(f"{value:f}" for _, value in money)
    return {
        "subscriptions": stake.subscriptions,
        "licences": stake.licences,
        "a_month": one,
        "currency": " + ".join(currency for currency, _ in money),
    }
