"""Which database this command works with: ``DATABASE_URL``, the one that runs, or our own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tallystick.bootstrap.embedded import Embedded, Say, running_url, silent
from tallystick.kit.home import home


class NotMigrated(Exception):
    """The sentence says what to do."""


@contextmanager
def database(*, say: Say = silent) -> Iterator[str]:
    """Answers its address and sets ``DATABASE_URL`` for this process and its children.

    With ``DATABASE_URL`` set nothing is started. Otherwise the embedded server of this home is
    used when another tallystick runs it, else started, and stopped at the end.
    Raises CannotStart.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    if running := running_url(home()):
        os.environ["DATABASE_URL"] = running
        try:
            yield running
        finally:
            os.environ.pop("DATABASE_URL", None)
        return
    say(f"Starting the database in {home()}")
    with Embedded.start(home(), say=say) as server:
        os.environ["DATABASE_URL"] = server.url
        try:
            yield server.url
        finally:
            os.environ.pop("DATABASE_URL", None)


def migrate_in_child() -> None:
    """Bring it to this version as its owner, in a process of its own (the role is decided when
    settings are read). Raises NotMigrated."""
    done = subprocess.run(
        [sys.executable, "-m", "tallystick", "migrate", "--quiet"],
        env={**os.environ, "TALLYSTICK_DATABASE_AS": "owner"},
        check=False,
    )
    if done.returncode:
        raise NotMigrated("The database could not be brought to this version; see above.")
