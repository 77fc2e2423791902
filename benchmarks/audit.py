"""The chain of audit logs: adding a record, reading all again, a deep page beside the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from itertools import permutations
from statistics import median
from typing import Any

import psycopg

from benchmarks.report import Figure, spread
from tallystick.kit.clock import monotonic

APPENDS, A_TURN = 600, 20
PAGE, PAGES = 50, 1_000
NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
DETAILS = {
    "operation": 87,
    "kind": "update_quantity",
    "before": {"quantity": 10},
    "after": {"quantity": 12},
    "sent": {"unit_change": 2, "effective_on": "2026-05-03"},
    "proved": {"verdict": "landed", "rows": [{"units": 12, "price": "182.40"}]},
}
# A second each, so that days differ; one in a hundred failed, of one in five hundred an offer.
MANY = """
    INSERT INTO audit_log (at, event, status, tenant_id, reseller_id, actor, actor_ref,
        customer_id, customer_name, subscription_id, subscription_name, connection_id,
        connection_name, summary, details, correlation_id)
    SELECT %s + n * interval '1 second',
        CASE WHEN n %% 500 = 0 THEN 'offer.create' ELSE 'subscription.update_on_connection' END,
        CASE WHEN n %% 100 = 0 THEN 'failed' ELSE 'succeeded' END, %s,
        CASE WHEN n %% 1000 = 0 THEN 7 END, CASE WHEN n %% 5000 = 0 THEN 'Grace' ELSE 'Ada' END,
        'user/1', n %% 997, 'Customer ' || n %% 997, n %% 9973, 'Microsoft 365 Business Premium',
        n %% 7, 'Autotask', 'Sent to Autotask once. Read back and equal.', %s, md5(n::text)
    FROM generate_series(1, %s) n
