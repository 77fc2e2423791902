"""``make bench``: measure, print one table, keep it as JSON in ``bench-results/``.

python -m benchmarks               seven rounds of everything, about twenty minutes
python -m benchmarks --rounds 1    a quick look
python -m benchmarks mapping       one section: burst, outage, rest, mapping, snapshot or audit
SCALE=0.1                          a tenth of the 10,000 customers and 100,000 subscriptions
SCALE=1                            of an outage: all 5,000 operations (0.3 without it)
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import sleep

from benchmarks.ground import Ground, ground
from benchmarks.processes import Memory, family, memory
from benchmarks.remote import raw_loop
from benchmarks.report import Figure, keep, machine, show, spread
from tallystick.bootstrap.ports import first_free

LANES, DAYS = 200, 5
ALONE = 10
LATENCY = 100
SECTIONS = ("burst", "outage", "rest", "mapping", "snapshot", "audit")
CUSTOMERS, SUBSCRIPTIONS = 10_000, 100_000
RECORDS = 1_000_000
RESULTS = Path("bench-results")


def say(words: str) -> None:
    print(f"· {words}", flush=True)


def burst(on: Ground, *, rounds: int) -> list[Figure]:
    """1,000 operations over 200 lanes, beside a raw loop that only sends the calls."""
    from benchmarks.company import make_company

    say(f"A company with {LANES} green subscriptions")
    company = make_company(on.remote, LANES)
    spare = on.remote.places(LANES, starts=company.starts, ends=company.ends)
    count = LANES * DAYS
    ours: list[float] = []
    raw: list[float] = []
    calls = writes = 0
    with on.worker():
        company.green()
        on.remote.latency(LATENCY)
        for number in range(rounds):
            say(f"Round {number + 1} of {rounds}: {count} operations, the remote at {LATENCY} ms")

            def measure_ours() -> None:
                nonlocal calls, writes
                mark = on.remote.mark()
                began = company.change(range(LANES), company.next_days(DAYS))
                ours.append(company.green() - began)
                made = on.remote.calls_since(mark)
                calls, writes = calls + made.all, writes + made.writes
                if made.writes != count or made.refused:
                    raise RuntimeError(f"{made} for {count} operations")

            def measure_raw(first: int = 1 + number * DAYS) -> None:
                days = [company.today + timedelta(days=first + day) for day in range(DAYS)]
                raw.append(raw_loop(on.remote.origin, spare, days))

            for measure in (
                (measure_ours, measure_raw) if number % 2 else (measure_raw, measure_ours)
            ):
                measure()
        say("One operation at a time")
        alone = on.remote.mark()
        for number in range(ALONE):
            company.change([number], company.next_days(1))
            company.green()
        single = on.remote.calls_since(alone).all / ALONE
        on.remote.latency(0)
    ratios = [mine / bare for mine, bare in zip(ours, raw, strict=True)]
    same = [max(a, b) / min(a, b) for a, b in pairwise(raw)] or [1.0]
    per_operation = calls / (rounds * count)
    return [
        Figure(
            "calls per operation, in a burst",
            f"{calls / rounds:.0f} calls",
            f"{count} POSTs",
            f"{per_operation:.3f}",
            "<= 1.05",
            per_operation <= 1.05,
            f"{count} operations on {DAYS} days over {LANES} lanes, every one proved by reading "
            "back; all requests the simulator saw, divided by the POSTs that are needed",
            {"calls": calls, "writes": writes, "rounds": rounds},
        ),
        Figure(
            "calls for one operation alone",
            f"{single:.1f} calls",
            "1 POST",
            f"{single:.1f}",
            "<= 3",
            single <= 3,
            f"mean of {ALONE} operations, one after another, each waited for until it is proved",
        ),
        Figure(
            f"wall time at {LATENCY} ms",
            f"{spread(ours, '.1f')} s",
            f"{spread(raw, '.1f')} s",
            spread(ratios),
            "<= 1.10",
            median(ratios) <= 1.10,
            f"from the commit that holds {count} operations until all are proved, beside a bare "
            "httpx loop at the thread limit (3 in flight) that sends only the POSTs; median "
            f"(min-max) of {rounds} rounds in alternating order; the raw loop differs from itself "
            f"by up to {max(same):.3f}x from round to round",
            {"ours": ours, "raw": raw, "ratios": ratios, "raw_against_raw": same},
        ),
    ]


def outage(on: Ground) -> list[Figure]:
    """What waits when Autotask answers again, and small lanes beside a large one."""
    from benchmarks.outage import measure_outage

    return measure_outage(on, scale=float(os.environ.get("SCALE", "0.3")), say=say)


def at_rest(on: Ground) -> Figure:
    """The memory of an idle installation, the database aside."""
    say("Memory at rest")
    port = first_free("127.0.0.1", 8600)
    with on.worker() as worker, on.web(port) as web:
        _look(port)
        sleep(5)
        parts = {"worker": memory(family(worker.pid)), "web": memory(family(web.pid))}
    both = sum(part.rss for part in parts.values())
    return Figure(
        "memory at rest",
        f"{both:.0f} MB",
        "",
        ", ".join(f"{name} {_words(part)}" for name, part in parts.items()),
        "< 250 MB",
        both < 250,
        "resident set of the worker and of the web process after a page was shown, added up "
        "(memory they share is counted twice); the embedded database aside",
        {name: {"rss": part.rss, "pss": part.pss} for name, part in parts.items()},
    )


def mapping(on: Ground, *, rounds: int) -> list[Figure]:
    """Every mapping page beside the SQL of what it shows, and one reading of the directory."""
    from benchmarks.directory import measure_directory
    from benchmarks.large import count_rows, make_large
    from benchmarks.mapping import measure_pages

    scale = float(os.environ.get("SCALE", "1"))
    customers, subscriptions = int(scale * CUSTOMERS), int(scale * SUBSCRIPTIONS)
    say(f"A reseller with {customers:,} customers and {subscriptions:,} subscriptions")
    large = make_large(customers=customers, subscriptions=subscriptions)
    count_rows()
    # A line for each company: the stand-in takes long to make ten.
    read = measure_directory(on.remote, companies=customers, lines=customers, say=say)
    return [*measure_pages(large, rounds=rounds, say=say), *read]


def snapshot(*, rounds: int) -> list[Figure]:
    """A list of subscriptions compared with the one before."""
    from benchmarks.snapshot import measure_snapshots

    many = int(float(os.environ.get("SCALE", "1")) * SUBSCRIPTIONS)
    return measure_snapshots(subscriptions=many, rounds=rounds, say=say)


def audit(on: Ground, *, rounds: int) -> list[Figure]:
    """What the chain costs when a record is added, and how fast it is read again."""
    from benchmarks.audit import measure_audit

    records = int(float(os.environ.get("SCALE", "1")) * RECORDS)
    return measure_audit(on.server.url, records=records, rounds=rounds, say=say)


def _look(port: int) -> None:
    import httpx

    for _ in range(50):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/sign-in", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            sleep(0.2)
    raise RuntimeError("the web process shows no page")


def _words(part: Memory) -> str:
    return f"{part.rss:.0f} MB"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "sections", nargs="*", help=f"{', '.join(SECTIONS)}; all of them by default"
    )
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    wanted = asked.sections or SECTIONS
    about = machine()
    figures: list[Figure] = []
    with ground() as on:
        if "burst" in wanted:
            figures += burst(on, rounds=asked.rounds)
        if "outage" in wanted:
            figures += outage(on)
        if "rest" in wanted:
            figures.append(at_rest(on))
        if "mapping" in wanted:
            figures += mapping(on, rounds=asked.rounds)
        if "snapshot" in wanted:
            figures += snapshot(rounds=asked.rounds)
        if "audit" in wanted:
            figures += audit(on, rounds=asked.rounds)
    print(f"\n{show(figures)}")
    path = RESULTS / "latest.json"
    keep(figures, about=about, path=path)
    print(f"\nThe same as JSON: {path}")
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
