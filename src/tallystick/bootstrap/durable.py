"""Whether the database keeps what it says it has kept: asked before anything is recorded or sent.

PostgreSQL answers a commit that a loss of power would undo when one of these is off. What was sent
to Autotask would be forgotten then, and sent again.
"""

from __future__ import annotations

import os

import psycopg

from tallystick.bootstrap.binaries import CannotStart

ALLOWED = "TALLYSTICK_ALLOW_UNSAFE_DATABASE"
# Setting, and the value with which a commit is no promise (PostgreSQL, "Write Ahead Log" settings).
UNSAFE = (("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"))


def refuse_unsafe_database() -> None:
    """Asks ``DATABASE_URL``. Raises CannotStart; a database that does not answer is met later."""
    if os.environ.get(ALLOWED) == "1":
        return
    try:
        with psycopg.connect(os.environ["DATABASE_URL"]) as session:
            found = [name for name, unsafe in UNSAFE if _value(session, name) == unsafe]
    except psycopg.OperationalError:
        return
    if found:
        settings = " and ".join(f"{name} = off" for name in found)
        raise CannotStart(
            f"The database runs with {settings}: after a loss of power it would have forgotten "
            "what it said it kept, and changes could be sent to Autotask twice. Nothing was "
            f"started. Set {' and '.join(found)} to on and start again. ({ALLOWED}=1 starts all "
            "the same, for tests only.)"
        )


def _value(session: psycopg.Connection, name: str) -> str:
    row = session.execute("SELECT current_setting(%s)", [name]).fetchone()
    return str(row[0]) if row else ""
