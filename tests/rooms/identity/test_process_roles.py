"""What a web server and a worker may do in the database: reviewed, and tried.

``process_rights.txt`` has a row for each table: read, add, change, delete; ``some`` of its columns.
A new table without a row fails the build.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connection
from psycopg import errors

from as_process import acting_as
from factories import number, tenancy, user
from tallystick.bootstrap.binaries import CannotStart
from tallystick.bootstrap.rights import WEB, WORKER, roles
from tallystick.bootstrap.safe_role import refuse_unsafe_role

pytestmark = pytest.mark.usefixtures("db")
TABLE = Path(__file__).parent / "process_rights.txt"
VERBS = {"SELECT": "read", "INSERT": "add", "UPDATE": "change", "DELETE": "delete"}

REFUSED = {
    WEB: [
        "INSERT INTO ledger_attempt (lane_id, number) VALUES (1, 1)",
        "INSERT INTO ledger_evidence (attempt_id, kind) VALUES (1, 'answer')",
        "INSERT INTO ledger_drift (lane_id) VALUES (1)",
        "UPDATE ledger_attempt SET request_text = ''",
        "DELETE FROM ledger_attempt",
        "UPDATE audit_log SET summary = ''",
        "DELETE FROM audit_log",
        "INSERT INTO audit_chain (tenant_id) VALUES (1)",
        "UPDATE directory_line SET name = ''",
        "UPDATE ledger_transition SET after = 'synced'",
    ],
    WORKER: [
        "INSERT INTO identity_user (email) VALUES ('x')",
        "UPDATE identity_user SET role = 'administrator'",
        "SELECT password FROM identity_user",
        "SELECT * FROM identity_user",
        "SELECT digest FROM identity_api_token",
        "INSERT INTO identity_api_token (name) VALUES ('x')",
        "SELECT secret_sealed FROM identity_second_factor",
        "SELECT digest FROM identity_sign_in_link",
        "SELECT session_data FROM django_session",
        "UPDATE catalog_margin_rule SET percent = 0",
        "INSERT INTO catalog_margin_rule (scope) VALUES ('everybody')",
        "UPDATE mappings_customer SET company_id = 1",
        "INSERT INTO connections_connection (name) VALUES ('x')",
        "DELETE FROM audit_log",
        "UPDATE ledger_evidence SET data = '{}'",
    ],
}


@pytest.mark.parametrize(
    ("process", "statement"),
    [(process, statement) for process, all_of in REFUSED.items() for statement in all_of],
)
def test_what_a_process_has_no_business_with_is_refused(process: str, statement: str) -> None:
    with acting_as(process), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError) as refused:
            cursor.execute(statement)
        assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege)
        assert "permission denied for table" in str(refused.value)


def test_every_table_is_in_the_reviewed_list_as_it_is() -> None:
    listed = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            table, web, worker = (cell.strip() for cell in line.split("|"))
            listed[table] = (web, worker)
    there = {table: (may(table, WEB), may(table, WORKER)) for table in tables()}
    assert there == listed, "say in process_rights.txt who may what, and in bootstrap/rights.py"


def test_nobody_can_sign_in_as_one_of_them_or_is_above_the_walls() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, EXISTS ("
            "SELECT 1 FROM pg_class c WHERE c.relowner = r.oid) FROM pg_roles r "
            "WHERE rolname = ANY(%s)",
            [list(roles(settings.APP_ROLE))],
        )
        found = cursor.fetchall()
    assert len(found) == 3
    assert [row for row in found if any(row[1:])] == []


def test_a_worker_still_sees_who_is_told() -> None:
    person = user(tenancy())
    with acting_as(WORKER), connection.cursor() as cursor:
        cursor.execute("SELECT email, is_active FROM identity_user WHERE id = %s", [person.pk])
        assert cursor.fetchone() == (person.email, True)


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename NOT LIKE 'procrastinate%' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def may(table: str, process: str) -> str:
    role = f"{settings.APP_ROLE}_{process}"
    held = []
    with connection.cursor() as cursor:
        for verb, word in VERBS.items():
            cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, verb])
            if cursor.fetchone() == (True,):
                held.append(word)
            elif verb == "SELECT":
                cursor.execute("SELECT has_any_column_privilege(%s, %s, %s)", [role, table, verb])
                held += ["some"] if cursor.fetchone() == (True,) else []
    return " ".join(held) or "nothing"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> str:
    """What a process is started with: the database of this test."""
    of_tests = os.environ["TALLYSTICK_TEST_DATABASE_URL"]
    monkeypatch.setenv("DATABASE_URL", of_tests)
    return of_tests


@contextmanager
def above_all() -> Iterator[psycopg.Connection]:
    """As the superuser of the tests' own server; on another one there is none for us."""
    parts = urlsplit(os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    if parts.hostname:
        pytest.skip("a server that is not the tests' own")
    as_superuser = urlunsplit(parts._replace(netloc="postgres@"))
    with psycopg.connect(as_superuser, autocommit=True) as session:
        yield session


class TestAtTheStart:
    """A role for which the walls do not hold serves nobody."""

    @pytest.mark.parametrize("process", [WEB, WORKER])
    def test_the_roles_that_migrate_makes_may(self, process: str, url: str) -> None:
        refuse_unsafe_role(process)

    @pytest.mark.parametrize(("option", "words"), [
        ("SUPERUSER", "is a superuser"),
        ("BYPASSRLS", "may bypass row-level security"),
    ])  # fmt: skip
    def test_one_above_the_walls_may_not(
        self, option: str, words: str, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        base = f"unsafe{number()}"
        monkeypatch.setenv("TALLYSTICK_APP_ROLE", base)
        with above_all() as session:
            session.execute(f"CREATE ROLE {base}_web NOLOGIN {option}")  # literals of this test
        with pytest.raises(CannotStart, match=words):
            refuse_unsafe_role(WEB)

    def test_the_owner_of_the_tables_may_not(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        base = f"owning{number()}"
        monkeypatch.setenv("TALLYSTICK_APP_ROLE", base)
        refuse_unsafe_role(WEB)  # it is not there yet: migrating comes first
        with above_all() as session:
            session.execute(f"CREATE ROLE {base}_web NOLOGIN")
            session.execute(f"CREATE TABLE {base} ()")
            session.execute(f"ALTER TABLE {base} OWNER TO {base}_web")
        try:
            with pytest.raises(CannotStart, match="owns tables"):
                refuse_unsafe_role(WEB)
        finally:
            with above_all() as session:
                session.execute(f"DROP TABLE {base}")
