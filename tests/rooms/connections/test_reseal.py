"""Credentials under several keys: sealed anew while everything goes on, or left as they are."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection as database
from django.db import transaction

from factories import Tenancy, tenancy
from harness import eventually
from tallystick.audit.models import AuditLog
from tallystick.audit.record import Actor
from tallystick.bootstrap import keys as act
from tallystick.bootstrap.binaries import find
from tallystick.connections import create
from tallystick.connections.create import open_credentials
from tallystick.connections.edit import Changes, edit_connection
from tallystick.connections.models import Connection
from tallystick.connections.reseal import CONNECTIONS_A_TIME, reseal
from tallystick.connections.sealing import SEALED, values_by_key
from tallystick.kit.ids import correlation_id
from tallystick.kit.key_ring import KeyFile, KeyRing
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.kit.seal_lock import key_to_seal, let_nobody_seal
from tallystick.kit.secrets import CannotOpen, Secret, new_key
from tallystick.mappings.delete_connection import delete_connection

OPERATOR = Actor("command-line", "The command line")
SECRET, CODE = "canary-secret-7f3a", "canary-code-91be"


@pytest.fixture
def file(settings: Any, tmp_path: Path) -> KeyFile:
    """This server's keys are in a file; nothing that other tests stored is under them."""
    settings.SEALING_KEYS = KeyFile(tmp_path / "secret.key")
    ring: KeyFile = settings.SEALING_KEYS
    return ring


@pytest.fixture
def of(db: None, file: KeyFile) -> Tenancy:
    return tenancy()


def connect(of: Tenancy) -> int:
    return of.connection(secret=SECRET, code=CODE)


def opens(connection_id: int, keys: KeyRing) -> bool:
    try:
        found = open_credentials(connection_id, keys=keys)
    except CannotOpen:
        return False
    return (found.secret.reveal(), found.code.reveal()) == (SECRET, CODE)


def rotate() -> act.Rotated:
    return act.rotate(progress=lambda _: None)


def records(of: Tenancy) -> list[AuditLog]:
    found = AuditLog.objects.filter(tenant_id=of.tenant_id, event="connection.rotate_keys")
    return list(found.order_by("pk"))


def row(connection_id: int) -> dict[str, Any]:
    return Connection.objects.filter(pk=connection_id).values().get()


