"""What waits after an outage: how fast it drains, and whom a large lane keeps waiting.

The remote answers slowly, so that its own limit binds (three calls in flight) and not this machine.
The raw loop beside it sends as many POSTs as that limit lets through, and keeps and proves nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection as database
from django.db import transaction

from benchmarks.remote import IN_FLIGHT, Calls, Place, raw_loop
from benchmarks.report import Figure
from tallystick.bootstrap.desk import desk

if TYPE_CHECKING:
    from benchmarks.company import Company
    from benchmarks.ground import Ground

# Milliseconds: ten calls a second. On a machine that is busy otherwise more, or that is what binds.
LATENCY = int(os.environ.get("LATENCY", "300"))
HOURLY = 10_000  # calls, of all integrations of a tenant together (docs/vendor/autotask.md)
OPERATIONS, LANES, LARGE = 5_000, 1_000, 500
YEARS = 3 * 365
TRIED = 2  # how often each lane has asked in vain when the outage ends
RAW_POSTS, RAW_DAYS = 120, 2
SMALL_BESIDE, LARGE_BESIDE = 199, 100
NOT_TRIED = """
SELECT count(DISTINCT l.id) FROM ledger_lane l JOIN ledger_delivery d ON d.lane_id = l.id
WHERE l.connection_id = %s AND d.state = 'pending' AND NOT EXISTS (
    SELECT 1 FROM ledger_delivery h WHERE h.lane_id = l.id AND h.tries >= %s)
"""
PROVED_AT = """
SELECT l.subscription_id, min(d.settled_at) FILTER (WHERE d.settled_at >= %(since)s),
       max(d.settled_at)
FROM ledger_delivery d JOIN ledger_lane l ON l.id = d.lane_id
WHERE l.connection_id = %(connection)s GROUP BY 1
"""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits: ``large`` of the operations in one lane, the others shared by the rest."""

    operations: int
    lanes: int
    large: int

    @classmethod
    def of(cls, scale: float) -> Load:
        lanes = max(int(scale * LANES), SMALL_BESIDE + 1)
        return cls(max(int(scale * OPERATIONS), lanes), lanes, int(scale * LARGE))


@dataclass(frozen=True, slots=True)
class Drained:
    """Seconds from the end of the outage to the last proof; ``large``: to the large lane's own."""

    seconds: float
    large_first: float
    large: float
    calls: Calls


def measure_outage(on: Ground, *, scale: float, say: Say) -> list[Figure]:
    """One round: it takes as long as Autotask's limit makes it take."""
    from benchmarks.company import make_company

    load = Load.of(scale)
    say(f"A company with {load.lanes} green subscriptions")
    company = make_company(on.remote, load.lanes, contract_days=YEARS)
    spare = on.remote.places(RAW_POSTS // RAW_DAYS, starts=company.starts, ends=company.ends)
    with on.worker():
        company.green()
        on.remote.latency(LATENCY)
        raw = [_raw(on, company, spare, before=True)]
        drained = _drain(on, company, load, say)
        raw.append(_raw(on, company, spare, before=False))
        say(f"{SMALL_BESIDE} changes of as many subscriptions, alone and beside a large lane")
        alone = _small(company, beside=0)
        beside = _small(company, beside=LARGE_BESIDE)
        again = _small(company, beside=0)
        on.remote.latency(0)
    return [_rate(drained), _speed(load, drained, raw), _fairness(alone, beside, again)]


def _raw(on: Ground, company: Company, spare: Sequence[Place], *, before: bool) -> float:
    """POSTs a second of the bare client."""
    first = 1 if before else 1 + RAW_DAYS
    days = [company.today + timedelta(days=first + day) for day in range(RAW_DAYS)]
    return RAW_POSTS / raw_loop(on.remote.origin, spare, days)


def _drain(on: Ground, company: Company, load: Load, say: Say) -> Drained:
    large = load.lanes - 1
    say(f"Autotask does not answer; {load.operations} operations wait, {load.large} in one lane")
    each, more = divmod(load.operations - load.large, load.lanes - 1)
    fault = on.remote.break_down()
    days = company.next_days(max(load.large, each + 1))
    with transaction.atomic():
        company.change(range(more), days[: each + 1])
        company.change(range(more, large), days[:each])
        company.change([large], days[: load.large])
    _wait_for(company, tried=TRIED)
    say("It answers again")
    mark, began = on.remote.mark(), desk().now()
    on.remote.mend(fault)
    company.green(look_every=0.25, seconds=3600)
    calls = on.remote.calls_since(mark)
    if calls.writes != load.operations or calls.refused:
        raise RuntimeError(f"{calls} for {load.operations} operations")
    proved = _proved_at(company, since=began)
    first, last = proved[company.subscriptions[large]]
    return Drained(max(last for _, last in proved.values()), first, last, calls)


def _wait_for(company: Company, *, tried: int) -> None:
    """Until each lane that waits has asked in vain so often."""
    while True:
        with database.cursor() as cursor:
            cursor.execute(NOT_TRIED, [company.connection_id, tried])
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.25)


