"""Keys are rotated under real workers, and the rotation itself is killed."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from checks import check_promises
from factories import Tenancy, tenancy
from harness import eventually
from processes import Command, as_owner, run
from tallystick.audit.models import AuditLog
from tallystick.connections.create import open_credentials
from tallystick.connections.models import Connection
from tallystick.connections.reseal import CONNECTIONS_A_TIME
from tallystick.kit.key_ring import KeyFile

SECRET, CODE = "canary-secret-7f3a", "canary-code-91be"


@pytest.fixture
def file(settings: Any, tmp_path: Path) -> KeyFile:
    """This server's keys are in a file; nothing that other tests stored is under them."""
    settings.SEALING_KEYS = KeyFile(tmp_path / "secret.key")
    ring: KeyFile = settings.SEALING_KEYS
    return ring


@pytest.fixture
def keyed(file: KeyFile, yard: Any) -> Any:
    """Workers have their keys from the file."""
    yard.environment = {"TALLYSTICK_SECRET_KEY": "", "TALLYSTICK_HOME": str(file.path.parent)}
    return yard


@pytest.fixture
def many(file: KeyFile, db: None) -> Tenancy:
    of = tenancy()
    for _ in range(3 * CONNECTIONS_A_TIME):
        of.connection(secret=SECRET, code=CODE)
    return of


def keys(file: KeyFile, *arguments: str) -> str:
    url = os.environ["TALLYSTICK_TEST_DATABASE_URL"]
    done = run("keys", *arguments, home=file.path.parent, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def rotating(file: KeyFile) -> Command:
    url = os.environ["TALLYSTICK_TEST_DATABASE_URL"]
    return Command("keys", "rotate", home=file.path.parent, DATABASE_URL=url)


def key_ids(of: Tenancy) -> list[str]:
    found = Connection.objects.filter(tenant_id=of.tenant_id).order_by("pk")
    return list(found.values_list("key_id", flat=True))


def all_open(of: Tenancy, file: KeyFile) -> bool:
    """With what is in the file now, as a process that is started now reads it."""
    fresh = KeyFile(file.path)
    return all(
        (found.secret.reveal(), found.code.reveal()) == (SECRET, CODE)
        for pk in Connection.objects.filter(tenant_id=of.tenant_id).values_list("pk", flat=True)
        for found in [open_credentials(pk, keys=fresh)]
    )


@contextmanager
def locked(connection_id: int) -> Iterator[psycopg.Connection]:
    """Somebody works on this connection: whoever wants to seal it anew waits."""
    with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as session:
        session.execute(
            "SELECT 1 FROM connections_connection WHERE id = %s FOR UPDATE", [connection_id]
        )
        yield session


def blocked(by: psycopg.Connection) -> bool:
    found = by.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND %s = ANY (pg_blocking_pids(pid))",
        [by.info.backend_pid],
    )
    return bool(found.fetchone()[0])  # type: ignore[index]  # count(*) has a row


@pytest.mark.parametrize("before", [0, 1, 2], ids=["nothing done", "a third done", "two thirds"])
def test_killed_in_the_middle_and_run_again(many: Tenancy, file: KeyFile, before: int) -> None:
    old = file.first()
    ids = Connection.objects.filter(tenant_id=many.tenant_id).order_by("pk")
    at = ids.values_list("pk", flat=True)[before * CONNECTIONS_A_TIME]
    with locked(at) as session:
        command = rotating(file)
        eventually(lambda: blocked(session), seconds=60)
        command.process.kill()
        assert command.process.wait(20) == -9
        made = file.first()
        assert made != old
        assert key_ids(many).count(made.key_id) == before * CONNECTIONS_A_TIME
        assert all_open(many, file)

    said = keys(file, "rotate")
    left = (3 - before) * CONNECTIONS_A_TIME
    assert f"Finished with the key {made.key_id}, which was there: {left} connections" in said
    assert list(file.all()) == [made, old]
    assert set(key_ids(many)) == {made.key_id}
    assert all_open(many, file)
    records = AuditLog.objects.filter(
        tenant_id=many.tenant_id, event="connection.rotate_keys", status="succeeded"
    )
    named = [name for one in records for name in one.details["connections"]]
    assert len(named) == len(set(named)) == 3 * CONNECTIONS_A_TIME, "each was told of once"


def test_killed_again_and_again(many: Tenancy, file: KeyFile) -> None:
    """At random moments: whatever was reached, everything opens."""
    chance = random.Random(20263)
    for _ in range(6):
        command = rotating(file)
        time.sleep(chance.uniform(0.5, 2.5))
        command.process.kill()
        command.process.wait(20)
        assert all_open(many, file)
    keys(file, "rotate")
    first, *older = file.all()
    assert set(key_ids(many)) == {first.key_id}
    for key in older:
        keys(file, "remove", key.key_id)
    assert all_open(many, file)


def test_a_worker_goes_on_while_keys_are_rotated_twice_and_removed(
    keyed: Any, file: KeyFile
) -> None:
    keyed.simulator.set_knobs(latency_ms=20)
    today = keyed.world.tenancy.today()
    lines = [keyed.line(units=10) for _ in range(4)]
    worker, oldest = keyed.worker(), file.first()
    over, failed = threading.Event(), []

    def operate() -> None:
        try:
            for _ in range(2):
                keys(file, "rotate")
                for key in file.all()[1:]:
                    keys(file, "remove", key.key_id)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            over.set()

    operator = threading.Thread(target=operate)
    operator.start()
    days = 0
    while not over.is_set() or days < 10:
        for line in lines:
            line.quantity(11 + days, today + timedelta(days=days))
        days += 1
        over.wait(0.5)
    operator.join()
    assert failed == []
    assert len(file.all()) == 1
    assert file.first() != oldest

    eventually(lambda: all(line.badge in {"synced", "out_of_sync"} for line in lines), seconds=120)
    print(f"\n{days * len(lines)} operations while keys were rotated twice")
    for line in lines:
        assert (line.badge, line.cause) == ("synced", ""), worker.said
        assert line.changes() == [1] * days
        assert [one.resend_of_id for one in line.attempts()] == [None] * days
        assert {one.tries for one in line.deliveries()} == {0}
        check_promises(line)
    happened = AuditLog.objects.filter(connection_id=keyed.world.connection_id)
    assert not happened.exclude(status="succeeded").exists()
    assert not happened.filter(event="connection.pause").exists()
    assert worker.process.poll() is None
    assert keyed.world.connection().key_id == file.first().key_id
