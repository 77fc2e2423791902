"""Whether this program and the database are of one version: what a worker asks, and goes on asking.

The version is the set of migrations. A worker of an earlier version must not go on beside a later
one: it may not know what its tables mean now. One of a later version must not begin before they
are there.
"""

from __future__ import annotations

import os
from collections.abc import Collection

import psycopg

from tallystick.bootstrap.binaries import CannotStart
from tallystick.bootstrap.database import on_disk

APPLIED = "SELECT app, name FROM django_migrations"

Migration = tuple[str, str]


def refuse_other_version() -> None:
    """Asks ``DATABASE_URL``. Raises CannotStart; a database that does not answer is met later."""
    try:
        with psycopg.connect(os.environ["DATABASE_URL"]) as session:
            applied = set(session.execute(APPLIED).fetchall())
    except psycopg.errors.UndefinedTable:
        applied = set()
    except psycopg.OperationalError:
        return
    if later := made_after(on_disk(), applied):
        raise CannotStart(
            f"The database is of a later version of Tallystick: {_some(later)} is not known here. "
            "Nothing was started. Install that version here too."
        )
    if missing := on_disk() - applied:
        raise CannotStart(
            f"The database is of an earlier version of Tallystick: {_some(missing)} is not there "
            "yet. Nothing was started. Run tallystick migrate, once, then start again; workers of "
            "the earlier version end by themselves."
        )


def made_after(known: Collection[Migration], applied: Collection[Migration]) -> set[Migration]:
    """The migrations of the known ones' rooms that are applied and not known."""
    rooms = {room for room, _ in known}
    return {(room, name) for room, name in applied if room in rooms} - set(known)


class Watch:
    """What this process knows, from its start on: a later version may be installed beside it."""

    def __init__(self) -> None:
        self._known = on_disk()

    def later(self, session: psycopg.Connection) -> str:
        """A migration that this process does not know, in words; empty when there is none."""
        later = made_after(self._known, session.execute(APPLIED).fetchall())
        return _some(later) if later else ""


def _some(migrations: Collection[Migration]) -> str:
    room, name = min(migrations)
    more = len(migrations) - 1
    return f"{room} {name}" + (f" (and {more} more)" if more else "")