class TestRotate:
    def test_everything_is_sealed_with_a_new_key_and_nothing_else_is_changed(
        self, of: Tenancy, file: KeyFile
    ) -> None:
        ids, neighbour = [connect(of) for _ in range(3)], tenancy()
        theirs, old = connect(neighbour), file.first()
        before = {pk: row(pk) for pk in [*ids, theirs]}
        rotated = rotate()
        assert (rotated.made, rotated.connections, rotated.not_opened) == (True, 4, [])
        assert [key.key_id for key in file.all()] == [rotated.key_id, old.key_id]
        for pk, was in before.items():
            now = row(pk)
            assert {name for name in now if now[name] != was[name]} == {*SEALED.values(), "key_id"}
            assert now["key_id"] == rotated.key_id
            assert opens(pk, KeyRing([file.first()], source="the new key alone"))

    def test_each_tenant_has_one_record_without_a_secret(self, of: Tenancy, file: KeyFile) -> None:
        names = [Connection.objects.get(pk=connect(of)).name for _ in range(2)]
        neighbour, bystander = tenancy(), tenancy()
        connect(neighbour)
        old = file.first()
        rotate()
        [record], [theirs] = records(of), records(neighbour)
        assert records(bystander) == []
        assert record.actor == "The command line"
        assert record.correlation_id == theirs.correlation_id
        assert record.details == {
            "before": {"key": old.key_id},
            "after": {"key": file.first().key_id},
            "connections": names,
        }
        assert "2 connections" in record.summary
        assert "one connection" in theirs.summary
        said = f"{record.summary} {record.details}"
        never = [SECRET, CODE, *(key.text() for key in file.all())]
        assert not [one for one in never if one in said]

    def test_what_an_earlier_rotation_left_is_finished_with_the_key_it_made(
        self, of: Tenancy, file: KeyFile
    ) -> None:
        ids = [connect(of) for _ in range(2)]
        file.write([new_key(), *file.all()])  # and then it was killed
        made = file.first()
        assert all(opens(pk, file) for pk in ids)
        rotated = rotate()
        assert (rotated.made, rotated.key_id, rotated.connections) == (False, made.key_id, 2)
        assert rotate().made

    def test_a_connection_made_or_edited_after_it_is_under_the_new_key(
        self, of: Tenancy, file: KeyFile
    ) -> None:
        elsewhere = KeyFile(file.path)  # of a web process that has been running for long
        rotate()
        pk = create.create_connection(
            create.NewConnection(
                name="New",
                price_currency="EUR",
                cost_currency="EUR",
                credentials=create.Credentials("api", Secret(SECRET), Secret(CODE)),
            ),
            context=of.context,
            keys=elsewhere,
            now=of.clock.now(),
            correlation_id=correlation_id(),
        )
        assert row(pk)["key_id"] == file.first().key_id

    def test_deleted_connections_and_those_of_other_keys_are_left_alone(
        self, of: Tenancy, file: KeyFile
    ) -> None:
        deleted, foreign = connect(of), connect(of)
        delete_connection(
            deleted, context=of.context, now=of.clock.now(), correlation_id=correlation_id()
        )
        Connection.objects.filter(pk=foreign).update(key_id="feedf00d")
        before = row(deleted), row(foreign)
        assert rotate().connections == 0
        assert (row(deleted), row(foreign)) == before
        assert act.show().missing["feedf00d"] >= 2
        Connection.objects.filter(pk=foreign).delete()

    def test_what_does_not_open_is_named_and_kept_and_holds_its_key(
        self, of: Tenancy, file: KeyFile
    ) -> None:
        damaged, sound = connect(of), connect(of)
        bent = bytes(row(damaged)["code_sealed"])[:-1] + b"x"
        Connection.objects.filter(pk=damaged).update(code_sealed=bent)
        before, old = row(damaged), file.first()
        rotated = rotate()
        assert rotated.not_opened == [before["name"]]
        assert row(damaged) == before
        assert opens(sound, KeyRing([file.first()], source="the new key alone"))
        with pytest.raises(Conflicting, match="values that only the key"):
            act.remove(old.key_id)
        edit(of, damaged, file, secret=Secret(SECRET), code=Secret(CODE))
        act.remove(old.key_id)
        assert opens(damaged, file)

    def test_in_small_transactions(self, of: Tenancy, file: KeyFile) -> None:
        for _ in range(CONNECTIONS_A_TIME + 1):
            connect(of)
        file.write([new_key(), *file.all()])
        now = of.clock.now()
        some = reseal(file, actor=OPERATOR, now=now, correlation_id=correlation_id())
        assert len(next(some).done) == CONNECTIONS_A_TIME
        assert values_by_key()[file.first().key_id] == 2 * CONNECTIONS_A_TIME
        assert [len(one.done) for one in some] == [1]
        assert [len(one.details["connections"]) for one in records(of)] == [CONNECTIONS_A_TIME, 1]

    def test_two_at_once_make_one_key(self, of: Tenancy, file: KeyFile) -> None:
        """Who comes when the other has ended makes another key: here both wait before they look."""
        for _ in range(5):
            connect(of)
        with transaction.atomic():
            let_nobody_seal()
            both = begun(rotate, rotate)
            eventually(lambda: waiting() == len(both))
        ended(both)
        assert len(file.all()) == 2
        assert sum(len(one.details["connections"]) for one in records(of)) == 5

    def test_a_thousand_connections(self, of: Tenancy, file: KeyFile) -> None:
        ids = [connect(of) for _ in range(1000)]
        old, under_old = file.first(), [(row(pk), pk) for pk in ids[:5]]
        began = time.perf_counter()
        assert rotate().connections == 1000
        print(f"\n2,000 values sealed anew in {time.perf_counter() - began:.2f} s")
        assert all(opens(pk, file) for pk in ids)
        act.remove(old.key_id)
        assert all(opens(pk, KeyFile(file.path)) for pk in ids)
        for was, pk in under_old:
            with pytest.raises(CannotOpen, match=old.key_id):
                file.open(
                    bytes(was["secret_sealed"]),
                    key_id=old.key_id,
                    place=f"connection/{pk}/secret",
                )

    def test_a_dump_of_the_database_has_no_secret_in_clear(
        self, of: Tenancy, file: KeyFile, tmp_path: Path
    ) -> None:
        connect(of)
        rotate()
        never = [SECRET, CODE, *(key.text() for key in file.all())]
        never += [key.key.hex() for key in file.all()]
        never += [one.encode().hex() for one in (SECRET, CODE)]
        dump = whole_dump(tmp_path / "dump.sql")
        assert f"{of.tenant_id}\t" in dump, "else it proves nothing"
        assert file.first().key_id in dump
        assert not [one for one in never if one in dump]


