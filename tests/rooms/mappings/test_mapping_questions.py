"""What a mapping page asks the database does not grow with what there is: counted, not timed."""

from __future__ import annotations

from functools import cache

import pytest
from benchmarks.large import Large, make_large
from benchmarks.mapping import PAGE, look, pages, signed_in
from benchmarks.questions import Asked

SMALL, LARGE = 60, 600  # customers; ten subscriptions each
# Another page is more rows of the same kind, never another question.
NAMES = [
    "Customer Mapping",
    "Customer Mapping, Hide Mapped",
    "Customer Mapping, searched",
    "Customer Mapping, in the middle",
    "Offer Mapping",
    "Subscription Mapping",
    "Subscription Mapping, Not Mapped",
    "Subscription Mapping, Out of Sync",
    "Subscription Mapping, searched",
    "Subscription Mapping, in the middle",
    "Contracts",
    "Contracts, in the middle",
    "Home",
]


@cache
def reseller(customers: int) -> Large:
    return make_large(customers=customers, subscriptions=10 * customers)


def opened(customers: int, name: str) -> Asked:
    of = reseller(customers)
    (page,) = [one for one in pages(of) if one.name == name]
    client = signed_in(of)
    look(client, page.address)
    return look(client, page.address)


@pytest.mark.parametrize("name", NAMES)
def test_as_many_questions_for_ten_times_the_customers(db: None, name: str) -> None:
    small, large = opened(SMALL, name), opened(LARGE, name)
    assert large.questions <= small.questions <= 36
    assert large.most("directory_company") <= PAGE + 1
    assert large.most("subscriptions_customer") <= PAGE + 1
    assert large.most("subscriptions_subscription") <= 2 * (PAGE + 1), "and their stakes"


def test_choosing_a_company_loads_no_more_than_a_list_of_them(db: None) -> None:
    of = reseller(LARGE)
    client = signed_in(of)
    at = f"/connectors/{of.connection_id}/customer-mapping"
    ours = of.first_customer
    for address in (f"{at}/{ours}", f"{at}/{ours}?q=", f"{at}/{ours}?q=gist"):
        asked = look(client, address)
        assert 1 <= asked.most("directory_company") <= PAGE + 1
