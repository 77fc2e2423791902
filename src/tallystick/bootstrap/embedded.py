"""A PostgreSQL of our own, for an installation that has none.

The server is our child: started by the first ``tallystick`` of a home, stopped with it, reached
over a unix socket in a private folder, never over TCP. It keeps what every PostgreSQL keeps
(``fsync`` and ``synchronous_commit`` stay on). After kill -9 of everything, the next start stops
what was left over and recovers. With ``DATABASE_URL`` set none of this is used.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from tallystick.bootstrap.binaries import Account, Binaries, CannotStart, account, find, reachable
from tallystick.kit.clock import monotonic

ROLE = DATABASE = "tallystick"
STARTS_WITHIN = 120.0
STOPS_WITHIN = 20.0
SETTINGS = {"listen_addresses": "", "max_connections": "200", "log_min_messages": "warning"}
MAX_SOCKET_FOLDER = 80  # a socket's path may have 107 bytes, its own name takes 16

Say = Callable[[str], None]


def silent(_text: str) -> None:
    """Say nothing."""


@dataclass
class Embedded:
    """A running server. ``url`` is what ``DATABASE_URL`` would hold."""

    url: str
    sockets: Path
    note: Path
    process: subprocess.Popen[bytes]
    lock: IO[str]

    @classmethod
    def start(
        cls, home: Path, *, settings: Mapping[str, str] | None = None, say: Say = silent
    ) -> Self:
        """Start the server of this home; make its database the first time.

        Raises CannotStart when another process runs it already, or it does not come up.
        """
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "postgresql.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise CannotStart(f"The database in {home} is in use by another tallystick.") from None
        who, binaries = account(), find()
        data = _data_folder(home, who)
        note = home / "postgresql.json"
        if not reachable(binaries.folder, who):
            binaries = binaries.copied_to(data.parent / "postgresql-program", say=say)
        _stop_leftover(data, note, say=say)
        if not (data / "PG_VERSION").exists():
            say("Making a new database (only the first time)")
            _make(data, binaries, who, log=home / "postgresql.log")
        binaries.check_version(data)
        sockets = _socket_folder(who)
        running = cls._launch(
            data, binaries, who, sockets, note, lock, {**SETTINGS, **(settings or {})}, home
        )
        running._ensure_database()
        note.write_text(json.dumps({"url": running.url, "sockets": str(sockets)}))
        return running

    @classmethod
    def _launch(
        cls,
        data: Path,
        binaries: Binaries,
        who: Account,
        sockets: Path,
        note: Path,
        lock: IO[str],
        settings: Mapping[str, str],
        home: Path,
    ) -> Self:
        log_path = home / "postgresql.log"
        command = [str(binaries.program("postgres")), "-D", str(data), "-k", str(sockets)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with log_path.open("ab") as log:
            began = log_path.stat().st_size
            process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **who.as_child()
            )
        url = f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(sockets), safe='/')}"
        running = cls(url=url, sockets=sockets, note=note, process=process, lock=lock)
        deadline = monotonic() + STARTS_WITHIN
        while monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                running._admin("postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.03)
                continue
            return running
        running.stop()
        with log_path.open("rb") as log:
            log.seek(began)
            said = log.read()[-2000:].decode(errors="replace").strip()
        raise CannotStart(f"PostgreSQL did not start. It said: {said or 'nothing'} ({log_path})")

    def _admin(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), user="postgres", dbname=database, autocommit=True
        )

    def _ensure_database(self) -> None:
        with self._admin("postgres") as admin:
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                admin.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER CREATEROLE CREATEDB").format(
                        sql.Identifier(ROLE)
                    )
                )
            known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not known.fetchone():
                admin.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(ROLE)
                    )
                )

    def stop(self) -> None:
        """Stop the server (what runs is rolled back), and let the next one start."""
        self.note.unlink(missing_ok=True)
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(how)
            try:
                self.process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def running_url(home: Path) -> str | None:
    """The address of the server another process of this home runs, or None."""
    try:
        with (home / "postgresql.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None  # nobody holds it
    except FileNotFoundError:
        return None
    except BlockingIOError:
        pass
    try:
        return str(json.loads((home / "postgresql.json").read_text())["url"])
    except (OSError, ValueError, KeyError):
        return None


def _data_folder(home: Path, who: Account) -> Path:
    """In the home; for root, whose own folders nobody else may enter, under /var/lib."""
    data = home / "postgresql"
    if not reachable(home, who):
        name = str(home).strip("/").replace("/", "-")
        data = Path("/var/lib/tallystick") / name / "postgresql"
        data.parent.mkdir(parents=True, exist_ok=True)
        for folder in (data.parent, data.parent.parent):
            folder.chmod(0o755)
    return data


def _make(data: Path, binaries: Binaries, who: Account, *, log: Path) -> None:
    # Made aside and moved in one step: a first start that was killed leaves nothing half-made.
    fresh = data.with_name(data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    who.give(fresh)
    command = [str(binaries.program("initdb")), "-D", str(fresh), "-U", "postgres", "-E", "UTF8"]
    command += ["--auth=trust", *binaries.locale_arguments()]
    made = subprocess.run(  # noqa: S603 - our own program, no shell
        command, capture_output=True, text=True, check=False, **who.as_child()
    )
    log.write_text(made.stdout + made.stderr)
    if made.returncode:
        raise CannotStart(f"The database could not be made: {made.stderr.strip()[-1500:]}")
    fresh.rename(data)


def _socket_folder(who: Account) -> Path:
    """A private folder with a short name."""
    place = tempfile.gettempdir()
    if len(place) > MAX_SOCKET_FOLDER or not reachable(Path(place), who):
        place = "/tmp"  # noqa: S108 - the folder made in it is private (0700) and unpredictable
    folder = Path(tempfile.mkdtemp(prefix="tallystick-", dir=place))
    who.give(folder)
    return folder


def _stop_leftover(data: Path, note: Path, *, say: Say) -> None:
    """A server that outlived its parent (we hold the home's lock, so nobody uses it)."""
    with suppress(OSError, ValueError, KeyError):  # it is there only when the last one was killed
        shutil.rmtree(json.loads(note.read_text())["sockets"], ignore_errors=True)
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return
    if str(data).encode() not in command:
        return  # the number belongs to another program by now
    say("Stopping a database server that was left over")
    for how, wait in ((signal.SIGINT, STOPS_WITHIN), (signal.SIGQUIT, 5.0)):
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return
        deadline = monotonic() + wait
        while Path(f"/proc/{pid}").exists() and monotonic() < deadline:
            time.sleep(0.03)
