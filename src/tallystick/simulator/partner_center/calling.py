"""The stand-in's webhook: who is called, and how. As often as Microsoft, if somebody says so."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tallystick.simulator.partner_center.signing import Signer

API = "api.partnercenter.microsoft.com"
SECONDS = 30.0


@dataclass(slots=True)
class Calling:
    """``registration``: as it was sent to us; ``reached_at``: an origin that stands in for the
    registered one; ``tests``: asked for; ``file``: what is at the certificate's address instead."""

    signer: Signer | None = None
    registration: dict[str, Any] | None = None
    reached_at: str = ""
    tests: list[dict[str, Any]] = field(default_factory=list)
    file: bytes | None = None

    def updated(self, customer_id: str, subject: str, *, at: datetime, audit: str = "") -> bytes:
        """The body of ``subscription-updated``."""
        return _body(
            "subscription-updated",
            f"http://{API}/webhooks/v1/customers/{customer_id}/subscriptions/{subject}",
            "subscription",
            at,
            audit=f"https://{API}/v1/auditrecords/{audit}" if audit else None,
        )

    def test(self, correlation: str, *, at: datetime) -> bytes:
        address = f"http://{API}/webhooks/v1/registration/validationEvents/{correlation}"
        return _body("test-created", address, "test", at, audit=None)

    def deliver(self, body: bytes) -> int:
        """Call the registered address once; the status it answered."""
        if self.registration is None or self.signer is None:
            raise RuntimeError("nobody is registered, or nobody signs")
        where = urlsplit(self.registration["WebhookUrl"])
        origin = self.reached_at or f"{where.scheme}://{where.netloc}"
        headers = self.signer.headers(
            body, in_authorization=not self.registration.get("SignatureTokenToMsSignatureHeader")
        )
        request = urllib.request.Request(  # noqa: S310 - where the test says
            origin + where.path, data=body, headers=headers, method="POST"
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
            return int(answer.status)


def _body(event: str, resource: str, name: str, at: datetime, *, audit: str | None) -> bytes:
    return json.dumps(
        {
            "EventName": event,
            "ResourceUri": resource,
            "ResourceName": name,
            "AuditUri": audit,
            "ResourceChangeUtcDate": f"{at:%Y-%m-%dT%H:%M:%S}.3520276+00:00",
        }
    ).encode()
