"""A list of 100,000 subscriptions, one in a hundred changed, beside a bare COPY of the file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psycopg
from django.db import connection, transaction

from benchmarks.processes import memory
from benchmarks.report import Figure, spread
from tallystick.audit.record import Actor
from tallystick.bootstrap.desk import desk
from tallystick.catalog.models import Offer
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant
from tallystick.identity.roles import Role
from tallystick.kit.chunks import chunks
from tallystick.kit.clock import monotonic
from tallystick.kit.ids import address_name
from tallystick.sources.models import Source
from tallystick.sources.sheet_open import open_sheet
from tallystick.sources.snapshot.lay_aside import laid_aside
from tallystick.sources.snapshot.take_snapshot import SnapshotAsked, take_snapshot
from tallystick.subscriptions.models import Customer, Subscription

EVERY = 100
HEADER = (
    "customer_id,customer,offer_id,offer,term,billing_cycle,subscription_id,quantity,unit_price,"
    "unit_cost,currency,starts_on,ends_on,status\n"
)
# What the product stores of a list, from a whole one at once.
REMEMBER = """
    INSERT INTO sources_subject
        (source_id, subject, newest_key, newest_id, state, shown, row_digest)
    SELECT %s, subject, '', '', '{}', '{}', digest FROM differing_row
"""
BARE = "CREATE TEMP TABLE bare ({}) ON COMMIT DROP"


class Listed:
    """A tenant with so many subscriptions, and the files of its source."""

    def __init__(self, folder: Path, subscriptions: int) -> None:
        self.many = subscriptions
        self.folder = folder
        self.now = desk().now()
        tenant = add_tenant(f"Listed {subscriptions}", time_zone="UTC", now=self.now)
        self.context = Context(tenant, None, Role.ADMINISTRATOR, Actor("bench", "Bench"))
        source = Source.objects.create(
            tenant_id=tenant, kind="events", name="Bench", uri="urn:bench", hook=address_name(),
            created_at=self.now,
        )  # fmt: skip
        self.source_id = source.pk
        self._store()

    def _store(self) -> None:
        common = {"tenant_id": self.context.tenant_id, "created_at": self.now}
        offer = Offer.objects.create(
            product_id="CFQ7TTC0LCHC", sku_id="0002", name="M365", segment="commercial",
            term="P1Y", billing_cycle="monthly", kind="nce_licence", **common,
        )  # fmt: skip
        customer = Customer.objects.create(name="Alder", external_id="c-1", **common)
        for part in chunks(range(self.many), 5000):
            Subscription.objects.bulk_create(
                Subscription(
                    customer=customer,
                    offer=offer,
                    provider_id=f"s-{n}",
                    quantity=10,
                    status="active",
                    starts_on=date(2026, 1, 1),
                    price_currency="EUR",
                    cost_currency="EUR",
                    commitment_ends_on=date(2026, 12, 31),
                    unit_price="15.20",
                    unit_cost="12.10",
                    **common,
                )
                for n in part
            )
        # As a whole list that was taken in before; row by row this would take minutes.
        with (
            transaction.atomic(),
            self.file(0).open() as text,
            laid_aside(text, source_id=self.source_id, told_before=self.now),
            connection.cursor() as cursor,
        ):
            cursor.execute(REMEMBER, [self.source_id])
        # What autovacuum does in the minute after; only the tables' owner may.
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE sources_subject, subscriptions_subscription")

    def file(self, round_: int) -> Path:
        """``round_`` 0: as they are; in each other one a hundredth has another quantity."""
        path = self.folder / f"{self.many}-{round_}.csv"
        if not path.exists():
            with path.open("w") as out:
                out.write(HEADER)
                for n in range(self.many):
                    quantity = 10 + round_ if n % EVERY == 0 else 10
                    out.write(
                        f"c-1,Alder,CFQ7TTC0LCHC:0002,M365,P1Y,monthly,s-{n},{quantity},15.2000,"
                        "12.1000,EUR,2026-01-01,2026-12-31,active\n"
                    )
        return path

    def find(self, round_: int) -> None:
        """What differs is found, and nothing done about it."""
        with (
            open_sheet(self.file(round_)) as text,
            transaction.atomic(),
            laid_aside(text, source_id=self.source_id, told_before=desk().now()) as rows,
        ):
            if rows.differing != self.many // EVERY:
                raise RuntimeError(f"{rows.differing} rows differ")

    def take(self, round_: int) -> None:
        taken = take_snapshot(
            self.file(round_),
            SnapshotAsked(taken_at=desk().now() - timedelta(seconds=1)),
            source_id=self.source_id,
            context=self.context,
            now=desk().now(),
            wake=lambda _: None,
            correlation_id="bench",
        )
        if taken.differences != self.many // EVERY:
            raise RuntimeError(f"{taken.answers}")

    def copy(self, round_: int) -> None:
        """The same file, and nothing but PostgreSQL's COPY."""
        columns = ", ".join(f"{name} text" for name in HEADER.strip().split(","))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BARE.format(columns))
            copy_in = "COPY bare FROM STDIN (FORMAT csv, HEADER)"
            with cursor.copy(copy_in) as copy, self.file(round_).open("rb") as file:
                while part := file.read(io.DEFAULT_BUFFER_SIZE * 8):
                    copy.write(part)