class TestRemove:
    def test_it_is_refused_while_a_value_is_under_it(self, of: Tenancy, file: KeyFile) -> None:
        connect(of), connect(of)
        old = file.first()
        file.write([new_key(), old])
        with pytest.raises(Conflicting, match=f"only the key {old.key_id} opens: 4"):
            act.remove(old.key_id)
        assert old in file.all()
        rotate()
        act.remove(old.key_id)
        assert old not in file.all()

    def test_the_first_one_and_an_unknown_one_are_refused(self, of: Tenancy, file: KeyFile) -> None:
        with pytest.raises(Conflicting, match="the one that seals"):
            act.remove(file.first().key_id)
        with pytest.raises(InvalidInput, match="KEY_ID"):
            act.remove("feedf00d")

    def test_it_waits_for_whoever_is_sealing_with_it(self, of: Tenancy, file: KeyFile) -> None:
        """A connection that is being stored under the old key is counted."""
        first = file.first()
        sealing, go_on = threading.Event(), threading.Event()

        def store() -> None:
            with transaction.atomic():
                assert key_to_seal(file) == first
                sealing.set()
                go_on.wait(10)
                connect(of)

        def rotate_then_remove() -> list[str]:
            sealing.wait(10)
            rotate()
            act.remove(first.key_id)
            return [key.key_id for key in file.all()]

        storing = threading.Thread(target=closing(store))
        removing = threading.Thread(target=closing(rotate_then_remove))
        storing.start()
        removing.start()
        sealing.wait(10)
        eventually(somebody_waits)
        assert list(file.all()) == [first], "nothing was written meanwhile"
        go_on.set()
        storing.join(20)
        removing.join(20)
        assert first not in file.all()
        [pk] = Connection.objects.filter(tenant_id=of.tenant_id).values_list("pk", flat=True)
        assert opens(pk, file)


class TestTheVariable:
    @pytest.fixture
    def old(self) -> Any:
        return new_key()

    def use(self, settings: Any, *keys: Any) -> KeyRing:
        settings.SEALING_KEYS = KeyRing(keys, source="TALLYSTICK_SECRET_KEY")
        ring: KeyRing = settings.SEALING_KEYS
        return ring

    def test_it_is_set_by_hand_then_values_are_sealed_then_it_is_set_again(
        self, of: Tenancy, settings: Any, old: Any
    ) -> None:
        self.use(settings, old)
        pk, fresh = connect(of), new_key()
        with pytest.raises(Conflicting, match="Set it to a new key, a comma, and what it has now"):
            rotate()
        both = self.use(settings, fresh, old)
        assert opens(pk, both)
        with pytest.raises(Conflicting, match="opens: 2"):
            act.remove(old.key_id)
        assert (rotate().connections, rotate().connections) == (1, 0)
        with pytest.raises(Conflicting, match="Take its key number 2 out of it"):
            act.remove(old.key_id)
        assert opens(pk, self.use(settings, fresh))

    def test_nothing_to_seal_is_no_failure(self, of: Tenancy, settings: Any, old: Any) -> None:
        self.use(settings, new_key(), old)
        assert rotate() == act.Rotated(configured.SEALING_KEYS.first().key_id, False, 0, [])


