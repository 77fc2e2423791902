"""Test connection, against the simulator: each credential, and what is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.conf import settings

from desk import Desk, desk
from factories import Tenancy, sibling, tenancy
from harness import wire_to
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.checking import check_connection, find_zone
from tallystick.connections.budget import budget_of
from tallystick.connections.checks import Check
from tallystick.connections.edit import Changes, edit_connection
from tallystick.connections.models import Connection
from tallystick.identity.roles import Role
from tallystick.kit.problem import NotAllowed, NotFound
from tallystick.kit.secrets import Secret


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        Connection.objects.filter(pk=made.connection_id).update(cost_currency="USD")
        yield made


def tried(here: Desk, **changes: Any) -> dict[str, Check]:
    if changes:
        edit_connection(
            here.connection_id,
            Changes(**changes),
            context=here.of.context,
            keys=settings.SEALING_KEYS,
            now=here.of.clock.now(),
            correlation_id="c",
        )
    checks: Sequence[Check] = check_connection(
        here.connection_id,
        context=here.of.context,
        now=here.of.clock.now(),
        correlation_id="c",
        clock=here.of.clock,
        http=wire_to(here.simulator.origin),
    )
    return {check.name: check for check in checks}


def wrong(checks: dict[str, Check]) -> list[str]:
    return [name for name, check in checks.items() if not check.ok and name != "clock"]


def test_everything_works_and_is_written_down(here: Desk) -> None:
    here.simulator.freeze(here.of.clock.now())
    before = budget_of(here.connection_id, now=here.of.clock.now()).spent
    checks = tried(here)
    assert wrong(checks) == []
    assert budget_of(here.connection_id, now=here.of.clock.now()).spent > before
    newest = AuditLog.objects.filter(tenant_id=here.of.tenant_id).latest("id")
    assert newest.event == "connection.test"


def test_each_wrong_credential_has_its_own_check(here: Desk) -> None:
    assert wrong(tried(here, secret=Secret("wrong"))) == ["secret"]
    secret = Secret(here.simulator.secret)
    assert wrong(tried(here, secret=secret, code=Secret("NOPE"))) == ["code"]
    good = Secret(here.simulator.code)
    found = tried(here, user_name="nobody@example.com", code=good)
    assert wrong(found) == ["zone"]
    assert "API user name" in found["zone"].todo
    newest = AuditLog.objects.filter(tenant_id=here.of.tenant_id).latest("id")
    assert newest.status == "failed"
    assert "NOPE" not in str(newest.details)


def test_a_foreign_currency_is_told(here: Desk) -> None:
    Connection.objects.filter(pk=here.connection_id).update(
        cost_currency="EUR", price_currency="CHF"
    )
    found = tried(here)
    assert wrong(found) == ["cost currency", "price currency"]
    assert "internal currency is USD; the connection says EUR" in found["cost currency"].words
    assert "CHF is not an active currency there" in found["price currency"].words


def test_a_missing_right_comes_in_autotasks_words(here: Desk) -> None:
    here.simulator.add_fault(
        "refuse", method="GET", path="Contracts/entityInformation", message="No right to see it."
    )
    found = tried(here)
    assert wrong(found) == ["read Contracts"]
    assert "No right to see it." in found["read Contracts"].words
    assert "guide" in found["read Contracts"].todo


def test_only_who_may_connect_and_only_in_the_context(here: Desk) -> None:
    viewer = tenancy(role=Role.VIEWER)
    act: dict[str, Any] = {"now": here.of.clock.now(), "correlation_id": "c"}
    with pytest.raises(NotAllowed):
        check_connection(here.connection_id, context=viewer.context, **act)
    with pytest.raises(NotFound):
        check_connection(here.connection_id, context=tenancy().context, **act)
    with pytest.raises(NotFound):
        check_connection(here.connection_id, context=sibling(here.of).context, **act)


def test_a_zone_that_moved_is_found_and_told(here: Desk) -> None:
    assert wrong(tried(here)) == []
    here.simulator.set_knobs(zone=2)
    found = tried(here)
    assert wrong(found) == []
    assert found["zone"].words.startswith("Moved from Simulator Zone 1 to Simulator Zone 2")


class TestOneConnectionPerInstance:
    def second(self, of: Tenancy, here: Desk, currency: str = "EUR") -> dict[str, Check]:
        """Another connection with the same credentials, tested."""
        connection_id = of.connection(
            user_name=here.simulator.user, secret=here.simulator.secret, code=here.simulator.code
        )
        Connection.objects.filter(pk=connection_id).update(
            cost_currency="USD", price_currency=currency
        )
        other = Desk(here.simulator, of, connection_id, {})
        return tried(other)

    def test_what_a_test_finds_is_kept(self, here: Desk) -> None:
        assert tried(here)["instance"].ok
        row = Connection.objects.get(pk=here.connection_id)
        assert row.zone_url.startswith(here.simulator.origin)
        assert row.web_url == f"{here.simulator.origin}/"

    def test_a_web_address_that_was_entered_stays(self, here: Desk) -> None:
        entered = "https://ww4.example/"
        Connection.objects.filter(pk=here.connection_id).update(web_url=entered)
        tried(here)
        assert Connection.objects.get(pk=here.connection_id).web_url == entered

    def test_a_second_one_in_the_same_currency_is_told(self, here: Desk) -> None:
        tried(here)
        found = self.second(here.of, here)
        assert wrong(found) == ["instance"]
        name = Connection.objects.get(pk=here.connection_id).name
        assert f"“{name}” is of the same Autotask, with prices in EUR too" in (
            found["instance"].words
        )
        assert "delete this" in found["instance"].todo

    def test_another_price_currency_is_one_of_its_own(self, here: Desk) -> None:
        tried(here)
        assert self.second(here.of, here, "USD")["instance"].ok

    def test_another_tenants_is_nobodys_business(self, here: Desk) -> None:
        tried(here)
        assert self.second(tenancy(), here)["instance"].ok

    def test_a_resellers_does_not_learn_whose_the_other_is(self, here: Desk) -> None:
        tried(here)
        found = self.second(sibling(here.of), here)
        assert wrong(found) == ["instance"]
        assert found["instance"].words.startswith("A connection of another organisation is")

    def test_a_deleted_one_is_none(self, here: Desk) -> None:
        tried(here)
        Connection.objects.filter(pk=here.connection_id).update(deleted_at=here.of.clock.now())
        assert self.second(here.of, here)["instance"].ok


def test_the_zone_of_a_name_is_found_before_anything_is_stored(here: Desk) -> None:
    http = wire_to(here.simulator.origin)
    found = find_zone(here.simulator.user, context=here.of.context, http=http)
    assert (found.ok, found.words) == (True, "Simulator Zone 1")
    unknown = find_zone("nobody@example.com", context=here.of.context, http=http)
    assert not unknown.ok
    assert unknown.words
    with pytest.raises(NotAllowed):
        find_zone("x", context=tenancy(role=Role.VIEWER).context, http=http)
