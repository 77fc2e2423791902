"""Read a tenant's chain again, and say which record is the first that does not belong to it.

A record's hash is sha256 of the hash before it and of the record in its canonical form, which holds
its tenant and its number (docs/audit-chain.md). The form is made here anew from the stored columns;
nothing that the database kept beside them is believed. Reading is all that is needed.

What nobody can see from inside is a chain that was made anew from some record on, or that ends
earlier than it did: for that there are signed heads, kept elsewhere (``heads``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.db import connection as database
from django.db import transaction
from psycopg import sql

from tallystick.audit.heads import Head

# The same columns in the same order as the migration's ``audit_canonical``. The last two come as
# they are, and are quoted here: the database has more to do with a record than this process.
START = """
    json_build_array(
        1, r.tenant_id, c.number, r.id,
        to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        r.event, r.status, r.reseller_id, r.actor, r.actor_ref, r.customer_id, r.customer_name,
        r.subscription_id, r.subscription_name, r.connection_id, r.connection_name,
        r.operation_id, r.delivery_id, r.summary)::text
"""
# One after another in the order of the chain, whatever the planner would rather do (``OFFSET 0``):
# else all the texts are made, and sorted on the disk, before the first is hashed.
LINKS = f"""
    SELECT c.number, c.audit_id, c.hash, r.id IS NOT NULL,
           convert_to({START}, 'UTF8'), r.details::text, r.correlation_id
    FROM (SELECT tenant_id, number, audit_id, hash FROM audit_chain
          WHERE tenant_id = {{tenant_id}} ORDER BY number OFFSET 0) c
    LEFT JOIN LATERAL (SELECT * FROM audit_log WHERE id = c.audit_id OFFSET 0) r
        ON r.tenant_id = c.tenant_id
    ORDER BY c.number
"""  # noqa: S608 - literals of this file
NOT_LINKED = """
    SELECT min(r.id) FROM audit_log r LEFT JOIN audit_chain c ON c.audit_id = r.id
    WHERE r.tenant_id = %s AND (c.audit_id IS NULL OR c.tenant_id <> r.tenant_id)
"""
TENANTS = "SELECT tenant_id FROM audit_log UNION SELECT tenant_id FROM audit_chain ORDER BY 1"
RECORDS = "SELECT count(*) FROM audit_log WHERE tenant_id = %s"
LINKS_OF = "SELECT count(*) FROM audit_chain WHERE tenant_id = %s AND audit_id = ANY(%s)"
FEW = 10_000
Row = tuple[int, int, bytes, bool, bytes, str, str]
TYPES = ("int8", "int8", "bytea", "bool", "bytea", "text", "text")
_quoted = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Bad:
    """The first record that is not as it was written. ``audit_id`` None: its id is not known."""

    number: int | None
    audit_id: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that was read to its end, or to its first bad record. ``heads``: how many signed
    ones it was compared with."""

    tenant_id: int
    records: int
    heads: int
    bad: Bad | None


def verify_all(heads: Collection[Head] = (), *, only: int | None = None) -> Iterator[Verified]:
    """Every tenant that has records, or of which a head says that it had; ``only``: that one."""
    if only is not None:
        yield verify(only, heads)
        return
    with database.cursor() as cursor:
        cursor.execute(TENANTS)
        there = {row[0] for row in cursor.fetchall()}
    for tenant_id in sorted(there | {head.tenant_id for head in heads}):
        yield verify(tenant_id, heads)


def verify(tenant_id: int, heads: Collection[Head] = ()) -> Verified:
    """One tenant's chain, and what signed heads say of it. Never called inside a transaction.

    It is read in one look of the database, in which nothing can be written.
    """
    signed = {head.number: head for head in heads if head.tenant_id == tenant_id}
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")  # so that its reach is set before the transaction's first word
    with transaction.atomic(durable=True):
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        late: set[int] = set()
        read, bad = follow(_links(tenant_id, late), signed)
        if bad is None and not _all_linked(tenant_id, read, late):
            bad = _beside(tenant_id)
    return Verified(tenant_id, read, len(signed), bad)


def follow(rows: Iterator[Row], signed: Mapping[int, Head]) -> tuple[int, Bad | None]:
    """How many records are as they were written, and the first one that is not."""
    last, read = b"", 0
    for number, audit_id, stored, is_there, start, details, act in rows:
        if number != read + 1:
            return read, Bad(read + 1, None, f"record {read + 1} of the chain is missing")
        if not is_there:
            words = f"record {number}, id {audit_id}, was deleted, or given to another organisation"
            return read, Bad(number, audit_id, words)
        text = b"%b, %b]" % (start[:-1], f"{_quoted(details)}, {_quoted(act)}".encode())
        last = sha256(last + text).digest()
        if last != stored:
            words = f"record {number}, id {audit_id}, is not what was written"
            return read, Bad(number, audit_id, words)
        head = signed.get(number)
        if head is not None and head.hash != last:
            words = (
                f"record {number}, id {audit_id}, or one before it, was written anew: the head "
                f"signed at {head.at:%Y-%m-%d %H:%M} is another"
            )
            return read, Bad(number, audit_id, words)
        read = number
    beyond = [number for number in signed if number > read]
    if beyond:
        head = signed[min(beyond)]
        words = (
            f"the chain ends after {read} records, and the head signed at "
            f"{head.at:%Y-%m-%d %H:%M} is of record {head.number}: the end was cut off, or an "
            "older backup was restored"
        )
        return read, Bad(read + 1, None, words)
    return read, None


def _all_linked(tenant_id: int, read: int, late: Collection[int]) -> bool:
    """Whether it is certain that no record is beside the chain: there are as many as links, each of
    which has been found to be of a record of the tenant, and no two are of the same. An id that is
    greater than all before it is none of them; each other one (``late``) must have one link.
    False: whether there is one has to be looked for."""
    if len(late) > FEW:
        return False
    with database.cursor() as cursor:
        cursor.execute(RECORDS, [tenant_id])
        records = cursor.fetchone()
        cursor.execute(LINKS_OF, [tenant_id, list(late)])
        links = cursor.fetchone()
    return (records, links) == ((read,), (len(late),))


def _beside(tenant_id: int) -> Bad | None:
    with database.cursor() as cursor:
        cursor.execute(NOT_LINKED, [tenant_id])
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    return Bad(None, row[0], f"the record with id {row[0]} was put in beside the chain")


def _links(tenant_id: int, late: set[int]) -> Iterator[Row]:
    """In a transaction. Copied out as a stream, so that the database reads on while it is hashed:
    twice as fast as some thousand rows at a time. ``late``: the ids that are not greater than all
    before them, ``FEW`` and one at most."""
    question = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(
        sql.SQL(LINKS).format(tenant_id=sql.Literal(tenant_id))
    )
    newest = 0
    database.ensure_connection()
    with database.connection.cursor() as cursor, cursor.copy(question) as stream:
        stream.set_types(TYPES)
        for row in stream.rows():
            if row[1] > newest:
                newest = row[1]
            elif len(late) <= FEW:
                late.add(row[1])
            yield row