class TestEditing:
    @pytest.mark.parametrize("name", ["secret", "code"])
    def test_one_new_secret_takes_the_other_one_along(
        self, of: Tenancy, file: KeyFile, name: str
    ) -> None:
        pk = connect(of)
        file.write([new_key(), *file.all()])
        edit(of, pk, file, **{name: Secret("another-one")})
        assert row(pk)["key_id"] == file.first().key_id
        found = open_credentials(pk, keys=KeyRing([file.first()], source="the new key alone"))
        shown = {"secret": found.secret.reveal(), "code": found.code.reveal()}
        assert shown == {"secret": SECRET, "code": CODE, name: "another-one"}

    def test_what_does_not_open_must_be_entered_as_well(self, of: Tenancy, file: KeyFile) -> None:
        pk = connect(of)
        before = row(pk)
        stranger = KeyRing([new_key()], source="a test")
        with pytest.raises(InvalidInput) as wrong:
            edit(of, pk, stranger, secret=Secret("another-one"))
        assert [error.field for error in wrong.value.errors] == ["code"]
        assert row(pk) == before

    def test_settings_alone_seal_nothing_anew(self, of: Tenancy, file: KeyFile) -> None:
        pk = connect(of)
        before = row(pk)
        edit(of, pk, KeyRing([new_key()], source="a test"), quiet_seconds=9)
        assert row(pk) == {**before, "quiet_seconds": 9}


class Late(KeyRing):
    """A ring on which, just before it is asked, a rotation and a removal happen."""

    def __init__(self, file: KeyFile, meanwhile: Callable[[], object]) -> None:
        super().__init__(file.all(), source="a test")
        self._file, self._left = file, [meanwhile]

    def open(self, sealed: bytes, *, key_id: str, place: str) -> Secret:
        if self._left:
            self._left.pop()()
        return self._file.open(sealed, key_id=key_id, place=place)


def test_what_was_read_just_before_its_key_was_removed_is_read_again(
    of: Tenancy, file: KeyFile
) -> None:
    pk, old = connect(of), file.first()

    def meanwhile() -> None:
        rotate()
        act.remove(old.key_id)

    assert opens(pk, Late(file, meanwhile))


def edit(of: Tenancy, connection_id: int, keys: KeyRing, **changes: Any) -> None:
    edit_connection(
        connection_id,
        Changes(**changes),
        context=of.context,
        keys=keys,
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )


def closing(do: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            do()
        finally:
            database.close()

    return run


def together(*acts: Callable[[], object]) -> None:
    ended(begun(*acts))


def begun(*acts: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=closing(one)) for one in acts]
    for thread in threads:
        thread.start()
    return threads


def ended(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(30)


def somebody_waits() -> bool:
    return waiting() > 0


def waiting() -> int:
    """How many do, for a lock of this database that is no table's."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        (many,) = cursor.fetchone()
    return int(many)


def whole_dump(path: Path) -> str:
    url = os.environ["TALLYSTICK_TEST_DATABASE_URL"]
    command = [str(find().program("pg_dump")), "--enable-row-security", "--dbname", url]
    everything = {**os.environ, "PGOPTIONS": "-c tallystick.reach=everything"}
    subprocess.run([*command, "--file", str(path)], check=True, capture_output=True, env=everything)
    return path.read_text(errors="replace")