def measure_snapshots(
    *, subscriptions: int, rounds: int, say: Callable[[str], None]
) -> list[Figure]:
    """Finding and taking in a changed hundredth, and the memory of it."""
    with TemporaryDirectory(prefix="tallystick-bench-lists-") as folder:
        say(f"A list of {subscriptions:,} subscriptions")
        listed = Listed(Path(folder), subscriptions)
        bare, found, whole = list[float](), list[float](), list[float]()
        for number in range(1, rounds + 1):
            listed.file(number)
            for act, into in ((listed.copy, bare), (listed.find, found), (listed.take, whole)):
                into.append(_seconds(act, number))
        small = Listed(Path(folder), max(subscriptions // 10, EVERY))
        small.file(1), small.file(2)
        growth = [_growth(one, rounds + 1) for one in (small, listed)]
    ratios = [raw / ours for raw, ours in zip(bare, found, strict=True)]
    changed = subscriptions // EVERY
    return [
        Figure(
            "finding 1 % changed in a list",
            f"{spread(found, '.2f')} s",
            f"{spread(bare, '.2f')} s",
            spread(ratios, ".2f"),
            ">= 0.6 of COPY",
            median(ratios) >= 0.6,
            f"{subscriptions:,} rows of CSV read, compared with the last list, {changed:,} found; "
            "beside a bare COPY of the file",
            {"ours": found, "copy": bare},
        ),
        Figure(
            "recording what was found",
            f"{spread(whole, '.1f')} s",
            "",
            f"{1000 * median(whole) / changed:.1f} ms an operation",
            "",
            None,
            f"the same, and {changed:,} operations recorded, each with its event and audit log, "
            "in one transaction",
            {"whole": whole},
        ),
        Figure(
            "memory of taking a list in",
            f"{growth[1]:.0f} MB",
            f"{growth[0]:.0f} MB",
            f"{growth[1] - growth[0]:+.0f} MB",
            "<= 16 MB more",
            growth[1] - growth[0] <= 16,
            "growth of the process with this list, beside one of a tenth",
        ),
    ]


def _seconds(act: Callable[[int], None], round_: int) -> float:
    began = monotonic()
    act(round_)
    return monotonic() - began


def _growth(listed: Listed, round_: int) -> float:
    """MB that the process grows by while it takes a list in, the largest it had been aside."""
    listed.file(round_)
    before = memory([os.getpid()]).rss
    listed.take(round_)
    return memory([os.getpid()]).rss - before