"""
Say = Callable[[str], None]


def measure_audit(url: str, *, records: int, rounds: int, say: Say) -> list[Figure]:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SELECT set_config('tallystick.reach', 'everything', false)")
        append = measure_append(owner, rounds=rounds, say=say)
        tenant_id = fill(owner, records, say=say)
        return [
            append,
            measure_verify(tenant_id, rounds=rounds, say=say),
            measure_pages(tenant_id, rounds=rounds, say=say),
            *measure_filters(tenant_id, say=say),
        ]


def fill(owner: psycopg.Connection[Any], records: int, *, say: Say) -> int:
    """A tenant with so many records, linked as the migration links those that are there."""
    from tallystick.identity.people import add_tenant

    say(f"{records:,} audit logs")
    tenant_id = add_tenant("Audited", time_zone="UTC", now=NOW)
    with owner.transaction():
        for table in ("audit_log", "audit_chain"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_chain")
        owner.execute("DELETE FROM audit_log")
        owner.execute(MANY, [NOW, tenant_id, json.dumps(DETAILS), records])
        began = monotonic()
        owner.execute(import_module("tallystick.audit.migrations.0005_chain").EARLIER)
        say(f"The migration linked them in {monotonic() - began:.0f} s")
        for table in ("audit_log", "audit_chain"):
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner.execute("VACUUM ANALYZE audit_log")
    owner.execute("VACUUM ANALYZE audit_chain")
    return tenant_id


def measure_append(owner: psycopg.Connection[Any], *, rounds: int, say: Say) -> Figure:
    from tallystick.identity.people import add_tenant

    tenant_id = add_tenant("Appended", time_zone="UTC", now=NOW)
    times: dict[str, list[float]] = {"chained": [], "bare": [], "again": []}
    add(tenant_id, APPENDS)
    orders = list(permutations(times))  # none always comes after the same other one
    for number in range(rounds):
        say(f"Round {number + 1} of {rounds}: {APPENDS} records each way, each committed")
        spent = dict.fromkeys(times, 0.0)
        # Turn by turn: what else the machine does strikes all three alike.
        for turn in range(APPENDS // A_TURN):
            for which in orders[turn % len(orders)]:
                verb = "ENABLE" if which == "chained" else "DISABLE"
                owner.execute(f"ALTER TABLE audit_log {verb} TRIGGER audit_log_link")
                add(tenant_id, 1)  # whoever comes first after the change looks at the table anew
                began = monotonic()
                add(tenant_id, A_TURN)
                spent[which] += monotonic() - began
        for which, found in times.items():
            found.append(spent[which])
    owner.execute("ALTER TABLE audit_log ENABLE TRIGGER audit_log_link")
    ratios = [mine / bare for mine, bare in zip(times["chained"], times["bare"], strict=True)]
    same = [one / bare for one, bare in zip(times["again"], times["bare"], strict=True)]
    each = {name: [1000 * one / APPENDS for one in found] for name, found in times.items()}
    return Figure(
        "audit: append",
        f"{spread(each['chained'], '.2f')} ms",
        f"{spread(each['bare'], '.2f')} ms",
        spread(ratios),
        "<= 1.10",
        median(ratios) <= 1.10,
        f"{APPENDS} records, each in a transaction of its own, durably; beside the same with the "
        f"trigger that links them off. That beside itself: {spread(same)}",
        {**each, "ratios": ratios, "same": same},
    )


def add(tenant_id: int, number: int) -> None:
    from tallystick.audit.events import Event
    from tallystick.audit.record import SYSTEM, Subject, record

    for _ in range(number):
        record(
            Event.UPDATE_SUBSCRIPTION,
            actor=SYSTEM,
            now=NOW,
            subject=Subject(tenant_id=tenant_id, customer_id=7, customer_name="Contoso"),
            correlation_id="c" * 32,
            summary="Sent to Autotask once. Read back and equal.",
            details=DETAILS,
        )


def measure_verify(tenant_id: int, *, rounds: int, say: Say) -> Figure:
    from tallystick.audit.chain import verify

    ours, bare = [], []
    values = [
        1,
        tenant_id,
        1,
        1,
        "2026-05-10T09:00:00.000000Z",
        "subscription.update_on_connection",
    ]
    values += ["failed", None, "Tallystick", "system", 7, "Customer 7", 7, "Microsoft 365 Business"]
    values += [1, "Autotask", None, None, "Sent to Autotask once. Read back and equal."]
    values += [json.dumps(DETAILS), "c" * 32]
    records = 0
    for number in range(rounds):
        say(f"Round {number + 1} of {rounds}: every record read again")

        def measure_ours() -> None:
            nonlocal records
            began = monotonic()
            found = verify(tenant_id)
            assert found.bad is None
            records = found.records
            ours.append(records / (monotonic() - began))

        def measure_bare() -> None:
            began, last, rows = monotonic(), b"", 200_000
            for place in range(rows):
                values[2] = values[3] = place
                last = hashlib.sha256(last + json.dumps(values).encode()).digest()
            bare.append(rows / (monotonic() - began))

        for measure in (measure_ours, measure_bare) if number % 2 else (measure_bare, measure_ours):
            measure()
    ratios = [mine / other for mine, other in zip(ours, bare, strict=True)]
    return Figure(
        "audit: verify",
        f"{spread(ours, ',.0f')} records/s",
        f"{spread(bare, ',.0f')} records/s",
        spread(ratios),
        ">= 0.6",
        median(ratios) >= 0.6,
        f"{records:,} records of one tenant read from the database and their chain computed again, "
        "beside a loop that only makes JSON of a record in memory and hashes it",
        {"ours": ours, "bare": bare, "ratios": ratios},
    )


def measure_pages(tenant_id: int, *, rounds: int, say: Say) -> Figure:
    from tallystick.audit.filters import AuditFilter
    from tallystick.audit.models import AuditLog
    from tallystick.audit.queries import list_audit
    from tallystick.kit.paging import encode_cursor

    say(f"Page 1 and page {PAGES:,}")
    deep = min(PAGE * PAGES, AuditLog.objects.filter(tenant_id=tenant_id).count() - 2 * PAGE)
    rows = AuditLog.objects.filter(tenant_id=tenant_id).order_by("-pk")
    cursor = encode_cursor([rows.values_list("pk", flat=True)[deep]])
    times: dict[str | None, list[float]] = {None: [], cursor: []}
    for number in range(max(rounds, 7) * 3):
        for at in (None, cursor) if number % 2 else (cursor, None):
            began = monotonic()
            page = list_audit(
                tenant_id=tenant_id, reseller_id=None, filter=AuditFilter(), cursor=at, limit=PAGE
            )
            assert len(page.items) == PAGE
            times[at].append(1000 * (monotonic() - began))
    ratio = median(times[cursor]) / median(times[None])
    return Figure(
        f"audit: page {deep // PAGE:,} beside page 1",
        f"{spread(times[cursor], '.1f')} ms",
        f"{spread(times[None], '.1f')} ms",
        f"{ratio:.2f}",
        "<= 1.5",
        ratio <= 1.5,
        "the list of audit logs, fifty a page, newest first",
        {"deep": times[cursor], "first": times[None]},
    )


def measure_filters(tenant_id: int, *, say: Say) -> list[Figure]:
    """The first page by each filter, beside the first page of all."""
    from tallystick.audit.filters import AuditFilter
    from tallystick.audit.queries import list_audit

    first_day = NOW.date()
    asked = {
        "the first day": AuditFilter(day_from=first_day, day_to=first_day),
        "operation": AuditFilter(event="offer.create"),
        "status": AuditFilter(status="failed"),
        "reseller": AuditFilter(reseller_id=7),
        "customer": AuditFilter(customer_id=7),
        "subscription": AuditFilter(subscription_id=7),
        "connection": AuditFilter(connection_id=3),
        "connection, first day, failed": AuditFilter(
            connection_id=3, day_from=first_day, day_to=first_day, status="failed"
        ),
        "correlation id": AuditFilter(correlation_id="c" * 32),
        "who, one in 5,000": AuditFilter(actor="grace"),
        "who, nobody": AuditFilter(actor="nobody"),
        "text, everywhere": AuditFilter(text="autotask"),
        "text, nowhere": AuditFilter(text="nowhere"),
    }

    def spent(filter: AuditFilter) -> float:
        began = monotonic()
        list_audit(tenant_id=tenant_id, reseller_id=None, filter=filter, limit=PAGE)
        return 1000 * (monotonic() - began)

    say("The first page by each filter")
    every: list[float] = []
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(5):
        every.append(spent(AuditFilter()))
        for name, filter in asked.items():
            times[name].append(spent(filter))
    return [
        Figure(
            f"audit: by {name}",
            f"{spread(found, '.1f')} ms",
            f"{spread(every, '.1f')} ms",
            f"{median(found) / median(every):.1f}",
            "",
            None,
            "the first page of the list by this filter, beside the first page of all",
            {"ours": found, "first": every},
        )
        for name, found in times.items()
    ]