def _proved_at(company: Company, *, since: datetime) -> dict[int, tuple[float, float]]:
    """By subscription: seconds from then to its first and last operation that was settled since."""
    with database.cursor() as cursor:
        cursor.execute(PROVED_AT, {"connection": company.connection_id, "since": since})
        return {
            number: ((first - since).total_seconds(), (last - since).total_seconds())
            for number, first, last in cursor.fetchall()
            if first is not None
        }


def _small(company: Company, *, beside: int) -> list[float]:
    """Seconds that each of the small changes took, sorted."""
    large, small = len(company.subscriptions) - 1, range(SMALL_BESIDE)
    days = company.next_days(max(beside, 1))
    with transaction.atomic():
        if beside:
            company.change([large], days)
        company.change(small, days[:1])
        began = desk().now()
    company.green(look_every=0.25)
    proved = _proved_at(company, since=began)
    return sorted(proved[company.subscriptions[n]][1] for n in small)


def _rate(drained: Drained) -> Figure:
    rate, allowed = drained.calls.all / drained.seconds, HOURLY / 3600
    return Figure(
        "drain after an outage, beside Autotask's hour",
        f"{rate:.2f} calls/s",
        f"{allowed:.2f} calls/s",
        f"{rate / allowed:.2f}",
        ">= 0.95",
        rate / allowed >= 0.95,
        f"{drained.calls.all} calls in {drained.seconds:.0f} s, while the stand-in lets them "
        f"through, beside the {HOURLY:,} an hour that Autotask allows all integrations of a tenant "
        "together",
    )


def _speed(load: Load, drained: Drained, raw: Sequence[float]) -> Figure:
    rate, allowed = load.operations / drained.seconds, sum(raw) / len(raw)
    per_operation = drained.calls.all / load.operations
    return Figure(
        "drain after an outage, beside three in flight",
        f"{rate:.2f} operations/s",
        f"{allowed:.2f} POSTs/s",
        f"{rate / allowed:.3f}",
        ">= 0.95",
        rate / allowed >= 0.95,
        f"{load.operations} operations over {load.lanes} lanes, {load.large} of them in one, from "
        f"the end of an outage until all are proved ({drained.seconds:.0f} s; the large lane from "
        f"{drained.large_first:.0f} s to {drained.large:.0f} s; {per_operation:.3f} calls an "
        f"operation), the remote at {LATENCY} ms; beside a bare loop at the thread limit "
        f"({IN_FLIGHT} in flight) that sends "
        f"{RAW_POSTS} POSTs before and after, which differs from itself by "
        f"{max(raw) / min(raw):.3f}x",
        {
            "seconds": drained.seconds,
            "large_lane_seconds": [drained.large_first, drained.large],
            "calls": drained.calls.all,
            "raw_posts_a_second": list(raw),
        },
    )


def _fairness(alone: Sequence[float], beside: Sequence[float], again: Sequence[float]) -> Figure:
    reference = (_p95(alone) + _p95(again)) / 2
    ratio = _p95(beside) / reference
    return Figure(
        "small lanes beside a large one",
        f"{_p95(beside):.1f} s",
        f"{reference:.1f} s",
        f"{ratio:.2f}",
        "<= 2",
        ratio <= 2,
        f"p95 from the commit to the proof of {SMALL_BESIDE} lanes with one operation each, beside "
        f"one of {LARGE_BESIDE}, and without it before and after",
        {"alone": list(alone), "beside": list(beside), "again": list(again)},
    )


def _p95(values: Sequence[float]) -> float:
    return values[int(len(values) * 0.95)]
