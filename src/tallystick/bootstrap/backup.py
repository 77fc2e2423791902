"""Back up and restore the database with PostgreSQL's own tools.

A restored database may be behind Autotask: what was sent after the backup is not in it. So every
connection comes back paused, Autotask is read and compared, and nothing is sent until a person
has looked and resumes each connection. Every turn looks before it writes as well.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import errors, sql

from tallystick.bootstrap.binaries import CannotStart, find
from tallystick.kit.clock import monotonic

PRIVATE = 0o600
HOUSEKEEPING_SECONDS = 20.0
WHY_PAUSED = (
    "The database was restored from a backup, so Autotask may be ahead of it. Nothing is sent "
    "until you have looked at the differences and resume the connection."
)


class BackupFailed(Exception):
    """The sentence says what happened and what is left."""


def back_up(url: str, target: Path) -> int:
    """Write one file, readable only by us; answers its size in bytes.

    The file appears when it is complete. Raises BackupFailed; then there is no new file.
    """
    if target.exists():
        raise BackupFailed(f"{target} exists already. Nothing was written; name a new file.")
    if not target.parent.is_dir():
        raise BackupFailed(f"The folder {target.parent} does not exist. Nothing was written.")
    partial = target.with_name(target.name + ".partial")
    try:
        handle = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, PRIVATE)
        with os.fdopen(handle, "wb") as out:
            # Row-level security on: an owner who is no superuser could not dump with it off.
            options = ["--format=custom", "--no-owner", "--enable-row-security", "--dbname", url]
            _run("pg_dump", options, stdout=out)
            out.flush()
            os.fsync(out.fileno())
        partial.rename(target)
    except OSError as error:
        raise BackupFailed(f"The backup could not be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def restore(url: str, source: Path, *, replace: bool) -> None:
    """Put the backup in place of an empty database; ``replace``: of what is there.

    It is restored aside and swapped in by renaming: a backup that cannot be read changes nothing.
    The database that was replaced is kept under another name. Raises BackupFailed.
    """
    if not source.is_file():
        raise BackupFailed(f"{source} is not a file. Nothing was changed.")
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    aside, before = f"{name}_restoring", f"{name}_before_restore"
    admin_url = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        if _has_tables(url) and not replace:
            raise BackupFailed(
                "The database is not empty. Nothing was changed. Use --replace to restore anyway; "
                f"what is there now is kept as the database {before}."
            )
        do_patiently(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", aside)
        do_patiently(admin, "CREATE DATABASE {}", aside)
        try:
            aside_url = urlunsplit(parts._replace(path=f"/{aside}"))
            # Rights are given by who migrates afterwards; another server has not these roles yet.
            options = ["--exit-on-error", "--no-owner", "--no-privileges", "--dbname", aside_url]
            _run("pg_restore", [*options, str(source)])
        except BackupFailed:
            do_patiently(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", aside)
            raise
        do_patiently(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", before)
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> pg_backend_pid() AND usename = current_user",
            [name],
        )
        do_patiently(admin, "ALTER DATABASE {} RENAME TO {}", name, before)
        do_patiently(admin, "ALTER DATABASE {} RENAME TO {}", aside, name)


def _has_tables(url: str) -> bool:
    with psycopg.connect(url) as session:
        found = session.execute("SELECT to_regclass('public.ledger_operation')").fetchone()
        return found is not None and found[0] is not None


def do_patiently(admin: psycopg.Connection, statement: str, *names: str) -> None:
    """On whole databases. PostgreSQL's own housekeeping may be in one at this moment: nobody but
    it can end that, and it is over soon."""
    composed = sql.SQL(statement).format(*map(sql.Identifier, names))
    deadline = monotonic() + HOUSEKEEPING_SECONDS
    while True:
        try:
            admin.execute(composed)
        except (errors.InsufficientPrivilege, errors.ObjectInUse):
            if monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _run(program: str, arguments: list[str], **more: object) -> None:
    try:
        command = [str(find().program(program)), *arguments]
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
            command,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "LC_ALL": "C", "PGOPTIONS": _options()},
            **more,  # type: ignore[call-overload]  # passed on as given
        )
    except (CannotStart, OSError) as error:
        raise BackupFailed(f"{program} could not be run: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-1500:]
        raise BackupFailed(f"{program} failed. It said: {said}")


def _options() -> str:
    """The operator's own, and a reach: an owner who is no superuser is walled too."""
    return f"{os.environ.get('PGOPTIONS', '')} -c tallystick.reach=everything".strip()


def look_first() -> int:
    """After a restore: pause every connection and have it swept; answers how many."""
    from tallystick.audit.record import SYSTEM
    from tallystick.bootstrap.desk import desk
    from tallystick.connections.pause import hold_all
    from tallystick.kit.ids import correlation_id

    return hold_all(
        because=WHY_PAUSED, actor=SYSTEM, now=desk().now(), correlation_id=correlation_id()
    )
