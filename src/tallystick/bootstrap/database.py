"""Which database this command works with: ``DATABASE_URL``, the one that runs, or our own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tallystick.bootstrap.embedded import Embedded, Say, running_url, silent
from tallystick.bootstrap.rights import KEPT_AT, digest, roles
from tallystick.kit.home import home

# Whose tables there are, besides our own rooms'.
OTHERS = ("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions")
QUEUE = "procrastinate.contrib.django"


class NotMigrated(Exception):
    """The sentence says what to do."""


class DatabaseGone(Exception):
    """The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where it is; ``server`` when it is ours to run."""

    url: str
    server: Embedded | None = None

    def must_run(self) -> None:
        """Raises DatabaseGone when our own server has ended by itself."""
        if self.server is not None and self.server.process.poll() is not None:
            raise DatabaseGone(
                "The database server ended by itself; everything is stopped. Nothing that was "
                f"recorded is lost. See {home() / 'postgresql.log'}, then start again."
            )


@contextmanager
def database(*, say: Say = silent) -> Iterator[Database]:
    """Answers where it is and sets ``DATABASE_URL`` for this process and its children.

    With ``DATABASE_URL`` set nothing is started. Otherwise the embedded server of this home is
    used when another tallystick runs it, else started, and stopped at the end.
    Raises CannotStart.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield Database(given)
        return
    if running := running_url(home()):
        os.environ["DATABASE_URL"] = running
        try:
            yield Database(running)
        finally:
            os.environ.pop("DATABASE_URL", None)
        return
    say(f"Starting the database in {home()}")
    with Embedded.start(home(), say=say) as server:
        os.environ["DATABASE_URL"] = server.url
        try:
            yield Database(server.url, server)
        finally:
            os.environ.pop("DATABASE_URL", None)


def migrate_in_child(*, anew: bool = False) -> None:
    """Bring it to this version as its owner, in a process of its own (the role is decided when
    settings are read); nothing when it is there already, unless ``anew``. Raises NotMigrated."""
    if not anew and _is_current(os.environ["DATABASE_URL"]):
        return
    done = subprocess.run(
        [sys.executable, "-m", "tallystick", "migrate", "--quiet"],
        env={**os.environ, "TALLYSTICK_DATABASE_AS": "owner"},
        check=False,
    )
    if done.returncode:
        raise NotMigrated("The database could not be brought to this version; see above.")


def _is_current(url: str) -> bool:
    """Whether every migration that is on disk has been applied, the walls and rights are this
    version's, and the application's roles are there: a second's work without it, on every start."""
    role = os.environ.get("TALLYSTICK_APP_ROLE", "tallystick_app")
    wanted = set(roles(role)) if role else set()
    try:
        with psycopg.connect(url) as session:
            applied = set(session.execute("SELECT app, name FROM django_migrations").fetchall())
            (made,) = session.execute(
                "SELECT obj_description(to_regproc(%s), 'pg_proc')", [KEPT_AT]
            ).fetchone() or (None,)
            known = session.execute(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(wanted)]
            ).fetchall()
    except psycopg.Error:
        return False  # new, or not reachable: migrating says which
    return on_disk() <= applied and made == digest() and len(known) == len(wanted)


def on_disk() -> set[tuple[str, str]]:
    """The migrations of this program: room and name."""
    ours = Path(__file__).parent.parent
    found = [(room.parent.name, room) for room in ours.glob("*/migrations")]
    for package in (*OTHERS, QUEUE):
        spec = find_spec(package)
        places = spec.submodule_search_locations if spec else None
        label = package.split(".")[0] if package == QUEUE else package.split(".")[-1]
        found += [(label, Path(place) / "migrations") for place in places or []]
    return {(label, file.stem) for label, folder in found for file in folder.glob("[0-9]*.py")}
