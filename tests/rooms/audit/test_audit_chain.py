"""Whoever owns the database and turns its triggers off changes nothing that is not found."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from factories import Tenancy, tenancy
from processes import as_owner
from tallystick.audit.chain import LINKS, Verified, follow, verify, verify_all
from tallystick.audit.events import Event
from tallystick.audit.heads import WrongHeads, ends, read_heads, write_heads
from tallystick.audit.models import AuditLink, AuditLog
from tallystick.audit.record import SYSTEM, Subject, record
from tallystick.kit.signing_key import signing_key_of

ANEW = (
    "SELECT c.number, audit_canonical(r, c.number) FROM audit_chain c"
    " JOIN audit_log r ON r.id = c.audit_id WHERE c.tenant_id = %s ORDER BY c.number"
)
NOW = datetime(2026, 5, 10, 9, 0, 0, 123456, tzinfo=UTC)


@dataclass
class Log:
    """Twelve records of a tenant, and the owner of the database with the triggers off."""

    of: Tenancy
    owner: psycopg.Connection[Any]
    file: Path

    def add(self, number: int = 1) -> None:
        for n in range(number):
            record(
                Event.UPDATE_SUBSCRIPTION,
                actor=SYSTEM,
                now=NOW,
                subject=Subject(tenant_id=self.of.tenant_id, customer_name='Ünïcode "<&>\\ \t'),
                correlation_id=f'c{n} "\\/\x01\x1f\x7f\b\f\n\r\t\u2028é\U0001f600',
                summary=f"record {n}\n",
                details={
                    "b": 1.50,
                    'odd "\\/\x01\x1f\x7f\b\f\n\r\t': "\U0001f600",
                    "a": ["x", None, {"ü": "\u2028"}],
                    "amount": "15.20",
                },
            )

    def ids(self) -> list[int]:
        rows = AuditLink.objects.filter(tenant_id=self.of.tenant_id).order_by("number")
        return list(rows.values_list("audit_id", flat=True))

    def do(self, statement: str, *given: object) -> list[Any]:
        """As the owner, with the triggers off; answers what was asked to be returned."""
        with self.owner.transaction():
            for table in ("audit_log", "audit_chain"):
                self.owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            done = self.owner.execute(statement, given)  # type: ignore[arg-type]
            rows = done.fetchall() if done.description else []
            for table in ("audit_log", "audit_chain"):
                self.owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return rows

    def sign(self) -> None:
        write_heads(self.file, key=signing_key_of(self.file.with_suffix(".key")), now=NOW)

    def verify(self, *, heads: bool = False) -> Verified:
        key = signing_key_of(self.file.with_suffix(".key")).public
        found = read_heads(self.file, keys=[key]) if heads else ()
        return verify(self.of.tenant_id, found)

    def write_anew(self, start: int = 1) -> None:
        """As somebody who knows how it is made: every hash from a record on."""
        rows = self.owner.execute(
            ANEW,
            [self.of.tenant_id],
        ).fetchall()
        last = b""
        for number, text in rows:
            last = sha256(last + text.encode()).digest()
            if number >= start:
                self.do(
                    "UPDATE audit_chain SET hash = %s WHERE tenant_id = %s AND number = %s",
                    last,
                    self.of.tenant_id,
                    number,
                )


@pytest.fixture
def log(db: None, tmp_path: Path) -> Iterator[Log]:
    with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as owner:
        owner.autocommit = True
        made = Log(tenancy(), owner, tmp_path / "heads.jsonl")
        made.add(12)
        made.sign()
        assert made.verify(heads=True) == Verified(made.of.tenant_id, 12, 1, None)
        yield made


Mutation = Callable[[Log], tuple[int | None, int | None]]


def edit(column: str, value: str) -> Mutation:
    def edited(log: Log) -> tuple[int, int]:
        at = log.ids()[6]
        log.do(f"UPDATE audit_log SET {column} = {value} WHERE id = %s", at)  # noqa: S608 - literals
        return 7, at

    return edited


def delete(log: Log) -> tuple[int, int]:
    at = log.ids()[3]
    log.do("DELETE FROM audit_log WHERE id = %s", at)
    return 4, at


def delete_both(log: Log) -> tuple[int, None]:
    at = log.ids()[3]
    log.do("DELETE FROM audit_log WHERE id = %s", at)
    log.do("DELETE FROM audit_chain WHERE audit_id = %s", at)
    return 4, None


LINK = "INSERT INTO audit_chain (audit_id, tenant_id, number, hash) VALUES (%s, %s, %s, %s)"
RENUMBER = "UPDATE audit_chain SET number = %s WHERE audit_id = %s"


def delete_and_close_the_gap(log: Log) -> tuple[int, int]:
    ids = log.ids()
    delete_both(log)
    for number in range(5, 13):
        log.do(
            "UPDATE audit_chain SET number = %s WHERE audit_id = %s", number - 1, ids[number - 1]
        )
    return 4, ids[4]


def delete_the_first(log: Log) -> tuple[int, None]:
    at = log.ids()[0]
    log.do("DELETE FROM audit_log WHERE id = %s", at)
    log.do("DELETE FROM audit_chain WHERE audit_id = %s", at)
    return 1, None


def reorder(log: Log) -> tuple[int, int]:
    ids = log.ids()
    log.do("UPDATE audit_chain SET number = 99 WHERE audit_id = %s", ids[4])
    log.do("UPDATE audit_chain SET number = 5 WHERE audit_id = %s", ids[5])
    log.do("UPDATE audit_chain SET number = 6 WHERE audit_id = %s", ids[4])
    return 5, ids[5]


def swap_contents(log: Log) -> tuple[int, int]:
    ids = log.ids()
    log.do("UPDATE audit_log SET id = -1 WHERE id = %s", ids[4])
    log.do("UPDATE audit_log SET id = %s WHERE id = %s", ids[4], ids[5])
    log.do("UPDATE audit_log SET id = %s WHERE id = -1", ids[5])
    return 5, ids[4]


COPY = (
    "INSERT INTO audit_log SELECT nextval('audit_log_id_seq') AS id, at, event, status, tenant_id,"
    " reseller_id, actor, actor_ref, customer_id, customer_name, subscription_id,"
    " subscription_name, connection_id, connection_name, operation_id, delivery_id, summary,"
    " details, correlation_id FROM audit_log WHERE id = %s RETURNING id"
)


def insert(log: Log) -> tuple[None, int]:
    ((added,),) = log.do(COPY, log.ids()[5])
    return None, added


def insert_at_the_end_with_a_link(log: Log) -> tuple[int, int]:
    _, added = insert(log)
    log.do(
        "INSERT INTO audit_chain (audit_id, tenant_id, number, hash) VALUES (%s, %s, 13, %s)",
        added,
        log.of.tenant_id,
        b"x" * 32,
    )
    return 13, added


def change_a_hash(log: Log) -> tuple[int, int]:
    at = log.ids()[8]
    log.do("UPDATE audit_chain SET hash = %s WHERE audit_id = %s", b"y" * 32, at)
    return 9, at


def to_another_tenant(log: Log) -> tuple[int, int]:
    at = log.ids()[2]
    log.do("UPDATE audit_log SET tenant_id = %s WHERE id = %s", tenancy().tenant_id, at)
    return 3, at


FOUND_BY_ITSELF: dict[str, Mutation] = {
    **{
        f"edit {column}": edit(column, value)
        for column, value in {
            "summary": "'no'",
            "actor": "'Somebody'",
            "actor_ref": "'user/7'",
            "status": "'failed'",
            "event": "'user.sign_in'",
            "at": "at + interval '1 microsecond'",
            "details": 'details || \'{"amount": "15.21"}\'',
            "customer_name": "customer_name || ' '",
            "reseller_id": "0",
            "customer_id": "7",
            "subscription_id": "7",
            "connection_id": "7",
            "operation_id": "7",
            "delivery_id": "7",
            "subscription_name": "'x'",
            "connection_name": "'x'",
            "correlation_id": "'x'",
        }.items()
    },
    "delete": delete,
    "delete with its link": delete_both,
    "delete and close the gap": delete_and_close_the_gap,
    "delete the first": delete_the_first,
    "reorder": reorder,
    "swap two records": swap_contents,
    "insert": insert,
    "insert at the end with a link": insert_at_the_end_with_a_link,
    "change a hash": change_a_hash,
    "give it to another tenant": to_another_tenant,
}


@pytest.mark.parametrize("mutate", FOUND_BY_ITSELF.values(), ids=FOUND_BY_ITSELF.keys())
def test_it_is_found_and_named(log: Log, mutate: Mutation) -> None:
    number, audit_id = mutate(log)
    found = log.verify()
    assert found.bad is not None
    assert (found.bad.number, found.bad.audit_id) == (number, audit_id), found.bad.words


@pytest.mark.parametrize("twice", [(12,), (3,), (3, 3), (9, 3, 9)], ids=str)
def test_a_record_linked_twice_hides_none_beside_the_chain(
    log: Log, twice: tuple[int, ...]
) -> None:
    """As many links as records, each link's hash right: counting alone would not find it."""
    ids = log.ids()
    log.owner.execute("ALTER TABLE audit_chain DROP CONSTRAINT audit_linked_once")
    try:
        added = [insert(log)[1] for _ in twice]
        for number, place in enumerate(twice, start=13):
            values = (ids[place - 1], log.of.tenant_id, number, b"")
            log.do(LINK, *values)
        log.write_anew(13)
        found = log.verify()
        assert found.records == 12 + len(twice)
        assert found.bad is not None
        assert (found.bad.number, found.bad.audit_id) == (None, added[0]), found.bad.words
    finally:
        cut = "DELETE FROM audit_chain WHERE tenant_id = %s AND number > 12"
        log.do(cut, log.of.tenant_id)
        log.owner.execute(
            "ALTER TABLE audit_chain ADD CONSTRAINT audit_linked_once UNIQUE (audit_id)"
        )


