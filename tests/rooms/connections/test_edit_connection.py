"""What an administrator may change on a connection, and that a running engine follows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.db import connection as database
from django.db import connections
from django.test.utils import CaptureQueriesContext

from factories import Tenancy, number, sibling, tenancy
from harness import World
from tallystick.audit.models import AuditLog
from tallystick.connections.create import open_credentials
from tallystick.connections.edit import (
    Changes,
    budget_shares,
    credentials_version,
    edit_connection,
)
from tallystick.connections.models import Connection
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound
from tallystick.kit.secrets import SealingKey, Secret
from tallystick.mappings.delete_connection import delete_connection

OLD = {"user_name": "api@example.com", "secret": "Old-Secret-1", "code": "OLDCODE1"}
NEW = {"user_name": "new@example.com", "secret": "New-Secret-2", "code": "NEWCODE2"}
OTHER_KEY = SealingKey("other", b"0123456789abcdef0123456789abcdef")
OTHER_RING = KeyRing([OTHER_KEY], source="a test")


@pytest.fixture
def of(db: None) -> Tenancy:
    return tenancy()


def edit(
    of: Tenancy, connection_id: int, keys: KeyRing = settings.SEALING_KEYS, **changes: Any
) -> list[str]:
    for name in ("secret", "code"):
        if name in changes:
            changes[name] = Secret(changes[name])
    done = edit_connection(
        connection_id,
        Changes(**changes),
        context=of.context,
        keys=keys,
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )
    return list(done)


def stored(connection_id: int) -> dict[str, Any]:
    return Connection.objects.filter(pk=connection_id).values().get()


def updates(connection_id: int) -> list[AuditLog]:
    found = AuditLog.objects.filter(connection_id=connection_id, event="connection.update")
    return list(found.order_by("pk"))


def signs_in_with(connection_id: int, keys: KeyRing = settings.SEALING_KEYS) -> dict[str, str]:
    found = open_credentials(connection_id, keys=keys)
    return {
        "user_name": found.user_name,
        "secret": found.secret.reveal(),
        "code": found.code.reveal(),
    }


class TestSettings:
    def test_what_is_given_is_changed_with_one_record(self, of: Tenancy) -> None:
        connection_id = of.connection(name="Autotask")
        before = stored(connection_id)
        changed = edit(
            of,
            connection_id,
            name="  Autotask Europe ",
            budget_share=Decimal("0.25"),
            quiet_seconds=120,
            same_day="replaces",
            same_day_policy="next_day",
            back_dated="move",
            cancel_rule="price_zero",
        )
        now = stored(connection_id)
        different = {name: now[name] for name in now if now[name] != before[name]}
        assert different == {
            "name": "Autotask Europe",
            "budget_share": Decimal("0.25"),
            "quiet_seconds": 120,
            "same_day": "replaces",
            "same_day_policy": "next_day",
            "back_dated": "move",
            "cancel_rule": "price_zero",
        }
        assert set(changed) == set(different)
        [record] = updates(connection_id)
        assert record.actor == "Ada Admin"
        assert record.connection_name == "Autotask Europe"
        assert record.details["before"]["name"] == "Autotask"
        assert record.details["after"] == {**different, "budget_share": "0.25"}
        assert budget_shares(of.context) == {connection_id: Decimal("0.25")}

    def test_only_what_is_another_is_in_the_record(self, of: Tenancy) -> None:
        connection_id = of.connection()
        assert edit(of, connection_id, quiet_seconds=0, same_day="unknown", back_dated="move") == [
            "back_dated"
        ]
        [record] = updates(connection_id)
        assert record.details == {
            "before": {"back_dated": "hold"},
            "after": {"back_dated": "move"},
        }

    def test_nothing_changed_is_no_record(self, of: Tenancy) -> None:
        connection_id = of.connection(name="Autotask")
        same = {
            "name": "Autotask",
            "budget_share": Decimal("0.5"),
            "quiet_seconds": 0,
            "user_name": "api@example.com",
        }
        for changes in ({}, same):
            assert edit(of, connection_id, **changes) == []
        assert updates(connection_id) == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "   "),
            ("name", "x" * 201),
            ("name", "a\x00b"),
            ("name", "a\nb"),
            ("budget_share", Decimal("0.049")),
            ("budget_share", Decimal("0.901")),
            ("budget_share", Decimal("0.1234")),
            ("budget_share", Decimal("NaN")),
            ("budget_share", Decimal("sNaN")),
            ("budget_share", Decimal("Infinity")),
            ("quiet_seconds", -1),
            ("quiet_seconds", 86_401),
            ("quiet_seconds", True),
            ("same_day", "sometimes"),
            ("same_day_policy", ""),
            ("back_dated", "HOLD"),
            ("cancel_rule", "refuses"),
            ("user_name", ""),
            ("user_name", "x" * 201),
            ("secret", ""),
            ("secret", " blank"),
            ("secret", "two\nlines"),
            ("secret", "Schlüssel"),
            ("code", "x" * 501),
            ("code", "nul\x00"),
        ],
    )
    def test_a_wrong_field_is_named_and_nothing_is_stored(
        self, of: Tenancy, field: str, value: Any
    ) -> None:
        connection_id = of.connection()
        before = stored(connection_id)
        right = {"back_dated": "move", "secret": "Fine-3", "quiet_seconds": 7}
        with pytest.raises(InvalidInput) as wrong:
            edit(of, connection_id, **{**right, field: value})
        assert [error.field for error in wrong.value.errors] == [field]
        assert stored(connection_id) == before
        assert updates(connection_id) == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", "x" * 200),
            ("budget_share", Decimal("0.05")),
            ("budget_share", Decimal("0.9")),
            ("quiet_seconds", 86_400),
        ],
    )
    def test_the_ends_of_what_is_allowed(self, of: Tenancy, field: str, value: Any) -> None:
        connection_id = of.connection()
        assert edit(of, connection_id, **{field: value}) == [field]
        assert stored(connection_id)[field] == value

    def test_another_connections_name_is_said_at_the_name(self, of: Tenancy) -> None:
        of.connection(name="Taken")
        connection_id = of.connection(name="Mine")
        with pytest.raises(InvalidInput) as wrong:
            edit(of, connection_id, name="Taken", quiet_seconds=5)
        assert [error.field for error in wrong.value.errors] == ["name"]
        assert stored(connection_id)["quiet_seconds"] == 0
        elsewhere = tenancy()
        theirs = elsewhere.connection(name="Other")
        assert edit(elsewhere, theirs, name="Taken") == ["name"]

    def test_two_at_once_lose_nothing_of_each_other(self, of: Tenancy) -> None:
        connection_id = of.connection()

        def change(changes: dict[str, Any]) -> list[str]:
            try:
                return edit(of, connection_id, **changes)
            finally:
                database.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(change, [{"quiet_seconds": 9}, {"back_dated": "move"}]))
        now = stored(connection_id)
        assert (now["quiet_seconds"], now["back_dated"]) == (9, "move")
        assert len(updates(connection_id)) == 2


def test_of_one_name_there_is_one_connection_also_when_made_at_once(of: Tenancy) -> None:
    def make(_: int) -> str:
        try:
            of.connection(name="Autotask")
        except Conflicting as refused:
            return str(refused)
        finally:
            connections.close_all()
        return "made"

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(make, range(6)))
    assert said == [*["A connection named “Autotask” already exists."] * 5, "made"]
    assert Connection.objects.filter(tenant_id=of.tenant_id).count() == 1


class TestWho:
    @pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.AUDITOR])
    def test_only_who_may_connect(self, of: Tenancy, role: Role) -> None:
        connection_id = of.connection()
        other = tenancy(role=role)
        other.context = type(of.context)(of.tenant_id, None, role, of.context.actor)
        with pytest.raises(NotAllowed):
            edit(other, connection_id, quiet_seconds=5)
        assert stored(connection_id)["quiet_seconds"] == 0

    @pytest.mark.parametrize("who", [tenancy, lambda: None])
    def test_anothers_is_not_found(self, of: Tenancy, who: Callable[[], Tenancy | None]) -> None:
        mine = tenancy(reseller=True)
        connection_id = mine.connection()
        with pytest.raises(NotFound):
            edit(who() or sibling(mine), connection_id, quiet_seconds=5, secret="Guess-1")
        assert stored(connection_id)["quiet_seconds"] == 0
        assert updates(connection_id) == []

    def test_a_deleted_one_is_not_there(self, of: Tenancy) -> None:
        gone, stays = of.connection(**OLD), of.connection()
        act = {"now": of.clock.now(), "correlation_id": "c"}
        delete_connection(gone, context=of.context, **act)
        assert set(budget_shares(of.context)) == {stays}
        with pytest.raises(NotFound):
            edit(of, gone, **NEW)
        assert stored(gone)["user_name"] == "", "nobody signs in with it again"


class TestCredentials:
    @pytest.mark.parametrize("given", [["user_name"], ["secret"], ["code"], [*NEW]])
    def test_each_is_replaced_by_itself_and_nowhere_in_clear(
        self, of: Tenancy, given: list[str]
    ) -> None:
        connection_id = of.connection(**OLD)
        version = credentials_version(connection_id)
        assert edit(of, connection_id, **{name: NEW[name] for name in given}) == given
        assert signs_in_with(connection_id) == {**OLD, **{name: NEW[name] for name in given}}
        assert credentials_version(connection_id) != version
        [record] = updates(connection_id)
        assert record.details == {"replaced": given}
        said = f"{record.summary} {record.details}"
        assert not [value for value in (*OLD.values(), *NEW.values()) if value in said]
        row = stored(connection_id)
        assert NEW["secret"].encode() not in bytes(row["secret_sealed"])
        assert NEW["code"].encode() not in bytes(row["code_sealed"])

    def test_what_prints_changes_prints_no_credential(self) -> None:
        changes = Changes(
            user_name=NEW["user_name"], secret=Secret(NEW["secret"]), code=Secret(NEW["code"])
        )
        printed = f"{changes!r} {changes.credentials()}"
        assert not [value for value in NEW.values() if value in printed]

    def test_the_same_secret_again_is_not_told_from_another(self, of: Tenancy) -> None:
        connection_id = of.connection(**OLD)
        for secret in (OLD["secret"], "Another-9"):
            assert edit(of, connection_id, secret=secret) == ["secret"]
        assert len(updates(connection_id)) == 2

    def test_settings_alone_leave_the_credentials_as_they_are(self, of: Tenancy) -> None:
        connection_id = of.connection(**OLD)
        version = credentials_version(connection_id)
        edit(of, connection_id, quiet_seconds=5)
        assert credentials_version(connection_id) == version

    def test_after_the_servers_key_was_lost_both_are_entered_again(self, of: Tenancy) -> None:
        connection_id = of.connection(**OLD)
        before = stored(connection_id)
        with pytest.raises(InvalidInput) as wrong:
            edit(of, connection_id, OTHER_RING, secret=NEW["secret"])
        assert [error.field for error in wrong.value.errors] == ["code"]
        assert stored(connection_id) == before
        edit(of, connection_id, OTHER_RING, secret=NEW["secret"], code=NEW["code"])
        assert signs_in_with(connection_id, OTHER_RING)["code"] == NEW["code"]
        assert stored(connection_id)["key_id"] == "other"


class TestARunningEngine:
    def test_it_goes_green_with_the_right_secret_without_a_restart(self, world: World) -> None:
        line, other, engine = world.line(units=10), world.line(units=10), world.engine
        neighbour = world.another_worker()
        edit(world.tenancy, world.connection_id, secret="not-the-secret")
        line.quantity(12)
        world.work()
        assert world.connection().paused_at is not None
        assert "credentials" in world.connection().paused_because
        assert (line.states()[-1], line.changes()) == ("pending", [])
        neighbour.billing(world.connection_id)  # another process has made its own of the wrong one

        edit(world.tenancy, world.connection_id, secret=world.simulator.secret)
        assert world.connection().paused_at is not None
        world.resume()
        world.work()
        assert world.engine is engine
        assert line.badge == "synced", line.cause
        assert line.changes() == [2]

        other.quantity(13)
        world.engine = neighbour
        world.work()
        assert world.connection().paused_at is None
        assert other.changes() == [3]

    def test_a_turn_asks_once_and_keeps_the_connector_that_is_right(self, world: World) -> None:
        line = world.line(units=10)
        before = world.engine.billing(world.connection_id)
        line.quantity(12)
        with CaptureQueriesContext(database) as seen:
            line.drive()
        assert line.badge == "synced", line.cause
        asked = [
            one["sql"]
            for one in seen.captured_queries
            if '"secret_sealed"' in one["sql"] and '"paused_at"' not in one["sql"]
        ]
        assert len(asked) == 1
        assert world.engine.billing(world.connection_id) is before

    def test_policies_count_from_the_next_turn_on(self, world: World) -> None:
        line = world.line(units=10)
        edit(world.tenancy, world.connection_id, quiet_seconds=600)
        line.quantity(12)
        world.work()
        assert line.changes() == []
        edit(world.tenancy, world.connection_id, quiet_seconds=0)
        world.work()
        assert line.changes() == [2]


class TestWhatAmountsAndDaysMean:
    """Currencies and the time zone: corrected while nothing is mapped, fixed from then on."""

    CHANGED: ClassVar = {
        "price_currency": "CHF",
        "cost_currency": "USD",
        "time_zone": "Europe/Zurich",
    }

    def test_they_are_corrected_while_nothing_is_mapped(self, of: Tenancy) -> None:
        connection_id = of.connection()
        assert set(edit(of, connection_id, **self.CHANGED)) == set(self.CHANGED)
        row = Connection.objects.get(pk=connection_id)
        assert (row.price_currency, row.cost_currency) == ("CHF", "USD")
        assert row.time_zone == "Europe/Zurich"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("price_currency", "EURO"),
            ("cost_currency", ""),
            ("time_zone", "Mars/Olympus"),
            ("time_zone", "Europe"),
            ("time_zone", "x" * 300),
        ],
    )
    def test_a_wrong_one_is_named(self, of: Tenancy, field: str, value: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            edit(of, of.connection(), **{field: value})
        assert [error.field for error in refused.value.errors] == [field]

    def test_from_the_first_mapping_on_they_stay(self, of: Tenancy) -> None:
        connection_id = of.connection()
        of.map(of.subscription(), connection_id, contract_id=number(), line_id=number())
        with pytest.raises(InvalidInput, match="cannot be changed any more") as refused:
            edit(of, connection_id, name="Other", **self.CHANGED)
        assert [error.field for error in refused.value.errors] == list(self.CHANGED)
        assert Connection.objects.get(pk=connection_id).name != "Other"
        assert edit(of, connection_id, price_currency="EUR", name="Other") == ["name"]
