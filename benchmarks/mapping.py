"""Mapping pages beside the bare SQL of what they show, and what reading the directory costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from statistics import median, quantiles
from typing import Any

from django.db import connection as database
from django.test import Client

from benchmarks import bare
from benchmarks.large import Large
from benchmarks.questions import Asked, counted
from benchmarks.report import Figure, spread
from tallystick.kit.clock import monotonic
from tallystick.kit.paging import encode_cursor

MOST = 4.0
PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """``bare``: the SQL that answers the same; ``values``: what it is asked with."""

    name: str
    address: str
    bare: Sequence[str]
    values: dict[str, Any]


def pages(of: Large) -> list[Page]:
    """Every mapping page as people open it: first, filtered, searched, in the middle."""
    at = f"/connectors/{of.connection_id}"
    here = {"tenant": of.context.tenant_id, "connection": of.connection_id}
    customer = _middle("subscriptions_customer", "name", here)
    held = _middle_subscription(here)
    ends = _middle_contract(here)
    customers = [bare.OPEN_CUSTOMERS, bare.CLEAR]
    offers = [bare.OPEN_OFFERS, bare.FREE_SERVICES]
    search = f"{of.customers // 2:05d}"[1:]
    named = {**here, "like": f"%{search}%"}

    def page(title: str, path: str, sql: str, *more: str, **values: Any) -> Page:
        return Page(title, f"{at}/{path}", [sql, *more], {**here, **values})

    after_customer = {"name": customer[0], "id": customer[1]}
    after_held = {"name": held[0], "id": held[1]}
    return [
        page("Customer Mapping", "customer-mapping", bare.CUSTOMERS.format(where=""), *customers),
        page(
            "Customer Mapping, Hide Mapped",
            "customer-mapping?show=not_mapped",
            bare.CUSTOMERS.format(where=bare.NOT_MAPPED_CUSTOMER),
            *customers,
        ),
        page(
            "Customer Mapping, searched",
            f"customer-mapping?q={search}",
            bare.CUSTOMERS.format(where="AND upper(name) LIKE %(like)s"),
            *customers,
            **named,
        ),
        page(
            "Customer Mapping, in the middle",
            f"customer-mapping?cursor={encode_cursor(customer)}",
            bare.CUSTOMERS.format(where="AND (name, id) > (%(name)s, %(id)s)"),
            *customers,
            **after_customer,
        ),
        page("Offer Mapping", "offer-mapping", bare.OFFERS.format(where=""), *offers),
        page(
            "Subscription Mapping",
            "subscription-mapping",
            bare.SUBSCRIPTIONS.format(where=""),
            bare.OPEN_SUBSCRIPTIONS,
        ),
        page(
            "Subscription Mapping, Not Mapped",
            "subscription-mapping?badge=not_mapped",
            bare.SUBSCRIPTIONS.format(where="AND m.id IS NULL"),
            bare.OPEN_SUBSCRIPTIONS,
        ),
        page(
            "Subscription Mapping, Out of Sync",
            "subscription-mapping?badge=out_of_sync",
            bare.SUBSCRIPTIONS.format(where="AND l.drift_units IS NOT NULL"),
            bare.OPEN_SUBSCRIPTIONS,
        ),
        page(
            "Subscription Mapping, searched",
            f"subscription-mapping?q={search}",
            bare.SUBSCRIPTIONS.format(
                where="AND (upper(c.name) LIKE %(like)s OR upper(o.name) LIKE %(like)s OR "
                "upper(s.friendly_name) LIKE %(like)s OR upper(s.provider_id) LIKE %(like)s OR "
                "upper(m.company_name) LIKE %(like)s OR upper(m.contract_name) LIKE %(like)s)"
            ),
            bare.OPEN_SUBSCRIPTIONS,
            **named,
        ),
        page(
            "Subscription Mapping, in the middle",
            f"subscription-mapping?cursor={encode_cursor(held)}",
            bare.SUBSCRIPTIONS.format(where="AND (c.name, s.id) > (%(name)s, %(id)s)"),
            bare.OPEN_SUBSCRIPTIONS,
            **after_held,
        ),
        page("Contracts", "contracts", bare.CONTRACTS.format(where="", having="")),
        page(
            "Contracts, in the middle",
            f"contracts?cursor={encode_cursor([ends[0].isoformat(), ends[1]])}",
            bare.CONTRACTS.format(
                where="AND (coalesce(e.ends_on, '9999-12-31'), m.contract_id) > (%(ends)s, %(id)s)",
                having="",
            ),
            ends=ends[0],
            id=ends[1],
        ),
        Page("Connectors", "/connectors", [bare.BADGES], here),
        Page("Home", "/", [bare.HOME, bare.OPEN_SUBSCRIPTIONS], here),
    ]


def measure_pages(of: Large, *, rounds: int, say: Callable[[str], None]) -> list[Figure]:
    """A B A B, the order changing from round to round; the bare SQL twice, for an A/A."""
    client = signed_in(of)
    figures = []
    for page in pages(of):
        say(page.name)
        asked = look(client, page.address)  # and both are warm
        _ask(page)
        ours, sql, again = [], [], []
        for number in range(rounds):
            for kind in ("page", "sql") if number % 2 else ("sql", "page"):
                if kind == "page":
                    ours.append(_time(lambda: look(client, page.address)))  # noqa: B023 - called at once
                else:
                    sql.append(_time(lambda: _ask(page)))  # noqa: B023 - called at once
                    again.append(_time(lambda: _ask(page)))  # noqa: B023 - called at once
        figures.append(_figure(page, asked, ours, sql, again))
    return figures


def _figure(
    page: Page, asked: Asked, ours: list[float], sql: list[float], again: list[float]
) -> Figure:
    ratios = [mine / bare_ for mine, bare_ in zip(ours, sql, strict=True)]
    same = [a / b for a, b in zip(sql, again, strict=True)]
    companies = asked.most("directory_company")
    return Figure(
        page.name,
        f"{spread([1000 * one for one in ours], '.0f')} ms",
        f"{spread([1000 * one for one in sql], '.0f')} ms",
        spread(ratios, ".2f"),
        f"<= {MOST:.0f}",
        median(ratios) <= MOST and companies <= PAGE + 1,
        f"{asked.questions} questions, {asked.fetched} rows fetched, at most {companies} companies "
        f"in one answer; p95 {1000 * _p95(ours):.0f} ms; the SQL against itself "
        f"{spread(same, '.2f')}",
        {
            "page": ours,
            "sql": sql,
            "sql_against_sql": same,
            "questions": asked.questions,
            "rows": asked.fetched,
            "by_table": dict(asked.by_table()),
        },
    )


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def signed_in(of: Large) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(of.user)
    return client


def look(client: Client, address: str) -> Asked:
    """Raises RuntimeError when the page is not shown."""
    with counted() as asked:
        answer = client.get(address)
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return asked


def _ask(page: Page) -> None:
    with database.cursor() as cursor:
        for sql in page.bare:
            cursor.execute(sql, page.values)
            cursor.fetchall()


def _time(act: Callable[[], object]) -> float:
    began = monotonic()
    act()
    return monotonic() - began


def _middle(table: str, name: str, here: dict[str, Any]) -> list[Any]:
    return _one(
        f"SELECT {name}, id FROM {table} WHERE tenant_id = %(tenant)s ORDER BY 1, 2 "  # noqa: S608 - our own words
        f"OFFSET (SELECT count(*) / 2 FROM {table} WHERE tenant_id = %(tenant)s) LIMIT 1",
        here,
    )


def _middle_subscription(here: dict[str, Any]) -> list[Any]:
    return _one(
        "SELECT c.name, s.id FROM subscriptions_subscription s "
        "JOIN subscriptions_customer c ON c.id = s.customer_id WHERE s.tenant_id = %(tenant)s "
        "ORDER BY 1, 2 OFFSET (SELECT count(*) / 2 FROM subscriptions_subscription "
        "WHERE tenant_id = %(tenant)s) LIMIT 1",
        here,
    )


def _middle_contract(here: dict[str, Any]) -> list[Any]:
    return _one(
        "SELECT ends_on, ref FROM directory_contract WHERE connection_id = %(connection)s "
        "ORDER BY 1, 2 OFFSET (SELECT count(*) / 2 FROM directory_contract "
        "WHERE connection_id = %(connection)s) LIMIT 1",
        here,
    )


def _one(sql: str, values: dict[str, Any]) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchone())
