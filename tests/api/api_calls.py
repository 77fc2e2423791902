"""A caller of the API: a token, and Django's test client in front of the real addresses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from factories import Tenancy
from tallystick.identity.reach import NOTHING, reaching
from tallystick.identity.roles import Role
from tallystick.identity.tokens import create_token
from tallystick.kit.ids import correlation_id

ROOT = "/api/v1"


@dataclass
class Said:
    """An answer, read."""

    status: int
    body: Any
    headers: Any
    text: str

    @property
    def fields(self) -> list[str]:
        return [error["field"] for error in self.body["errors"]]


@dataclass
class Api:
    """Calls with one token."""

    of: Tenancy
    token: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(
        self,
        method: str,
        address: str,
        body: Any = None,
        *,
        raw: Any = None,
        kind: str = "application/json",
        **headers: str,
    ) -> Said:
        """``headers`` as ``Idempotency_Key``; ``raw`` is sent instead of ``body``, as ``kind``.

        An address is below ``/api/v1``, unless it begins with ``root:``.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = raw if raw is not None else json.dumps(body) if body is not None else ""
        response = self.client.generic(
            method,
            address.removeprefix("root:") if address.startswith("root:") else ROOT + address,
            data,
            content_type=kind,
            headers=sent,
        )
        with reaching(NOTHING):  # as the server reads a stream, after the door has closed
            content = b"".join(response) if response.streaming else response.content
        text = content.decode()
        is_json = "json" in response.headers.get("Content-Type", "")
        return Said(
            response.status_code, json.loads(text) if text and is_json else None, response, text
        )

    def get(self, address: str, **headers: str) -> Said:
        return self.call("GET", address, **headers)

    def post(self, address: str, body: Any = None, **headers: str) -> Said:
        return self.call("POST", address, body, **headers)

    def put(self, address: str, body: Any = None, **headers: str) -> Said:
        return self.call("PUT", address, body, **headers)

    def delete(self, address: str, **headers: str) -> Said:
        return self.call("DELETE", address, **headers)


def api_of(of: Tenancy, role: Role = Role.ADMINISTRATOR) -> Api:
    _, plain = create_token(
        tenant_id=of.tenant_id,
        reseller_id=of.reseller_id,
        role=role,
        name=f"{role.value} script",
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )
    return Api(of, plain)
