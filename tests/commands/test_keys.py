"""``tallystick keys``, as a person runs it: with a file, with a variable, while people work."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from tests.commands.test_installation import PASSWORD, port

from processes import Command, as_owner, run
from tallystick.bootstrap.embedded import Embedded, running_url
from tallystick.kit.secrets import key_from_text, new_key

EMAIL = "ada@example.com"
CONNECTION = {
    "name": "Autotask",
    "price_currency": "EUR",
    "cost_currency": "EUR",
    "user_name": "api@example.com",
    "secret": "canary-secret-7f3a",
    "code": "canary-code-91be",
}


def sign_in(origin: str) -> httpx.Client:
    browser = httpx.Client(base_url=origin)
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/sign-in").text)
    assert token is not None
    answer = browser.post(
        "/sign-in",
        data={"email": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token.group(1)},
    )
    assert answer.status_code == 302
    return browser


def stays_signed_in(browser: httpx.Client) -> bool:
    return browser.get("/subscriptions").status_code == 200


def ids(home: Path) -> list[str]:
    return [key_from_text(line).key_id for line in (home / "secret.key").read_text().split()]


def test_rotated_twice_while_somebody_works(tmp_path: Path) -> None:
    """Nobody is signed out, also not by the restart after it; no output shows a key."""
    home, where = tmp_path, port()
    origin = f"http://127.0.0.1:{where}"
    made = run("create-admin", EMAIL, home=home, TALLYSTICK_PASSWORD=PASSWORD)
    assert made.returncode == 0, made.stderr
    up = Command("up", "--port", str(where), home=home)
    said = ""
    try:
        up.wait_for("Tallystick is at")
        ada = sign_in(origin)
        assert stays_signed_in(ada)
        api = {"Authorization": f"Bearer {administrator(home)}"}
        stored = httpx.post(f"{origin}/api/v1/connections", json=CONNECTION, headers=api)
        assert stored.status_code == 201, stored.text
        [first] = ids(home)
        keys = [(home / "secret.key").read_text().strip()]
        for _ in range(2):
            said += done("keys", "rotate", home=home)
            assert "1 connection was sealed anew" in said
            assert stays_signed_in(ada)
            keys += (home / "secret.key").read_text().split()[:1]
        listed = done("keys", "list", home=home)
        newest, middle, oldest = ids(home)
        assert oldest == first
        assert re.search(rf"{newest}  seals and opens  2 sealed values", listed)
        assert re.search(rf"{oldest}  opens            0 sealed values", listed)
        assert str(home / "secret.key") in listed
        refused = run("keys", "remove", newest, home=home)
        assert (refused.returncode, "the one that seals" in refused.stderr) == (1, True)
        for key_id in (middle, oldest):
            said += done("keys", "remove", key_id, home=home)
        assert ids(home) == [newest]
        assert stays_signed_in(ada)
        again = run("keys", "remove", oldest, home=home)
        assert (again.returncode, "KEY_ID" in again.stderr) == (2, True)
        logged = httpx.get(f"{origin}/api/v1/audit-logs?limit=100", headers=api)
        assert [one["operation"] for one in logged.json()["items"]].count(
            "connection.rotate_keys"
        ) == 2
        said += listed + logged.text
    finally:
        assert up.stop() == 0
    said += up.said
    assert not [one for one in (*keys, CONNECTION["secret"], CONNECTION["code"]) if one in said]

    up = Command("up", "--port", str(where), home=home)
    try:
        up.wait_for("Tallystick is at")
        assert stays_signed_in(ada)
    finally:
        assert up.stop() == 0


def done(*arguments: str, home: Path) -> str:
    """Everything that a command that went well said."""
    ended = run(*arguments, home=home)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def administrator(home: Path) -> str:
    return run("create-token", "admin", "--role=administrator", home=home).stdout.strip()


def test_a_variable_is_changed_by_hand_and_told_how(tmp_path: Path) -> None:
    old = new_key()
    with Embedded.start(tmp_path) as server:
        where = {"home": tmp_path, "DATABASE_URL": server.url}
        assert run("migrate", **where, TALLYSTICK_SECRET_KEY=old.text()).returncode == 0
        told = run("keys", "rotate", **where, TALLYSTICK_SECRET_KEY=old.text())
        assert told.returncode == 1
        assert "Set it to a new key, a comma, and what it has now" in told.stderr
        fresh = run("keys", "rotate", "--new-key", home=tmp_path)
        new = key_from_text(fresh.stdout)
        assert fresh.stdout == new.text() + "\n"
        assert new.text() not in fresh.stderr
        both = f"{new.text()},{old.text()}"
        idle = run("keys", "rotate", **where, TALLYSTICK_SECRET_KEY=both)
        assert idle.returncode == 0, idle.stderr
        assert f"Nothing was left to seal with the key {new.key_id}" in idle.stderr
        listed = run("keys", "list", **where, TALLYSTICK_SECRET_KEY=both)
        assert "Keys in TALLYSTICK_SECRET_KEY, newest first" in listed.stdout
        last = run("keys", "remove", old.key_id, **where, TALLYSTICK_SECRET_KEY=both)
        assert last.returncode == 1
        assert "Take its key number 2 out of it" in last.stderr
        shown = "".join(one.stdout + one.stderr for one in (told, idle, listed, last))
        assert not [key for key in (new, old) if key.text() in shown]
        assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("where", ["variable", "file"])
def test_a_malformed_key_is_named_and_nothing_starts(tmp_path: Path, where: str) -> None:
    good = new_key().text()
    if where == "file":
        (tmp_path / "secret.key").write_text(f"{good}\nhunter2\n")
        ended, name = run("keys", "list", home=tmp_path), f"{tmp_path / 'secret.key'}: line 2 of 2"
    else:
        name = "TALLYSTICK_SECRET_KEY: key 2 of 2"
        ended = run("keys", "list", home=tmp_path, TALLYSTICK_SECRET_KEY=f"{good},hunter2")
    assert ended.returncode == 1
    assert f"tallystick: {name} must be 32 bytes" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr
    assert good not in ended.stderr


def test_a_restored_backup_says_which_key_it_needs(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "night.backup"
    assert run("create-admin", EMAIL, home=home, TALLYSTICK_PASSWORD=PASSWORD).returncode == 0
    up = Command("up", "--port", str(port()), home=home)
    try:
        origin = up.wait_for(r"Tallystick is at (http://\S+)/").group(1)
        api = {"Authorization": f"Bearer {administrator(home)}"}
        stored = httpx.post(f"{origin}/api/v1/connections", json=CONNECTION, headers=api)
        assert stored.status_code == 201, stored.text
        assert run("backup", str(file), home=home).returncode == 0
    finally:
        assert up.stop() == 0
    [old], kept = ids(home), (home / "secret.key").read_text()
    assert run("keys", "rotate", home=home).returncode == 0
    assert run("keys", "remove", old, home=home).returncode == 0
    restored = run("restore", str(file), "--replace", home=home)
    assert restored.returncode == 0, restored.stderr
    assert f"2 sealed values are under the key {old}, which is not here" in restored.stderr

    with (home / "secret.key").open("a") as ring:
        ring.write(kept)
    finished = run("keys", "rotate", home=home)
    assert f"Finished with the key {ids(home)[0]}, which was there" in finished.stderr
    with Embedded.start(home) as server, as_owner(server.url) as session:
        found = session.execute("SELECT key_id FROM connections_connection").fetchall()
        assert found == [(ids(home)[0],)]
    assert running_url(home) is None
