"""Row-level security by itself: which rows a reach shows, and that no connection carries another's.

Raw SQL without any filter, as if every query of the application had forgotten its own.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from factories import Tenancy, sibling, tenancy, user
from tallystick.bootstrap.walls import (
    OF_A_RESELLER,
    OF_A_TENANT,
    OF_THE_CSP,
    OF_THE_CSP_ALONE,
    OPEN,
    PART_OF,
    READ_BY_RESELLERS,
    walled,
)
from tallystick.identity.reach import EVERYTHING, NOTHING, reach_of, reach_to, reaching, wanted
from tallystick.subscriptions.models import Customer

pytestmark = pytest.mark.usefixtures("db")
TENANTS = [
    *OF_A_RESELLER,
    *READ_BY_RESELLERS,
    *OF_A_TENANT,
    *OF_THE_CSP,
    *OF_THE_CSP_ALONE,
    *PART_OF,
]


def rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def furnished(of: Tenancy) -> Tenancy:
    """Something in most tables."""
    user(of)
    subscription, mapped = of.subscription(), of.connection()
    of.map(subscription, mapped, contract_id=1, line_id=1)
    of.quantity(subscription, 12)
    return of


def test_every_table_of_ours_has_a_wall_or_a_reason() -> None:
    from django.apps import apps

    ours = {
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith("tallystick.")
    }
    assert ours - walled() == set(OPEN), "a new table needs a line in bootstrap/walls.py"
    forced = rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    assert {name for (name,) in forced} == walled()


def test_the_application_is_neither_owner_nor_above_the_wall() -> None:
    ((superuser, bypasses),) = rows(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert (superuser, bypasses) == (False, False)
    ((owned,),) = rows("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
    assert owned == 0


@pytest.mark.parametrize("table", sorted(walled()))
def test_without_a_reach_there_is_nothing(table: str) -> None:
    with reaching(NOTHING):
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - a name of our own list
    with reaching("nonsense"):
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - a name of our own list


@pytest.mark.parametrize("table", TENANTS)
def test_a_tenant_reaches_its_own_rows_alone(table: str) -> None:
    with reaching(reach_of(two()[0].context)):
        seen = rows(f"SELECT DISTINCT tenant_id FROM {table}")  # noqa: S608 - a name of our own list
    assert set(seen) <= {(two()[0].tenant_id,)}


@pytest.mark.parametrize("table", OF_A_RESELLER)
def test_a_reseller_reaches_its_own_rows_alone(table: str) -> None:
    _, reseller = two()
    with reaching(reach_of(reseller.context)):
        seen = rows(f"SELECT DISTINCT tenant_id, reseller_id FROM {table}")  # noqa: S608 - a name of our own list
    assert set(seen) <= {(reseller.tenant_id, reseller.reseller_id)}


def test_what_is_reached_is_there() -> None:
    csp, reseller = two()
    with reaching(reach_of(reseller.context)):
        assert rows("SELECT count(*) FROM subscriptions_subscription") == [(1,)]
        assert rows("SELECT count(*) FROM connections_connection") == [(2,)], "and the CSP's"
    with reaching(reach_of(csp.context)):
        assert rows("SELECT count(*) FROM subscriptions_subscription") == [(2,)]
        assert rows("SELECT count(*) FROM ledger_operation") != [(0,)]


def test_no_row_is_written_out_of_reach() -> None:
    csp, reseller = two()
    stranger, other = tenancy(), sibling(csp)
    for reach in (reach_of(stranger.context), NOTHING):
        with reaching(reach), pytest.raises(ProgrammingError, match="row-level security"):
            Customer.objects.create(tenant_id=csp.tenant_id, name="x", external_id="x1")
        with reaching(reach):
            assert Customer.objects.filter(pk__gt=0).update(name="stolen") == 0
    with reaching(reach_of(reseller.context)):
        for foreign in (None, other.reseller_id):
            with pytest.raises(ProgrammingError, match="row-level security"):
                Customer.objects.create(
                    tenant_id=csp.tenant_id, reseller_id=foreign, name="x", external_id="x2"
                )
        changed = rows("UPDATE connections_connection SET name = name RETURNING reseller_id")
        assert changed == [(reseller.reseller_id,)], "the CSP's can be read, and that is all"


class TestOneConnection:
    """What a connection carries follows who asks, through every way a transaction ends."""

    def test_it_follows_each_statement(self) -> None:
        with reaching("7/"):
            assert carried() == "7/"
            with reaching("8/9"):
                assert carried() == "8/9"
            assert carried() == "7/"

    def test_inside_a_transaction_and_after_its_end(self) -> None:
        with reaching("7/"):
            with transaction.atomic():
                assert carried() == "7/"
                with reaching("8/"):
                    assert carried() == "8/"
                assert carried() == "7/"
            assert carried() == "7/"

    def test_after_a_rollback(self) -> None:
        with reaching("7/"):
            assert carried() == "7/"
        with reaching("8/"):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                assert carried() == "8/"
                raise ZeroDivisionError
            assert carried() == "8/"

    def test_after_a_rollback_to_a_savepoint(self) -> None:
        with reaching("7/"), transaction.atomic():
            assert carried() == "7/"
            with reaching("8/"):
                with pytest.raises(ZeroDivisionError), transaction.atomic():
                    assert carried() == "8/"
                    raise ZeroDivisionError
                assert carried() == "8/"
            with pytest.raises(DatabaseError), transaction.atomic():
                rows("SELECT 1 / 0")
            assert carried() == "7/"

    def test_after_an_error_in_a_broken_transaction(self) -> None:
        with reaching("7/"), transaction.atomic():
            with pytest.raises(DatabaseError), transaction.atomic():
                with pytest.raises(DatabaseError):
                    rows("SELECT 1 / 0")
                with reaching("8/"):
                    rows("SELECT 1")
            assert carried() == "7/"

    def test_a_new_connection_has_none(self) -> None:
        with reaching("7/"):
            connection.close()
            assert carried() == "7/"
        with reaching(NOTHING):
            connection.close()
            assert carried() == ""


def test_fifty_tenants_on_two_connections_with_random_aborts() -> None:
    """Each round asks as another tenant, and ends in one of five ways."""
    tenants = [tenancy() for _ in range(50)]
    for of in tenants:
        of.customer()
    before = wanted()

    def rounds(seed: int) -> int:
        draw, mixed = random.Random(seed), 0
        for _ in range(1000):
            of = draw.choice(tenants)
            with reaching(reach_to(of.tenant_id, None)):
                how = draw.randrange(5)
                try:
                    if how == 0:
                        mixed += sees() != {of.tenant_id}
                    else:
                        with transaction.atomic():
                            mixed += sees() != {of.tenant_id}
                            if how == 1:
                                raise ZeroDivisionError
                            if how == 2:
                                rows("SELECT 1 / 0")
                            if how == 3:
                                with transaction.atomic():
                                    mixed += sees() != {of.tenant_id}
                                    raise ZeroDivisionError
                except (ZeroDivisionError, DatabaseError):
                    mixed += sees() != {of.tenant_id}
        connections.close_all()
        return mixed

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(rounds, (1, 2))) == 0
    assert wanted() == before == EVERYTHING


def sees() -> set[object]:
    return {tenant for (tenant,) in rows("SELECT DISTINCT tenant_id FROM subscriptions_customer")}


def carried() -> object:
    return rows("SELECT coalesce(current_setting('tallystick.reach', true), '')")[0][0]


_two: list[Tenancy] = []


def two() -> tuple[Tenancy, Tenancy]:
    """A furnished CSP and a furnished reseller of it; made once, for nothing here changes them."""
    if not _two:
        csp = furnished(tenancy())
        _two.extend([csp, furnished(sibling(csp))])
    return _two[0], _two[1]
