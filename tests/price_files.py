"""Price sheets as Partner Center gives them, and ways to make them wrong."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping

# All columns of a licence price sheet, in their order, with the prices of one offer.
GOOD = {
    "ProductTitle": "Microsoft 365 Business Premium",
    "ProductId": "CFQ7TTC0LCHC",
    "SkuId": "0002",
    "SkuTitle": "Microsoft 365 Business Premium",
    "Publisher": "Microsoft Corporation",
    "SkuDescription": "Best for businesses",
    "UnitOfMeasure": "1 License(s)",
    "TermDuration": "P1Y",
    "BillingPlan": "Monthly",
    "Market": "DE",
    "Currency": "EUR",
    "UnitPrice": "145.20",
    "PricingTierRangeMin": "",
    "PricingTierRangeMax": "",
    "EffectiveStartDate": "5/1/2026 12:00:00 AM",
    "EffectiveEndDate": "11/30/9999 11:59:59 PM",
    "Tags": "",
    "ERP Price": "181.50",
    "Segment": "Commercial",
}


def good(**changes: str) -> dict[str, str]:
    """``ERP_Price`` for the column with the space."""
    return GOOD | {name.replace("_", " "): value for name, value in changes.items()}


def sheet(rows: Iterable[Mapping[str, str]], *, delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    rows = list(rows)
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def zipped(data: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("pricesheet.csv",):
            archive.writestr(name, data)
    return file.getvalue()
