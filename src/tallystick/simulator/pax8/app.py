"""Its world and its addresses: token, companies, subscriptions, their history."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tallystick.simulator.jsontext import write_bytes
from tallystick.simulator.messages import Answer, Request
from tallystick.simulator.serving import served

CLIENT = "pax8-client"
SECRET = "pax8-stand-in"  # noqa: S105 - of the stand-in
_WEBHOOKS = "/api/v2/webhooks"
_HISTORY = re.compile(r"/v1/subscriptions/([0-9a-f-]{36})/history\Z")


@dataclass(slots=True)
class Distributor:
    """``throttle``: so many next calls are answered 429; ``break_off``: a list shows one fewer."""

    companies: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    secret: str = SECRET
    throttle: int = 0
    break_off: bool = False
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    topics: tuple[str, ...] = ("subscription.updated", "invoice.created")

    def add_company(self, name: str) -> str:
        company_id = str(uuid.UUID(int=len(self.companies) + 1))
        company = {"id": company_id, "name": name, "status": "Active", "phone": "555-555-5555"}
        address = {"street": "1 Main", "city": "Denver", "postalCode": "80202", "country": "US"}
        self.companies.append(
            {
                **company,
                "website": "https://example.com",
                "address": {**address, "stateOrProvince": "CO"},
                "billOnBehalfOfEnabled": False,
                "selfServiceAllowed": False,
                "orderApprovalRequired": False,
            }
        )
        return company_id

    def add_subscription(self, company_id: str, **changes: Any) -> str:
        """A licence billed monthly, committed to for a year."""
        subject = str(uuid.UUID(int=1000 + len(self.subscriptions)))
        self.subscriptions[subject] = {
            "id": subject,
            "companyId": company_id,
            "productId": str(uuid.UUID(int=77)),
            "quantity": 10,
            "startDate": "2026-01-01T08:30:00Z",
            "createdDate": "2026-01-01",
            "updatedDate": "2026-01-01T08:30:00-0700",
            "billingStart": "2026-01-01",
            "status": "Active",
            "price": 15.39,
            "partnerCost": 11.39,
            "currencyCode": "USD",
            "productName": "Microsoft 365 Business Standard",
            "billingTerm": "Monthly",
            "commitmentTerm": {
                "id": str(uuid.UUID(int=5)),
                "term": "1-Year",
                "endDate": "2026-12-31T00:00:00Z",
            },
            **changes,
        }
        self.history[subject] = []
        return subject

    def call(self, webhook_id: str, **changes: Any) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a call; what an event holds is published nowhere."""
        webhook = self.webhooks[webhook_id]
        body = {
            "accountId": str(uuid.UUID(int=42)),
            "url": webhook["url"],
            "webhookId": webhook_id,
            "sentAt": "2026-05-04T08:00:00Z",
            "webhookTopic": {"id": str(uuid.UUID(int=1)), "topic": self.topics[0], "filters": []},
            "payloadData": {"anything": True},
            **changes,
        }
        return {"authorization": webhook["authorization"]}, json.dumps(body).encode()

    def change(self, subject: str, *, at: str, **changes: Any) -> None:
        """It was as it is; from then on it is another. Its history begins with the newest."""
        self.history[subject].insert(0, dict(self.subscriptions[subject]))
        self.subscriptions[subject].update(changes, updatedDate=at)


class Pax8App:
    """Answers one request after another."""

    def __init__(self, world: Distributor) -> None:
        self.world = world

    def cut_early(self, request: Request) -> bool:  # noqa: ARG002 - the server's protocol
        return False

    def tick(self) -> None:
        """Nothing happens by itself."""

    def handle(self, request: Request) -> Answer:
        world, path = self.world, request.path
        if path == "/v1/token":
            return self._token(request)
        if request.headers.get("authorization") != "Bearer pax8-token":
            return _json(401, {"type": "UNAUTHORIZED", "message": "Unauthorized"})
        if world.throttle:
            world.throttle -= 1
            return _json(429, {"message": "Too many requests"})
        if path == "/v1/companies":
            return self._page(request, world.companies)
        if path == "/v1/subscriptions":
            company = request.parameters().get("companyid")
            held = list(world.subscriptions.values())
            return self._page(request, [one for one in held if company in {None, one["companyId"]}])
        if path.startswith(_WEBHOOKS):
            return self._webhook(request, path.removeprefix(_WEBHOOKS).strip("/").split("/"))
        found = _HISTORY.match(path)
        if found and found.group(1) in world.history:
            subject = found.group(1)
            return _json(200, {"content": [world.subscriptions[subject], *world.history[subject]]})
        return _json(404, {"type": "NOT_FOUND", "message": "Not found"})

    def _webhook(self, request: Request, parts: list[str]) -> Answer:
        """Its second version: topics, one made, one changed."""
        world = self.world
        if parts == ["topic-definitions"]:
            content = [{"topic": one, "name": one} for one in world.topics]
            return _json(200, {"content": content, "totalElements": len(content)})
        said = json.loads(request.body or b"{}")
        if parts == [""] and request.method == "POST":
            made = str(uuid.UUID(int=500 + len(world.webhooks)))
            world.webhooks[made] = {"id": made, **said}
            return _json(200, world.webhooks[made])
        if parts[0] not in world.webhooks:
            return _json(404, {"type": "NOT_FOUND", "message": "Not found"})
        world.webhooks[parts[0]].update(said)
        return _json(200, world.webhooks[parts[0]])

    def _token(self, request: Request) -> Answer:
        try:
            said = json.loads(request.body)
        except ValueError:
            said = {}
        if said.get("client_id") != CLIENT or said.get("client_secret") != self.world.secret:
            return _json(401, {"error": "access_denied"})
        answer = {"access_token": "pax8-token", "expires_in": 86400, "token_type": "Bearer"}
        return _json(200, answer)

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Answer:
        asked = request.parameters()
        number, size = int(asked.get("page", "0")), min(int(asked.get("size", "10")), 200)
        shown = items[number * size : (number + 1) * size]
        if self.world.break_off:
            shown = shown[:-1]
        pages = -(-len(items) // size)
        page = {"size": size, "totalElements": len(items), "totalPages": pages, "number": number}
        return _json(200, {"content": shown, "page": page})


@dataclass(frozen=True, slots=True)
class RunningPax8:
    """Its world, to be looked at and changed, and what stands in for which host."""

    world: Distributor
    stand_ins: dict[str, str]


@contextmanager
def running_pax8(*, port: int = 0) -> Iterator[RunningPax8]:
    """Stopped at the end. Raises OSError when it cannot listen."""
    world = Distributor()
    with served(Pax8App(world), port=port) as origin:
        yield RunningPax8(world, {"api.pax8.com": origin})


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, write_bytes(body))
