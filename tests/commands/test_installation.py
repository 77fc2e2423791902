"""An installation's life: up, first person, backup, restore, kill -9, somebody else's database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest

from processes import Command, as_owner, environment_for, run
from tallystick.bootstrap.binaries import CannotStart, find
from tallystick.bootstrap.embedded import Embedded, running_url

PASSWORD = "a long enough secret"


def port() -> int:
    """One that the kernel has free: other test runs on this machine look for some, too."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_up_serves_from_nothing_and_starts_again_on_what_is_there(tmp_path: Path) -> None:
    where = port()
    command = Command("up", "--port", str(where), home=tmp_path)
    try:
        command.wait_for(f"Tallystick is at http://127.0.0.1:{where}/")
        command.wait_for("Worker ready")
        assert "tallystick create-admin" in command.wait_for("Nobody can sign in.*").group()
        assert httpx.get(f"http://127.0.0.1:{where}/healthz").status_code == 200
        assert _until_ready(where) == 200

        # In another window, while it runs.
        made = run(
            "create-admin",
            "ada@example.com",
            "--organisation=Northwind",
            "--password-stdin",
            home=tmp_path,
            input=PASSWORD + "\n",
        )
        assert made.returncode == 0, made.stderr
        assert "Made the organisation Northwind" in made.stderr
        again = run("create-admin", "ada@example.com", home=tmp_path, TALLYSTICK_PASSWORD=PASSWORD)
        assert again.returncode == 1
        assert "already exists" in again.stderr
        token = run("create-token", "a program", "--role=viewer", home=tmp_path)
        assert token.stdout.startswith("ts_")
        seen = httpx.get(
            f"http://127.0.0.1:{where}/api/v1/subscriptions",
            headers={"Authorization": f"Bearer {token.stdout.strip()}"},
        )
        assert (seen.status_code, seen.json()["items"]) == (200, [])
    finally:
        assert command.stop(signal.SIGTERM) == 0, command.said
    assert "Stopped" in command.said
    assert running_url(tmp_path) is None

    again_up = Command("up", "--port", str(where), home=tmp_path)
    try:
        again_up.wait_for("Tallystick is at")
        assert "Nobody can sign in" not in again_up.said
        assert "Making a new database" not in again_up.said
    finally:
        assert again_up.stop() == 0


def test_kill_minus_nine_leaves_nothing_running_and_the_next_start_recovers(tmp_path: Path) -> None:
    where = port()
    command = Command("up", "--port", str(where), home=tmp_path)
    command.wait_for("Tallystick is at")
    command.stop(signal.SIGKILL)
    deadline = time.monotonic() + 40
    while _processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _processes_of(tmp_path) == [], "children end with their parent"
    again = Command("up", "--port", str(where), home=tmp_path)
    try:
        again.wait_for("Tallystick is at")
    finally:
        assert again.stop() == 0


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    command = Command("up", "--port", str(port()), home=tmp_path)
    try:
        command.wait_for("Worker ready")
        worker = next(pid for pid, words in _processes_of(tmp_path) if "tallystick worker" in words)
        os.kill(worker, signal.SIGKILL)
        command.wait_for("the worker ended by itself .signal 9.")
        command.wait_for("Worker ready(.|\n)*Worker ready")
    finally:
        assert command.stop() == 0


def test_a_database_that_ends_by_itself_is_said_and_everything_stops(tmp_path: Path) -> None:
    command = Command("up", "--port", str(port()), home=tmp_path)
    command.wait_for("Worker ready")
    server = next(pid for pid, words in _processes_of(tmp_path) if "/postgres -D" in words)
    os.kill(server, signal.SIGKILL)
    command.wait_for("The database server ended by itself")
    assert command.process.wait(60) == 1


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("up", "--port", str(taken.getsockname()[1]), home=tmp_path)
    assert done.returncode == 1
    assert "Nothing was started" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_with_a_database_of_ones_own_nothing_embedded_starts(
    tmp_path: Path, own_database: str
) -> None:
    where = port()
    assert run("migrate", home=tmp_path, DATABASE_URL=own_database).returncode == 0
    command = Command("up", "--port", str(where), home=tmp_path, DATABASE_URL=own_database)
    try:
        command.wait_for("Tallystick is at")
        assert _until_ready(where) == 200
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == ["audit.key", "secret.key"]
    finally:
        assert command.stop() == 0


@pytest.mark.parametrize("command", ["up", "web", "worker"])
def test_a_database_that_may_forget_is_refused(tmp_path: Path, command: str) -> None:
    """The server of the tests is quick and keeps nothing for sure."""
    done = run(command, home=tmp_path, DATABASE_URL=os.environ["DATABASE_URL"])
    assert done.returncode == 1
    assert "fsync = off and full_page_writes = off and synchronous_commit = off" in done.stderr
    assert "Nothing was started. Set fsync and" in done.stderr


def test_a_full_disk_for_logs_stops_no_work(tmp_path: Path) -> None:
    """Every line of the log is refused for want of room; pages are served, a worker works."""
    where = port()
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "tallystick", "up", "--port", str(where)],
            env=environment_for(tmp_path, {"TALLYSTICK_LOG_LEVEL": "DEBUG"}),
            stdout=full,
            stderr=full,
        )
        try:
            assert _until_ready(where, seconds=60) == 200
            time.sleep(3)
            assert _until_ready(where) == 200
            assert process.poll() is None
        finally:
            process.terminate()
            process.wait(60)


