"""What the stand-in knows: customers, their subscriptions, the activity log; and its faults."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tallystick.simulator.partner_center.calling import Calling

PARTNER = "3b33e682-00c3-41ee-9dd2-a548adf56438"
TENANT = "contoso.onmicrosoft.com"
CLIENT = "00000000-0000-4000-8000-000000000001"
SECRET = "stand-in"  # noqa: S105 - of the stand-in, printed by it


@dataclass(slots=True)
class Center:
    """``throttle``: so many next calls are answered 429; ``break_off``: lists show one fewer than
    they count; ``page``: items a page."""

    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    # Of the host of price sheets, and of those the ones of a user; his refresh token.
    price_tokens: set[str] = field(default_factory=set)
    user_tokens: set[str] = field(default_factory=set)
    refresh_token: str = "refresh-1"  # noqa: S105 - of the stand-in
    prices_need_a_user: bool = True
    # By market, as they are sent.
    price_sheets: dict[str, bytes] = field(default_factory=dict)
    # Packed as ``deflate`` without a file around it; and without its last bytes.
    bare_deflate: bool = False
    # That without its header, as some servers send it.
    headless_deflate: bool = False
    cut_sheet: bool = False
    calls: list[str] = field(default_factory=list)
    secret: str = SECRET
    throttle: int = 0
    retry_after: int = 57
    break_off: bool = False
    page: int = 500
    answer_with: bytes | None = None
    next_uri: str | None = None
    calling: Calling = field(default_factory=Calling)

    def add_customer(self, name: str) -> str:
        """Answers its id, a GUID as Microsoft's."""
        customer_id = str(uuid.UUID(int=len(self.customers) + 1))
        self.customers[customer_id] = {
            "id": customer_id,
            "companyProfile": {
                "tenantId": customer_id,
                "domain": f"c{len(self.customers)}.onmicrosoft.com",
                "companyName": name,
                "attributes": {"objectType": "CustomerCompanyProfile"},
            },
            "relationshipToPartner": "reseller",
            "attributes": {"objectType": "Customer"},
        }
        self.subscriptions[customer_id] = {}
        return customer_id

    def add_subscription(self, customer_id: str, **changes: Any) -> str:
        """A licence of a year, billed monthly; ``changes`` by the names of the resource."""
        number = sum(len(held) for held in self.subscriptions.values()) + 1
        subject = str(changes.pop("id", uuid.UUID(int=1000 + number)))
        self.subscriptions[customer_id][subject] = {
            "id": subject,
            "offerId": "CFQ7TTC0LCHC:0002:CFQ7TTC0K971",
            "offerName": "Microsoft 365 Business Premium",
            "friendlyName": "",
            "quantity": 10,
            "unitType": "Licenses",
            "hasPurchasableAddons": False,
            "creationDate": "2026-01-01T08:30:00.1234567Z",
            "effectiveStartDate": "2026-01-01T00:00:00Z",
            "commitmentEndDate": "2026-12-31T00:00:00Z",
            "status": "active",
            "autoRenewEnabled": True,
            "isTrial": False,
            "billingType": "license",
            "billingCycle": "monthly",
            "termDuration": "P1Y",
            "isMicrosoftProduct": True,
            "partnerId": "",
            "contractType": "subscription",
            "publisherName": "Microsoft Corporation",
            "orderId": f"order{number}",
            "attributes": {"etag": "", "objectType": "Subscription"},
            **changes,
        }
        return subject

    def change(self, subject: str, *, at: datetime, logged: bool = True, **changes: Any) -> None:
        """Somebody, or Microsoft itself (``logged`` False), changes a subscription."""
        customer_id = next(c for c, held in self.subscriptions.items() if subject in held)
        self.subscriptions[customer_id][subject].update(changes)
        if logged:
            self.log(customer_id, subject, at=at)

    def log(self, customer_id: str, subject: str, *, at: datetime, **changes: Any) -> None:
        """A record of ``update_subscription``, which says whom and not what."""
        ticks = int((at - datetime(1, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
        self.records.append(
            {
                "id": f"{PARTNER}_{customer_id}_updatesubscription_{ticks}{len(self.records)}",
                "partnerId": PARTNER,
                "customerId": customer_id,
                "customerName": self.customers[customer_id]["companyProfile"]["companyName"],
                "userPrincipalName": "admin@contoso.onmicrosoft.com",
                "applicationId": "Partner Center Native App",
                "resourceType": "subscription",
                "operationType": "update_subscription",
                "operationDate": f"{at:%Y-%m-%dT%H:%M:%S}.7753934Z",
                "operationStatus": "succeeded",
                "customizedData": [{"key": "SubscriptionId-0", "value": subject}],
                "attributes": {"objectType": "AuditRecord"},
                **changes,
            }
        )
