"""Reconciliation files as Partner Center gives them, and ways to make them odd. All made up."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping

# The columns of a billed file of new commerce, in their order, with a whole month of ten licences.
GOOD = {
    "PartnerId": "0f6a2f3c-8f3e-4a44-9a55-4d1d5f0a1b01",
    "PartnerName": "Blue Ridge Cloud",
    "CustomerId": "c-1",
    "CustomerName": "Alder & Ash Architects",
    "CustomerDomainName": "alderash.example",
    "CustomerCountry": "DE",
    "InvoiceNumber": "G000000501",
    "MpnId": "1234567",
    "Tier2MpnId": "0",
    "OrderId": "ord-1",
    "OrderDate": "2026-01-01T09:30:06.6045692Z",
    "ProductId": "CFQ7TTC0LCHC",
    "SkuId": "0002",
    "AvailabilityId": "CFQ7TTC0K59S",
    "SkuName": "Microsoft 365 Business Premium",
    "ProductName": "Microsoft 365 Business Premium",
    "PublisherName": "Microsoft Corporation",
    "PublisherId": "",
    "SubscriptionDescription": "",
    "SubscriptionId": "s-1",
    "ChargeStartDate": "2026-05-01T00:00:00Z",
    "ChargeEndDate": "2026-05-31T00:00:00Z",
    "TermAndBillingCycle": "One-Year commitment for monthly/yearly billing",
    "EffectiveUnitPrice": "12.1",
    "UnitType": "",
    "Quantity": "10",
    "Subtotal": "121",
    "TaxTotal": "0",
    "Total": "121",
    "Currency": "EUR",
    "PriceAdjustmentDescription": '["Price for given billing period","Price for given term"]',
    "PublisherDiscount": "0",
    "DiscountDetails": "",
    "ChargeType": "cycleCharge",
    "UnitPrice": "12.1",
    "BillableQuantity": "10",
    "PricingCurrency": "EUR",
    "PCToBCExchangeRate": "1",
    "PCToBCExchangeRateDate": "2026-05-01T00:00:00",
    "MeterDescription": "",
    "ReservationOrderId": "",
    "CreditReasonCode": "",
    "SubscriptionStartDate": "2026-01-01T00:00:00Z",
    "SubscriptionEndDate": "2026-12-31T00:00:00Z",
    "ReferenceId": "28b535e0-68f4-40b5-84f7-8ed9241eb149",
    "ProductQualifiers": "[]",
    "PromotionId": "",
    "ProductCategory": "OnlineServicesNCE",
}


def charged(**changes: str) -> dict[str, str]:
    """A row, with other words in some columns."""
    unknown = changes.keys() - GOOD.keys()
    assert not unknown, unknown
    return GOOD | changes


def sheet(rows: Iterable[Mapping[str, str]]) -> bytes:
    """As Excel and Partner Center write it: every cell in quotes, CRLF."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(GOOD), quoting=csv.QUOTE_ALL, extrasaction="raise")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def members(data: bytes, parts: int = 3) -> bytes:
    """gzip as it is written in pieces: several members, cut wherever they are cut."""
    size = -(-len(data) // parts)
    cut = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(gzip.compress(one) for one in cut)