def test_a_backup_brings_everything_back_with_the_connections_held(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "night.backup"
    made = run("create-admin", "ada@example.com", home=home, TALLYSTICK_PASSWORD=PASSWORD)
    assert made.returncode == 0, made.stderr
    with Embedded.start(home) as server:
        _a_connection(server.url)
    done = run("backup", str(file), home=home)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("backup", str(file), home=home).returncode == 1, "never over another file"

    with Embedded.start(home) as server, as_owner(server.url) as session:
        session.execute("UPDATE identity_tenant SET name = 'afterwards'")
    refused = run("restore", str(file), home=home)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    broken = tmp_path / "broken.backup"
    broken.write_bytes(file.read_bytes()[:2000])
    unread = run("restore", str(broken), "--replace", home=home)
    assert unread.returncode == 1
    assert "pg_restore failed" in unread.stderr
    with Embedded.start(home) as server:
        assert _name(server.url) == "afterwards", "a backup that cannot be read changes nothing"

    restored = run("restore", str(file), "--replace", home=home)
    assert restored.returncode == 0, restored.stderr
    assert "1 connection(s) are paused" in restored.stderr
    with Embedded.start(home) as server:
        assert _name(server.url) == "My organisation"
        before = urlunsplit(urlsplit(server.url)._replace(path="/tallystick_before_restore"))
        assert _name(before) == "afterwards"
        with as_owner(server.url) as session:
            paused = session.execute(
                "SELECT paused_at IS NOT NULL, resume_at, last_swept_at FROM connections_connection"
            ).fetchone()
            assert paused == (True, None, None)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("SET ROLE tallystick_app")
                session.execute("UPDATE audit_log SET summary = 'x'")


def test_copied_programs_find_their_libraries(tmp_path: Path) -> None:
    """As root in a folder that is closed to others, the database runs from a copy."""
    (tmp_path / "18" / "bin").mkdir(parents=True)  # a copy of before, without its libraries
    copy = find().copied_to(tmp_path, say=lambda _: None)
    for name in ("postgres", "initdb", "pg_dump", "pg_restore"):
        done = subprocess.run(
            [str(copy.program(name)), "--version"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_two_of_one_home_do_not_both_run_the_database(tmp_path: Path) -> None:
    with Embedded.start(tmp_path) as server:
        with pytest.raises(CannotStart, match="in use by another tallystick"):
            Embedded.start(tmp_path)
        assert running_url(tmp_path) == server.url
    assert running_url(tmp_path) is None


def test_the_embedded_database_keeps_what_was_committed_and_listens_on_no_port(
    tmp_path: Path,
) -> None:
    with Embedded.start(tmp_path) as server, psycopg.connect(server.url) as session:
        shown = {
            name: session.execute(f"SHOW {name}").fetchone()[0]
            for name in ("fsync", "synchronous_commit", "listen_addresses")
        }
        assert shown == {"fsync": "on", "synchronous_commit": "on", "listen_addresses": ""}
        assert server.sockets.stat().st_mode & 0o077 == 0


def test_passwords_are_never_arguments(tmp_path: Path) -> None:
    done = run("create-admin", "ada@example.com", "--password", PASSWORD, home=tmp_path)
    assert done.returncode == 2
    weak = run("create-admin", "ada@example.com", home=tmp_path, TALLYSTICK_PASSWORD="short")
    assert weak.returncode == 2
    assert "password:" in weak.stderr


def test_every_command_has_help(tmp_path: Path) -> None:
    for command in ("up", "web", "worker", "migrate", "create-admin", "create-token", "backup",
                    "restore", "import", "keys", "simulator", "demo", "story"):  # fmt: skip
        done = run(command, "--help", home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert command in done.stdout


@pytest.fixture
def own_database(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A PostgreSQL somebody else runs."""
    with Embedded.start(tmp_path_factory.mktemp("theirs")) as server:
        yield server.url


def _until_ready(where: int, *, seconds: float = 30) -> int:
    deadline = time.monotonic() + seconds
    while True:
        try:
            status = httpx.get(f"http://127.0.0.1:{where}/readyz").status_code
        except httpx.TransportError:
            status = 0
        if status == 200 or time.monotonic() > deadline:
            return status
        time.sleep(0.2)


def _processes_of(home: Path) -> list[tuple[int, str]]:
    """Processes that have this home in their environment or on their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if words and (str(home) in words or f"TALLYSTICK_HOME={home}\0" in environment):
            found.append((int(folder.name), words))
    return found


def _name(url: str) -> str:
    with as_owner(url) as session:
        return session.execute("SELECT name FROM identity_tenant").fetchone()[0]


def _a_connection(url: str) -> None:
    with as_owner(url) as session:
        session.execute(
            "INSERT INTO connections_connection (tenant_id, name, connector, price_currency, "
            "cost_currency, time_zone, user_name, secret_sealed, code_sealed, key_id, web_url, "
            "zone_url, increase_day, decrease_day, posted_quantity, price_day, suspend_nce, "
            "suspend_other, mode, quiet_seconds, budget_share, same_day, same_day_policy, "
            "back_dated, cancel_rule, paused_because, hourly_threshold, last_swept_at, created_at) "
            "SELECT id, 'Autotask', "
            "'autotask', 'EUR', 'EUR', 'UTC', 'api', '', '', 'k', '', '', "
            "'own_day', 'own_day', 'own_day', 'period_start', 'keep_units', 'units_zero', "
            "'automatic', 0, 0.5, 'unknown', 'hold', "
            "'hold', 'units_zero', '', 10000, now(), now() FROM identity_tenant"
        )


def test_ctrl_c_while_the_demo_loads_stops_it_at_once(tmp_path: Path) -> None:
    ports = ["--port", str(port()), "--simulator-port", str(port() + 50)]
    command = Command("demo", *ports, home=tmp_path)
    command.wait_for("Loading", seconds=120)
    asked = time.monotonic()
    assert command.stop(signal.SIGINT) == 130
    assert "Stopped" in command.said
    assert "sign in as" not in command.said
    assert time.monotonic() - asked < 30
