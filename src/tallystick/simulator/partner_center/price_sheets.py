"""Its licence price sheets: ``pricesheets(Market='US',PricesheetView='updatedlicensebased')``.

Columns as a production parser reads them; a zip for who accepts ``deflate``, else CSV.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping

from tallystick.simulator.jsontext import write_bytes
from tallystick.simulator.messages import Answer, Request
from tallystick.simulator.partner_center.world import Center

HOST = "api.partner.microsoft.com"
COLUMNS = (
    *("ProductTitle", "ProductId", "SkuId", "SkuTitle", "Publisher", "SkuDescription"),
    *("UnitOfMeasure", "TermDuration", "BillingPlan", "Market", "Currency", "UnitPrice"),
    *("PricingTierRangeMin", "PricingTierRangeMax", "EffectiveStartDate", "EffectiveEndDate"),
    *("Tags", "ERP Price", "Segment"),
)
SHEET = re.compile(
    r"/v1\.0/sales/pricesheets\(Market='([A-Z]{2})',PricesheetView='updatedlicensebased'\)/\$value\Z"
)


def sheet(rows: Iterable[Mapping[str, str]]) -> bytes:
    """CSV with a BOM and all columns."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def answer(center: Center, request: Request, market: str, token: str) -> Answer:
    if token not in center.price_tokens:
        return _refused(401)
    if center.prices_need_a_user and token not in center.user_tokens:
        return _refused(403)
    content = center.price_sheets.get(market)
    if content is None:
        return _refused(404)
    wants_zip = "deflate" in request.headers.get("accept-encoding", "")
    if center.bare_deflate:
        window = -zlib.MAX_WBITS if center.headless_deflate else zlib.MAX_WBITS
        packed = _cut(center, zlib.compress(content, wbits=window))
        sent = Answer(200, packed, "application/octet-stream")
        sent.headers.append(("Content-Encoding", "deflate"))
        return sent
    if wants_zip and not content.startswith((b"PK", b"\x1f\x8b")):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"pricesheet-{market}.csv", content)
        content = file.getvalue()
    return Answer(200, _cut(center, content), "application/octet-stream")


def _cut(center: Center, content: bytes) -> bytes:
    return content[:-12] if center.cut_sheet else content


def _refused(status: int) -> Answer:
    return Answer(status, write_bytes({"error": {"code": str(status)}}))