def test_a_link_of_another_tenants_record_hides_none_beside_the_chain(log: Log) -> None:
    other = tenancy()
    Log(other, log.owner, log.file).add(1)
    (theirs,) = AuditLink.objects.filter(tenant_id=other.tenant_id).values_list(
        "audit_id", flat=True
    )
    log.do("DELETE FROM audit_chain WHERE tenant_id = %s", other.tenant_id)
    insert(log)
    log.do(LINK, theirs, log.of.tenant_id, 13, b"")
    log.write_anew(13)
    found = log.verify()
    assert found.bad is not None
    assert (found.bad.number, found.bad.audit_id) == (13, theirs), found.bad.words


def test_records_committed_in_another_order_than_their_ids_are_counted(log: Log) -> None:
    with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as other:
        other.execute(COPY, [log.ids()[0]])
        log.add()
        other.commit()
    ids = log.ids()
    assert ids != sorted(ids)
    assert log.verify() == Verified(log.of.tenant_id, 14, 0, None)
    _, added = insert(log)
    found = log.verify()
    assert found.bad is not None
    assert found.bad.audit_id == added


def cut_the_tail(log: Log) -> int:
    for at in log.ids()[9:]:
        log.do("DELETE FROM audit_log WHERE id = %s", at)
        log.do("DELETE FROM audit_chain WHERE audit_id = %s", at)
    return 10


