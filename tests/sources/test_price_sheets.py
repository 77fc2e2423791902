"""A Partner Center's price sheet: read once a month, imported like a file, applied by nobody."""

from __future__ import annotations

import errno
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from as_process import acting_as
from factories import TODAY, Tenancy, sibling, tenancy
from price_files import GOOD, good
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.rights import WORKER
from tallystick.bootstrap.source_clients import price_sheets_of, source_wire
from tallystick.catalog.models import PriceRow
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound, Unreachable
from tallystick.kit.secrets import Secret
from tallystick.ledger.models import Operation
from tallystick.simulator.partner_center.price_sheets import COLUMNS, sheet
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.world import CLIENT, SECRET, TENANT
from tallystick.sources.choose_price_sheet import (
    REFRESH_TOKEN,
    PriceSheetChoice,
    choose_price_sheet,
)
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_prices import PricesImported
from tallystick.sources.models import Source
from tallystick.sources.partner_center.client import HOSTS, Application
from tallystick.sources.partner_center.connect import connect_partner_center
from tallystick.sources.price_sheet_due import next_month
from tallystick.sources.read_prices import (
    PriceReading,
    claim_prices,
    prices_due,
    read_prices_by_itself,
    read_prices_now,
)
from tallystick.sources.sealing import open_secrets
from tallystick.sources.source_queries import PriceSheetView, get_source
from tallystick.sources.wire import ORIGINS, SourceTrouble, SourceWire
from tellers import teller

pytestmark = pytest.mark.usefixtures("db")
SHARED = Path(__file__).resolve().parents[2].parent / "shared/data/partner-center"


class Office:
    """A CSP with a Partner Center, and the stand-in for it."""

    def __init__(self, at: Running) -> None:
        self.of, self.center = tenancy(), at.center
        self.source_id = connect_partner_center(
            name="Our CSP",
            application=Application(TENANT, CLIENT, Secret(SECRET)),
            context=self.of.context,
            keys=self.keys,
            now=self.of.clock.now(),
            correlation_id="connect",
        )
        self.sells(GOOD)

    @property
    def keys(self) -> KeyRing:
        return settings.SEALING_KEYS  # type: ignore[no-any-return]  # Django's settings are untyped

    def sells(self, *rows: dict[str, str]) -> None:
        self.center.price_sheets["DE"] = sheet(rows)

    def choose(
        self, market: str = "DE", is_for: str = "term", token: str = "refresh-1", **by: Tenancy
    ) -> None:
        choose_price_sheet(
            self.source_id,
            PriceSheetChoice(market, is_for, Secret(token)),
            context=by.get("of", self.of).context,
            keys=self.keys,
            now=self.of.clock.now(),
            correlation_id="choose",
        )

    def reading(self) -> PriceReading:
        return PriceReading(price_sheets_of, self.of.clock.now(), "read")

    def read(self, **asked: bool) -> PricesImported:
        return read_prices_now(self.source_id, self.reading(), context=self.of.context, **asked)

    def by_itself(self) -> PricesImported | None:
        """What a worker does; None: it is not due."""
        now = self.of.clock.now()
        if self.source_id not in prices_due(now=now) or not claim_prices(self.source_id, now=now):
            return None
        with acting_as(WORKER):
            return read_prices_by_itself(self.source_id, self.reading())

    @property
    def shown(self) -> PriceSheetView:
        view = get_source(self.of.context, self.source_id, now=self.of.clock.now())
        assert view.price_sheet is not None
        return view.price_sheet

    @property
    def prices(self) -> list[str]:
        rows = PriceRow.objects.filter(series__tenant_id=self.of.tenant_id, replaced_at=None)
        return [f"{row.cost:.2f}" for row in rows.order_by("series_id", "pk")]

    def logs(self) -> list[str]:
        rows = AuditLog.objects.filter(tenant_id=self.of.tenant_id, event="source.read")
        return list(rows.order_by("pk").values_list("summary", flat=True))


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with running_partner_center(today=TODAY) as at:
        hosts = ",".join(f"{host}={origin}" for host, origin in at.stand_ins.items())
        monkeypatch.setenv(ORIGINS, hosts)
        source_wire.cache_clear()
        yield Office(at)
        source_wire.cache_clear()


