"""A price list is imported whole or not at all, and the same one again changes nothing."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import Tenancy, tenancy
from price_desk import by
from price_files import GOOD, good, sheet, zipped
from tallystick.audit.models import AuditLog
from tallystick.catalog.models import PriceImport, PriceRow, PriceSeries
from tallystick.catalog.price_list import moves_too_far
from tallystick.catalog.price_words import PriceIsFor
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_prices import PriceFile, PricesImported, import_prices

pytestmark = pytest.mark.usefixtures("db")
FILE = PriceFile("May.csv", PriceIsFor.TERM)


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


def load(
    of: Tenancy, data: bytes, file: PriceFile = FILE, *, dry_run: bool = False, **more: Any
) -> PricesImported:
    return import_prices(io.BytesIO(data), replace(file, **more), by=by(of), dry_run=dry_run)


def refused(of: Tenancy, data: bytes, **more: Any) -> list[str]:
    """What the refusal says; and nothing of the file is there."""
    before = kept(of)
    with pytest.raises(ImportRefused) as caught:
        load(of, data, **more)
    assert kept(of) == before
    return [str(error) for error in caught.value.errors]


def kept(of: Tenancy) -> list[Any]:
    rows = PriceRow.objects.filter(series__tenant_id=of.tenant_id).order_by(
        "series_id", "effective_from", "pk"
    )
    return [
        (str(row.cost), str(row.erp), row.effective_from, row.effective_until, row.replaced_at)
        for row in rows
    ]


def test_a_sheet_with_all_its_columns(csp: Tenancy) -> None:
    done = load(csp, sheet([GOOD, good(SkuId="0003", Segment="Charity", UnitPrice="72.60")]))
    assert (done.rows, done.added, done.replaced, done.unchanged) == (2, 2, 0, 0)
    assert (done.stored, done.unknown_columns) == (True, ())
    row = PriceRow.objects.select_related("series").get(
        series__tenant_id=csp.tenant_id, series__sku_id="0002"
    )
    assert (row.cost, row.erp, row.is_for) == (Decimal("145.2"), Decimal("181.5"), "term")
    assert (row.effective_from, row.effective_until) == (date(2026, 5, 1), None)
    of = row.series
    assert (of.segment, of.term, of.billing_cycle) == ("commercial", "P1Y", "monthly")
    assert (of.market, of.currency, of.name) == ("DE", "EUR", "Microsoft 365 Business Premium")
    assert PriceSeries.objects.filter(tenant_id=csp.tenant_id, segment="nonprofit").exists()
    log = AuditLog.objects.get(tenant_id=csp.tenant_id, event="import.prices")
    assert log.summary == "May.csv: 2 prices added, 0 replaced"


def test_the_same_file_again_changes_nothing(csp: Tenancy) -> None:
    data = sheet([GOOD, GOOD, good(SkuId="0003")])
    assert load(csp, data).added == 2  # a line that says the same twice is one
    before = kept(csp)
    again = load(csp, data)
    assert (again.added, again.replaced, again.unchanged) == (0, 0, 3)
    assert kept(csp) == before
    assert PriceImport.objects.filter(tenant_id=csp.tenant_id).count() == 1
    assert AuditLog.objects.filter(tenant_id=csp.tenant_id, event="import.prices").count() == 1


def test_a_dry_run_stores_nothing(csp: Tenancy) -> None:
    done = load(csp, sheet([GOOD]), dry_run=True)
    assert (done.added, done.stored) == (1, False)
    assert kept(csp) == []
    assert not PriceSeries.objects.filter(tenant_id=csp.tenant_id).exists()


def test_a_newer_list_counts_from_its_day_and_a_correction_from_the_same(csp: Tenancy) -> None:
    load(csp, sheet([GOOD]))
    load(csp, sheet([good(UnitPrice="150", EffectiveStartDate="6/1/2026 12:00:00 AM")]))
    may, june = date(2026, 5, 1), date(2026, 6, 1)
    assert kept(csp) == [
        ("145.2000", "181.5000", may, june, None),
        ("150.0000", "181.5000", june, None, None),
    ]
    done = load(csp, sheet([good(UnitPrice="146")]))
    assert (done.added, done.replaced) == (0, 1)
    assert kept(csp) == [
        ("145.2000", "181.5000", may, june, csp.clock.now()),
        ("146.0000", "181.5000", may, june, None),
        ("150.0000", "181.5000", june, None, None),
    ]
    # An older list that comes late counts until the next one begins.
    load(csp, sheet([good(UnitPrice="140", EffectiveStartDate="4/1/2026 12:00:00 AM")]))
    assert ("140.0000", "181.5000", date(2026, 4, 1), may, None) in kept(csp)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.permutations([(1, 4), (2, 3), (2, 0), (5, 0), (3, 6), (5, 7)]), st.integers(1, 6))
def test_in_whatever_order_lists_come_one_row_counts_a_day(
    csp: Tenancy, lists: list[tuple[int, int]], many: int
) -> None:
    """And it is the one that began last."""
    sku = str(next(NUMBERS))
    taken = lists[:many]
    for number, (first, last) in enumerate(taken):
        end = f"{last}/1/2026 12:00:00 AM" if last else "11/30/9999 11:59:59 PM"
        listed = good(
            SkuId=sku,
            UnitPrice=str(100 + number),
            EffectiveStartDate=f"{first}/1/2026",
            EffectiveEndDate=end,
        )
        load(csp, sheet([listed]))
    rows = PriceRow.objects.filter(
        series__tenant_id=csp.tenant_id, series__sku_id=sku, replaced_at__isnull=True
    )
    newest = {first: (number, last) for number, (first, last) in enumerate(taken)}
    for month in range(1, 9):
        day = date(2026, month, 15)
        counting = [
            int(row.cost)
            for row in rows
            if row.effective_from <= day
            and (row.effective_until is None or day < row.effective_until)
        ]
        begun = [first for first in newest if first <= month]
        expected = []
        if begun:
            number, last = newest[max(begun)]
            expected = [100 + number] if not last or month < last else []
        assert counting == expected


NUMBERS = itertools.count(1000)


@pytest.mark.parametrize(
    ("change", "stored"),
    [
        ({"EffectiveEndDate": "5/31/2026 11:59:59 PM"}, date(2026, 6, 1)),
        ({"EffectiveEndDate": "6/1/2026 12:00:00 AM"}, date(2026, 6, 1)),
        ({"EffectiveEndDate": "2026-05-31T23:59:59.9999999Z"}, date(2026, 6, 1)),
        ({"EffectiveEndDate": "2026-06-01T00:00:00Z"}, date(2026, 6, 1)),
        ({"EffectiveEndDate": "2026-05-31"}, date(2026, 6, 1)),
        ({"EffectiveEndDate": "12/31/9999 11:59:59 PM"}, None),
        ({"EffectiveEndDate": ""}, None),
    ],
)
def test_ends_are_read_as_they_are_meant(
    csp: Tenancy, change: dict[str, str], stored: date | None
) -> None:
    load(csp, sheet([good(**change)]))
    assert kept(csp)[0][3] == stored


def test_files_as_they_come(csp: Tenancy, tmp_path: Path) -> None:
    """A BOM, curly quotes, both spellings of ERP, a zip, semicolons, columns nobody knows."""
    plain = sheet([GOOD]).decode()
    curly = plain.replace("Tags,ERP Price,Segment", "Tags,ERP Price,“Segment”", 1)
    one_sided = plain.replace("ERP Price,Segment", 'ERP Price,"Segment”', 1)
    other = plain.replace("ERP Price", "ERPPrice", 1)
    shapes = [
        b"\xef\xbb\xbf" + plain.encode(),
        curly.encode(),
        one_sided.encode(),
        other.encode(),
        zipped(plain.encode()),
        sheet([GOOD], delimiter=";"),
        sheet([GOOD], delimiter="\t"),
        (plain + "\r\n,,,,,,,,,,,,,,,,,,\r\n").encode(),
        sheet([GOOD | {"PreviousValues": "12", "ChangeIndicator": "Changed"}]),
    ]
    for number, data in enumerate(shapes):
        mine = (
            data.replace(b"0002", b"%04d" % (number + 10)) if not data.startswith(b"PK") else data
        )
        done = load(csp, mine)
        assert (done.added, done.unchanged) == (1, 0), number
    assert done.unknown_columns == ("PreviousValues", "ChangeIndicator")
    assert set(kept(csp)) == {("145.2000", "181.5000", date(2026, 5, 1), None, None)}
    file = tmp_path / "May.csv"
    file.write_bytes(sheet([good(SkuId="9999")]))
    assert import_prices(file, FILE, by=by(csp)).added == 1


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        ("UnitPrice", "NaN", "is not an amount"),
        ("UnitPrice", "inf", "is not an amount"),
        ("UnitPrice", "-0", "write 0"),
        ("UnitPrice", "-1", "must be between 0 and"),
        ("UnitPrice", "1.1234567", "has more than four decimals"),
        ("UnitPrice", "1" + "0" * 18, "is not an amount"),
        ("UnitPrice", "12,50", "is not an amount"),
        ("UnitPrice", "1,000.00", "is not an amount"),
        ("UnitPrice", "", "is not an amount"),
        ("ERP_Price", "NaN", "is not an amount"),
        ("ERP_Price", "1.00001", "has more than four decimals"),
        ("TermDuration", "P2Y", "is not one of: P1M, P1Y, P3Y, P5Y, none"),
        ("BillingPlan", "Weekly", "is not one of: monthly"),
        ("Segment", "Military", "is not one of: commercial"),
        ("Market", "Germany", "is not a market"),
        ("Market", "", "was not stated for the whole file"),
        ("Currency", "Euro", "is not a currency code"),
        ("Currency", "", "was not stated for the whole file"),
        ("EffectiveStartDate", "31/5/2026 12:00:00 AM", "is not a day: month/day/year"),
        ("EffectiveStartDate", "soon", "is not a day"),
        ("EffectiveStartDate", "", "is not a day"),
        ("EffectiveEndDate", "4/30/2026 11:59:59 PM", "is before the start"),
        ("PricingTierRangeMin", "-1", "is not a whole number"),
        ("PricingTierRangeMax", "99999999999", "is not a whole number"),
        ("ProductId", "", "is empty"),
        ("ProductId", "x" * 101, "is longer than"),
        ("SkuTitle", "a\x07b", "control character"),
    ],
)
def test_each_wrong_cell_is_named(csp: Tenancy, column: str, text: str, why: str) -> None:
    [said] = refused(csp, sheet([GOOD, good(SkuId="0009", **{column: text})]))
    assert said.startswith(f"line 3, {column.replace('_', ' ')}: ")
    assert why in said


def test_all_that_is_wrong_is_said_at_once(csp: Tenancy) -> None:
    wrong = good(UnitPrice="x", TermDuration="y", Segment="z")
    assert len(refused(csp, sheet([wrong, GOOD, wrong]))) == 6


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "file: is empty"),
        (sheet([GOOD]).replace(b"UnitPrice", b"Price"), "line 1, UnitPrice: this column is mis"),
        (sheet([GOOD]).replace(b"Tags", b"ERPPrice"), "line 1, ERP Price: is there twice"),
        (sheet([GOOD]).decode().encode("utf-16"), "file: is in UTF-16"),
        (sheet([good(SkuTitle="Büro")]).decode().encode("latin-1"), "file: is not in UTF-8"),
        (sheet([GOOD])[:-40] + b"\r\n", "line 2, row: has"),
        (sheet([GOOD]) + b'"never closed', "line 3, row: cannot be read"),
        (zipped(sheet([GOOD]), "a.csv", "b.csv"), "file: is a zip file with 2 CSV files"),
        (zipped(sheet([GOOD]), "a.txt"), "file: is a zip file with 0 CSV files"),
        (zipped(sheet([GOOD]))[:-30], "file: is a zip file that is damaged"),
        (
            sheet([GOOD, good(UnitPrice="1"), good(ERP_Price="1")]),
            "line 3, row: gives the offer of line 2 another price from the same day",
        ),
    ],
)  # fmt: skip
def test_files_that_are_refused(csp: Tenancy, data: bytes, why: str) -> None:
    assert refused(csp, data)[0].startswith(why)


def test_a_small_zip_with_a_large_file_in_it(csp: Tenancy) -> None:
    nothing = b" " * 100_000 + b"\r\n"
    data = zipped(sheet([GOOD]) + nothing * 2_200)
    assert len(data) < 1024 * 1024
    assert refused(csp, data) == ["file: is larger than 200 MB: split it"]


def test_what_is_stated_for_the_whole_file(csp: Tenancy) -> None:
    bare = {k: v for k, v in GOOD.items() if k not in {"Market", "Currency"}}
    assert len(refused(csp, sheet([bare]))) == 2
    assert load(csp, sheet([bare]), currency="eur", market="de").added == 1
    [said] = refused(csp, sheet([GOOD]), currency="USD")
    assert "“EUR” is not what was stated for the whole file, USD" in said
    for field, value in (("currency", "euro"), ("market", "DEU")):
        with pytest.raises(InvalidInput, match=field):
            load(csp, sheet([GOOD]), **{field: value})


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"UnitPrice": "435.60"}, 0),  # three times is not more than three times
        ({"UnitPrice": "435.72"}, 1),
        ({"UnitPrice": "48.40"}, 0),
        ({"UnitPrice": "48.36"}, 1),
        ({"UnitPrice": "0"}, 1),
        ({"ERP_Price": "12.10"}, 1),
        ({"UnitPrice": "12.10", "ERP_Price": "15.125"}, 2),
        ({"ERP_Price": ""}, 0),
    ],
)
def test_a_price_that_moves_too_far_waits_for_a_person(
    csp: Tenancy, change: dict[str, str], moves: int
) -> None:
    load(csp, sheet([GOOD]))
    before = kept(csp)
    for start in ("5/1/2026 12:00:00 AM", "6/1/2026 12:00:00 AM"):
        data = sheet([good(EffectiveStartDate=start, **change), good(SkuId="0007")])
        tried = load(csp, data, dry_run=True)
        assert tried.moves == moves
        if moves:
            said = refused(csp, data)
            assert len(said) == moves
            assert said[0].startswith("line 2, ")
            assert "more than 3 times" in said[0]
    assert kept(csp) == before
    if moves:
        assert load(csp, data, accept_large_moves=True).added == 2
        assert PriceImport.objects.filter(tenant_id=csp.tenant_id).latest("pk").large_moves == moves


def test_a_term_price_read_as_a_cycle_price_is_seen(csp: Tenancy) -> None:
    """The trap of the sheets: the annual figure of an offer that is billed monthly."""
    load(csp, sheet([GOOD]))
    [cost, erp] = refused(csp, sheet([GOOD]), is_for=PriceIsFor.CYCLE)
    assert "12.1000 becomes 145.2000 EUR a billing cycle" in cost
    assert erp.startswith("line 2, ERP Price")
    # The same price said in the other way is no move.
    as_cycle = sheet([good(UnitPrice="12.10", ERP_Price="15.125")])
    assert load(csp, as_cycle, is_for=PriceIsFor.CYCLE).replaced == 1


AMOUNTS = ["0", "0.0001", "1", "2.9999", "3", "3.0001", "9", "9.0003", "1000"]


def test_the_database_judges_moves_as_the_rule_does(csp: Tenancy) -> None:
    pairs = list(enumerate(itertools.product(AMOUNTS, AMOUNTS)))
    file = replace(FILE, is_for=PriceIsFor.CYCLE)
    lists = [
        sheet([good(SkuId=str(n), UnitPrice=pair[which], ERP_Price="") for n, pair in pairs])
        for which in (0, 1)
    ]
    load(csp, lists[0], file)
    tried = load(csp, lists[1], file, dry_run=True)
    assert {move.line for move in tried.large_moves} == {
        n + 2 for n, pair in pairs if moves_too_far(*(Decimal(one) for one in pair))
    }


def test_a_price_list_is_the_csps(csp: Tenancy) -> None:
    with pytest.raises(NotAllowed, match="kept by your CSP"):
        load(tenancy(reseller=True), sheet([GOOD]))


def test_another_import_is_under_way(csp: Tenancy) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_lock(hashtextextended(%s, 0))",
                [f"import-prices/{csp.tenant_id}"],
            )
        with pytest.raises(Conflicting, match="Another price list"):
            load(csp, sheet([GOOD]))
    finally:
        other.close()
    assert kept(csp) == []


def test_tiers_are_prices_of_their_own(csp: Tenancy) -> None:
    tiers = [
        good(PricingTierRangeMin="1", PricingTierRangeMax="299"),
        good(PricingTierRangeMin="300", UnitPrice="130"),
    ]
    assert load(csp, sheet(tiers)).added == 2
    assert load(csp, sheet(tiers)).unchanged == 2


def test_two_hundred_thousand_rows_and_the_memory_stays_flat(csp: Tenancy, tmp_path: Path) -> None:
    """Counted in rows held by the program, not in bytes or seconds: none but the one in hand."""
    import tracemalloc

    file = tmp_path / "large.csv"
    header, line, _ = sheet([GOOD]).split(b"\r\n")
    peaks = []
    for rows in (2_000, 200_000):
        with file.open("wb") as out:
            out.write(header + b"\r\n")
            for number in range(rows):
                out.write(line.replace(b"0002", b"%07d" % number, 1) + b"\r\n")
        tracemalloc.start()
        try:
            done = import_prices(file, FILE, by=by(csp), dry_run=rows > 2_000)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert done.rows == rows
    assert (done.added, done.unchanged) == (198_000, 2_000)
    print(f"200,000 rows: {peaks[1] // 1024} KiB at most, 2,000 rows: {peaks[0] // 1024} KiB")
    assert peaks[1] < peaks[0] + 2 * 1024 * 1024