def remove_all(log: Log) -> int:
    log.do("DELETE FROM audit_log WHERE tenant_id = %s", log.of.tenant_id)
    log.do("DELETE FROM audit_chain WHERE tenant_id = %s", log.of.tenant_id)
    return 1


def rewrite_from_the_middle(log: Log) -> int:
    edit("summary", "'no'")(log)
    log.write_anew(7)
    return 12


def rewrite_all(log: Log) -> int:
    edit("summary", "'no'")(log)
    log.write_anew()
    return 12


def cut_the_tail_and_go_on(log: Log) -> int:
    """The numbers are filled again, by the triggers themselves."""
    cut_the_tail(log)
    log.add(5)
    return 12


def swap_two_tenants(log: Log) -> int:
    other = tenancy().tenant_id
    mine = log.of.tenant_id
    for table in ("audit_log", "audit_chain"):
        move = f"UPDATE {table} SET tenant_id = %s WHERE tenant_id = %s"  # noqa: S608 - literals
        log.do(move, -1, mine)
        log.do(move, mine, other)
        log.do(move, other, -1)
    log.write_anew()
    return 1


NEEDS_HEADS = [
    cut_the_tail,
    remove_all,
    rewrite_from_the_middle,
    rewrite_all,
    cut_the_tail_and_go_on,
    swap_two_tenants,
]


@pytest.mark.parametrize("mutate", NEEDS_HEADS)
def test_what_nobody_sees_from_inside_is_found_by_a_signed_head(
    log: Log, mutate: Callable[[Log], int]
) -> None:
    number = mutate(log)
    assert log.verify().bad is None, "it is whole by itself: that is why there are heads"
    found = log.verify(heads=True)
    assert found.bad is not None
    assert found.bad.number == number, found.bad.words


def test_an_older_backup_is_found_by_the_newer_head(log: Log) -> None:
    """Everything as it was at nine records, whole in itself."""
    cut_the_tail(log)
    found = log.verify(heads=True)
    assert found.bad is not None
    assert "an older backup was restored" in found.bad.words