def test_it_is_read_by_itself_once_a_month_and_the_same_again_changes_nothing(
    office: Office,
) -> None:
    office.of.subscription()
    office.choose()
    done = office.by_itself()
    assert done is not None
    assert (done.rows, done.added, office.prices) == (1, 1, ["145.20"])
    assert office.by_itself() is None, "not twice in a month"
    assert office.shown.next_at == datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
    office.of.clock.advance((office.shown.next_at - office.of.clock.now()).total_seconds())
    again = office.by_itself()
    assert again is not None
    assert (again.added, again.replaced, again.unchanged) == (0, 0, 1)
    assert len(office.logs()) == 2
    assert Operation.objects.filter(tenant_id=office.of.tenant_id).count() == 1, (
        "a list is applied by a person"
    )


def test_the_refresh_token_that_counts_next_is_kept_and_shown_nowhere(office: Office) -> None:
    office.choose()
    office.read()
    office.read()
    row = Source.objects.get(pk=office.source_id)
    secrets = open_secrets(row, office.keys)
    assert secrets[REFRESH_TOKEN].reveal() == office.center.refresh_token == "refresh-3"
    assert secrets["client_secret"].reveal() == SECRET
    assert "refresh" not in str(row.price_sheet) + str(row.settings) + str(office.logs())
    office.choose(token="")
    assert office.read().unchanged == 1, "an empty one leaves what is there"
    office.center.refresh_token = "refresh-99"
    with pytest.raises(Unreachable, match="enter the new refresh token"):
        office.read()


def test_where_no_sheet_is_read_the_refresh_token_is_forgotten(office: Office) -> None:
    office.choose()
    for token in ("refresh-2", ""):
        office.choose(market="", token=token)
        kept = open_secrets(Source.objects.get(pk=office.source_id), office.keys)
        assert REFRESH_TOKEN not in kept
        assert kept["client_secret"].reveal() == SECRET


def test_where_the_application_alone_is_not_shown_them_it_says_what_to_do(office: Office) -> None:
    office.choose(token="")
    with pytest.raises(SourceTrouble, match="not show price sheets to the application alone"):
        office.by_itself()
    now = office.of.clock.now()
    assert office.shown.trouble.endswith("or import the sheet as a file.")
    assert office.shown.next_at == now + timedelta(hours=1)
    with pytest.raises(Unreachable, match="Nothing was imported"):
        office.read()
    assert len(office.logs()) == 1, "what is the same is said once"
    office.center.prices_need_a_user = False
    assert office.read().added == 1
    assert (office.shown.trouble, office.shown.added) == ("", 1)


def test_one_wrong_row_and_nothing_is_imported(office: Office) -> None:
    office.choose()
    office.read()
    office.sells(good(UnitPrice="150"), good(SkuId="0003", UnitPrice="dear"))
    with pytest.raises(ImportRefused):
        office.read()
    assert office.prices == ["145.20"]
    (error,) = office.shown.errors
    assert error.startswith("line 3, UnitPrice")
    assert office.shown.rows == 1, "what was read before stays"
    assert office.shown.next_at == office.of.clock.now() + timedelta(days=1)


def test_a_dry_run_that_fails_keeps_nothing(office: Office) -> None:
    office.choose()
    before = Source.objects.get(pk=office.source_id)
    office.sells(good(UnitPrice="dear"))
    with pytest.raises(ImportRefused):
        office.read(dry_run=True)
    office.choose(token="refresh-99")
    with pytest.raises(Unreachable):
        office.read(dry_run=True)
    after = Source.objects.get(pk=office.source_id)
    assert (after.price_sheet, after.prices_next_at) == (before.price_sheet, before.prices_next_at)
    assert office.logs() == []


class FullDisk:
    """Sheets that find no room while they are written."""

    def save(self, market: str, into: Any) -> None:
        into.write(market.encode())
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_trouble_of_that_sheet(office: Office) -> None:
    office.choose()
    reading = PriceReading(lambda _: FullDisk(), office.of.clock.now(), "read")
    with acting_as(WORKER), pytest.raises(SourceTrouble, match="No space left on device"):
        read_prices_by_itself(office.source_id, reading)
    assert (
        office.shown.trouble == "It could not be kept while it was read: No space left on device."
    )
    assert office.read().added == 1


def test_one_that_nobody_wants_any_more_is_not_read(office: Office) -> None:
    office.choose()
    assert claim_prices(office.source_id, now=office.of.clock.now())
    office.choose(market="")
    with acting_as(WORKER):
        assert read_prices_by_itself(office.source_id, office.reading()) is None
    assert office.logs() == []


