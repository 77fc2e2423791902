"""An old and a new worker, real processes, on one database: its version says who works."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from processes import Command, as_owner, run
from tallystick.bootstrap.embedded import Embedded

LATER = ("ledger", "9999_of_a_later_version")
ANOTHER = "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())"


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL of its own, brought to this version."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    with Embedded.start(folder) as server:
        assert run("migrate", home=tmp_path, DATABASE_URL=server.url).returncode == 0
        yield server.url


def test_the_old_ends_when_the_new_has_migrated_and_does_not_come_back(
    tmp_path: Path, theirs: str
) -> None:
    """Both orders: the database goes ahead of a worker, and a worker is ahead of the database."""
    old = Command("worker", home=tmp_path, DATABASE_URL=theirs)
    try:
        old.wait_for("Worker ready")
        with as_owner(theirs) as owner:
            owner.execute(ANOTHER, LATER)
        assert old.process.wait(120) == 1
        old.wait_for("finished what it had begun, and ends")
        assert "ledger 9999_of_a_later_version" in old.said
    finally:
        old.stop(signal.SIGKILL)

    again = run("worker", home=tmp_path, DATABASE_URL=theirs)
    assert again.returncode == 1
    assert "of a later version of Tallystick: ledger 9999_of_a_later_version" in again.stderr
    assert "Nothing was started" in again.stderr

    # The same program is the new one now: what it needs is not there yet.
    last = _take_back(theirs)
    new = run("worker", home=tmp_path, DATABASE_URL=theirs)
    assert new.returncode == 1
    assert f"of an earlier version of Tallystick: ledger {last} is not there yet" in new.stderr
    assert "Run tallystick migrate" in new.stderr


def _take_back(url: str) -> str:
    """The later version's migration and our own last one have not been there; answers the last."""
    with as_owner(url) as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", LATER)
        return _only(
            owner,
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations "
            "WHERE app = 'ledger') RETURNING name",
        )


def _only(session: psycopg.Connection, statement: str) -> str:
    row = session.execute(statement).fetchone()
    assert row is not None
    return str(row[0])