def test_a_head_cannot_be_changed_or_signed_by_another(log: Log, tmp_path: Path) -> None:
    key = signing_key_of(log.file.with_suffix(".key")).public
    line = log.file.read_bytes()
    log.file.write_bytes(line.replace(b'"number": 12', b'"number": 11'))
    with pytest.raises(WrongHeads, match=r"line \d+: its signature is not valid"):
        read_heads(log.file, keys=[key])
    log.file.write_bytes(line)
    with pytest.raises(WrongHeads, match="signed with the key"):
        read_heads(log.file, keys=[signing_key_of(tmp_path / "other.key").public])
    log.file.write_bytes(line + b"nonsense\n")
    with pytest.raises(WrongHeads, match="is not a head"):
        read_heads(log.file, keys=[key])


def test_a_line_that_was_not_written_to_its_end_is_left_out(log: Log) -> None:
    key = signing_key_of(log.file.with_suffix(".key")).public
    whole = log.file.read_bytes()
    log.file.write_bytes(whole + whole[:40])
    before = len(whole.splitlines())
    assert len(read_heads(log.file, keys=[key])) == before


def test_only_what_moved_is_written_again(log: Log) -> None:
    before = log.file.read_bytes()
    log.sign()
    assert log.file.read_bytes() == before
    log.add()
    log.sign()
    last = log.file.read_text().splitlines()[-1]
    assert f'"tenant_id": {log.of.tenant_id}, "number": 13' in last
    assert log.verify(heads=True).heads == 2
    assert any(head.tenant_id == log.of.tenant_id for head in ends(now=NOW))


def test_the_application_may_not_write_a_link(log: Log) -> None:
    link = {"tenant_id": log.of.tenant_id, "number": 99, "hash": b"x"}
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        AuditLink.objects.create(audit_id=-5, **link)
    for change in ("UPDATE audit_chain SET number = 1", "DELETE FROM audit_chain"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)


def test_a_transaction_that_is_taken_back_leaves_no_gap(log: Log) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        log.add(3)
        raise RuntimeError("taken back")
    log.add()
    assert log.verify().records == 13
    assert log.verify().bad is None


def test_many_at_once_make_one_chain(log: Log) -> None:
    def some(_: int) -> None:
        try:
            for _ in range(10):
                with transaction.atomic():
                    log.add(2)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(some, range(8)))
    assert log.verify() == Verified(log.of.tenant_id, 12 + 160, 0, None)
    assert AuditLog.objects.filter(tenant_id=log.of.tenant_id).count() == 172


def test_a_tenant_is_not_held_while_another_transaction_works(log: Log) -> None:
    """Only its commit holds the chain: whoever works long holds up nobody."""
    with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as other:
        other.execute(COPY, [log.ids()[0]])  # in a transaction that goes on
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        try:
            log.add()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        other.commit()
    found = log.verify()
    assert (found.records, found.bad) == (14, None)


def test_all_tenants_are_verified(log: Log) -> None:
    other = tenancy()
    Log(other, log.owner, log.file).add(3)
    found = {one.tenant_id: one for one in verify_all()}
    assert found[other.tenant_id].records == 3
    assert found[log.of.tenant_id].records == 12


def test_the_records_that_were_there_are_linked_by_the_migration(log: Log) -> None:
    migration = import_module("tallystick.audit.migrations.0005_chain")
    with log.owner.transaction(force_rollback=True):
        log.owner.execute("ALTER TABLE audit_chain DISABLE TRIGGER USER")
        log.owner.execute("DELETE FROM audit_chain")
        log.owner.execute(migration.EARLIER)
        rows = log.owner.execute(LINKS.format(tenant_id=log.of.tenant_id)).fetchall()
    assert [row[0] for row in rows] == list(range(1, 13))
    assert follow(iter(rows), {}) == (12, None)


def test_a_program_of_ones_own_makes_the_same_hashes(log: Log) -> None:
    """As docs/audit-chain.md describes it, without a line of ours."""
    last = b""
    for link in AuditLink.objects.filter(tenant_id=log.of.tenant_id).order_by("number"):
        row = log.owner.execute(
            "SELECT at, event, status, reseller_id, actor, actor_ref, customer_id, customer_name,"
            " subscription_id, subscription_name, connection_id, connection_name, operation_id,"
            " delivery_id, summary, details::text, correlation_id FROM audit_log WHERE id = %s",
            [link.audit_id],
        ).fetchone()
        assert row is not None
        at = row[0].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        values = [1, link.tenant_id, link.number, link.audit_id, at, *row[1:]]
        text = json.dumps(values, ensure_ascii=False, separators=(", ", ": "))
        last = sha256(last + text.encode()).digest()
        assert bytes(link.hash) == last