def test_a_price_that_moves_far_holds_all_of_it_until_a_person_accepts(office: Office) -> None:
    office.choose()
    office.read()
    office.sells(good(UnitPrice="1452.00"), good(SkuId="0003"))
    with pytest.raises(ImportRefused, match="more than 3 times"):
        office.read()
    assert office.prices == ["145.20"]
    looked = office.read(accept_large_moves=True, dry_run=True)
    assert (looked.stored, looked.moves, office.prices) == (False, 1, ["145.20"])
    assert office.shown.errors, "a look changes nothing of what is shown"
    assert office.read(accept_large_moves=True).replaced == 1
    assert sorted(office.prices) == ["145.20", "1452.00"]


@pytest.mark.parametrize(
    "way", ["csv", "members", "cut", "bare", "bare, cut", "bare, headless", "bare, headless, cut"]
)
def test_however_it_is_packed(office: Office, way: str) -> None:
    whole = sheet([GOOD, good(SkuId="0003")])
    middle = len(whole) // 2
    members = gzip.compress(whole[:middle]) + gzip.compress(whole[middle:])
    office.center.bare_deflate = way.startswith("bare")
    office.center.headless_deflate = "headless" in way
    office.center.cut_sheet = way.endswith("cut")
    office.center.price_sheets["DE"] = members if way in {"members", "cut"} else whole
    office.choose()
    if way.endswith("cut"):
        with pytest.raises((InvalidInput, Unreachable), match="damaged"):
            office.read()
        assert office.prices == []
    else:
        assert office.read().rows == 2


def test_more_than_is_allowed_is_not_read_to_its_end(office: Office) -> None:
    office.center.prices_need_a_user = False
    sheets = price_sheets_of(Source.objects.get(pk=office.source_id))
    origin = source_wire()
    assert isinstance(origin, SourceWire)
    office.center.price_sheets["DE"] = b"\x1f\x8b" + bytes(300_000)
    into = io.BytesIO()
    address = "https://api.partner.microsoft.com/v1.0/sales/pricesheets(Market='DE',"
    with pytest.raises(SourceTrouble, match="more than 100 kB"):
        origin.save(
            f"{address}PricesheetView='updatedlicensebased')/$value",
            into,
            headers={"Authorization": f"Bearer {sheets._token()}"},
            most_bytes=100 << 10,
            seconds=60,
        )
    assert len(into.getvalue()) <= 100 << 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"market": "Germany"}, "market"),
        ({"is_for": ""}, "price_is_for"),
        ({"token": "two\nlines"}, "refresh_token"),
        ({"token": "x" * 9000}, "refresh_token"),
    ],
)
def test_what_is_refused(office: Office, change: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        office.choose(**change)
    assert [error.field for error in caught.value.errors] == [field]
    assert Source.objects.get(pk=office.source_id).price_sheet == {}
    with pytest.raises(InvalidInput, match="say its market first"):
        office.read()


def test_it_is_the_csps_and_a_partner_centers(office: Office) -> None:
    reseller = sibling(office.of)
    for stranger in (reseller, tenancy()):
        with pytest.raises(NotFound):
            office.choose(of=stranger)
    Source.objects.filter(pk=office.source_id).update(reseller_id=reseller.reseller_id)
    with pytest.raises(NotAllowed):
        office.choose(of=reseller)
    with pytest.raises(NotAllowed):
        read_prices_now(office.source_id, office.reading(), context=reseller.context)
    Source.objects.filter(pk=office.source_id).update(reseller_id=None)
    told = teller(office.of).added.source_id
    with pytest.raises(InvalidInput, match="has no price sheets"):
        read_prices_now(told, office.reading(), context=office.of.context)
    office.choose()
    office.choose("", "")
    assert office.by_itself() is None
    office.choose("FR")
    with pytest.raises(Unreachable, match="no price sheet of the market FR"):
        office.read()
    assert "api.partner.microsoft.com" in HOSTS


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-05-31T23:30:00+00:00", "2026-07-01T06:00:00+02:00"),
        ("2026-12-10T09:00:00+00:00", "2027-01-01T06:00:00+01:00"),
    ],
)
def test_a_month_begins_where_the_organisation_is(now: str, following: str) -> None:
    found = next_month(datetime.fromisoformat(now), "Europe/Berlin")
    assert found == datetime.fromisoformat(following)


@pytest.mark.skipif(not SHARED.exists(), reason="the vendor's descriptions are not here")
def test_its_columns_are_those_described() -> None:
    assert list(COLUMNS) == (SHARED / "pricesheet_license_columns.txt").read_text().split("\n")[:19]
