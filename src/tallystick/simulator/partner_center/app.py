"""Its addresses: sign-in, customers, subscriptions, activity log, its webhook, certificates."""

from __future__ import annotations

import json
import re
import uuid
from datetime import date
from typing import Any

from tallystick.simulator.jsontext import write_bytes
from tallystick.simulator.messages import Answer, Request
from tallystick.simulator.partner_center.price_sheets import HOST as PRICES_HOST
from tallystick.simulator.partner_center.price_sheets import SHEET
from tallystick.simulator.partner_center.price_sheets import answer as price_sheet
from tallystick.simulator.partner_center.signing import CERTIFICATE_PATH, ISSUER_PATH
from tallystick.simulator.partner_center.world import TENANT, Center

_LOGIN = "https://login.microsoftonline.com"
_CUSTOMER = re.compile(r"/v1/customers/([0-9a-f-]{36})/subscriptions(?:/([0-9a-f-]{36}))?\Z")
_ONE_CUSTOMER = re.compile(r"/v1/customers/([0-9a-f-]{36})\Z")
_REGISTRATION = "/webhooks/v1/registration"
_REACHES_BACK = 90


class PartnerCenterApp:
    """Answers one request after another."""

    def __init__(self, center: Center, *, today: date) -> None:
        self.center = center
        self.today = today

    def cut_early(self, request: Request) -> bool:  # noqa: ARG002 - the server's protocol
        return False

    def tick(self) -> None:
        """Nothing happens by itself."""

    def handle(self, request: Request) -> Answer:
        center = self.center
        center.calls.append(f"{request.method} {request.path}")
        if f"/{TENANT}/" in request.path:
            return self._sign_in(request)
        if request.path in {CERTIFICATE_PATH, ISSUER_PATH}:
            return self._certificate(request.path)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if (priced := SHEET.match(request.path)) is not None:
            return price_sheet(center, request, priced.group(1), token)
        if token not in center.tokens:
            return _json(401, {"code": "900420", "description": "Wrong audience"})
        if center.throttle:
            center.throttle -= 1
            words = f"Rate limit is exceeded. Try again in {center.retry_after} seconds."
            answer = _json(429, {"statusCode": 429, "message": words})
            answer.headers.append(("Retry-After", str(center.retry_after)))
            return answer
        if center.answer_with is not None:
            return Answer(200, center.answer_with)
        return self._resource(request)

    def _sign_in(self, request: Request) -> Answer:
        if request.path.endswith("/.well-known/openid-configuration"):
            at = f"{_LOGIN}/{TENANT}"
            return _json(
                200,
                {
                    "issuer": f"{at}/v2.0",
                    "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{at}/oauth2/v2.0/token",
                },
            )
        if request.form().get("client_secret") != self.center.secret:
            return _json(401, {"error": "invalid_client", "error_description": "AADSTS7000215"})
        return self._token(request.form())

    def _token(self, form: dict[str, str]) -> Answer:
        """Of the host that is asked for; a refresh token counts once, and brings the next one."""
        center, said = self.center, {"token_type": "Bearer", "expires_in": 3599}
        prices = PRICES_HOST in form.get("scope", "")
        token = f"token-{len(center.tokens) + len(center.price_tokens) + 1}"
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != center.refresh_token:
                return _json(400, {"error": "invalid_grant", "error_description": "AADSTS70008"})
            number = int(center.refresh_token.partition("-")[2])
            center.refresh_token = f"refresh-{number + 1}"
            said["refresh_token"] = center.refresh_token
            center.user_tokens.add(token)
        (center.price_tokens if prices else center.tokens).add(token)
        return _json(200, {**said, "access_token": token})

    def _resource(self, request: Request) -> Answer:
        center, path = self.center, request.path
        if path == "/v1/customers":
            return self._list(request, list(center.customers.values()))
        if (one := _ONE_CUSTOMER.match(path)) and one.group(1) in center.customers:
            return _json(200, center.customers[one.group(1)])
        if path.startswith(_REGISTRATION):
            return self._registration(request)
        if path == "/v1/auditrecords":
            return self._audit(request)
        found = _CUSTOMER.match(path)
        held = center.subscriptions.get(found.group(1)) if found else None
        if found is None or held is None:
            return _json(404, {"code": 20002, "description": "Not found"})
        if not found.group(2):
            return self._list(request, list(held.values()))
        if found.group(2) not in held:
            return _json(404, {"code": 20002, "description": "Not found"})
        return _json(200, held[found.group(2)])

    def _registration(self, request: Request) -> Answer:
        """One address for the tenant: POST when there is none, PUT when there is one."""
        calling, said = self.center.calling, request.path.removeprefix(_REGISTRATION)
        if said == "/validationEvents" and request.method == "POST":
            correlation = str(uuid.UUID(int=len(calling.tests) + 1))
            calling.tests.append({"correlationId": correlation})
            return _json(200, {"correlationId": correlation})
        if said:
            return _json(404, {"code": 20002, "description": "Not found"})
        known = calling.registration
        if request.method == "GET":
            if known is None:
                return _json(404, {"code": 20002, "description": "Not found"})
            return _json(200, known)
        if (request.method == "POST") is (known is not None):
            return _json(409 if known else 404, {"description": "Use the other method."})
        calling.registration = json.loads(request.body)
        return _json(200, {"SubscriberId": str(uuid.UUID(int=9)), **calling.registration})

    def _certificate(self, path: str) -> Answer:
        signer = self.center.calling.signer
        if signer is None:
            return _json(404, {"description": "Not found"})
        own = self.center.calling.file or signer.certificate_der
        found = own if path == CERTIFICATE_PATH else signer.issuer_der
        return Answer(200, found, "application/pkix-cert")

    def _audit(self, request: Request) -> Answer:
        asked = request.parameters()
        since, until = asked.get("startdate", ""), asked.get("enddate", "9999-12-31")
        if (self.today - date.fromisoformat(since)).days > _REACHES_BACK:
            return _json(400, {"code": 2000, "description": "startDate is too long ago"})
        records = [
            one for one in self.center.records if since <= one["operationDate"][:10] <= until
        ]
        return self._list(request, records[::-1])

    def _list(self, request: Request, items: list[dict[str, Any]]) -> Answer:
        """A page, and where the next one is; with its token in a header, as Microsoft has it."""
        center = self.center
        begun = int(request.headers.get("ms-continuationtoken", "0"))
        page = items[begun : begun + center.page]
        if center.break_off:
            page = page[:-1]
        links: dict[str, Any] = {"self": {"uri": request.target, "method": "GET", "headers": []}}
        if begun + center.page < len(items):
            links["next"] = {
                "uri": center.next_uri or f"{request.path}?seekOperation=Next",
                "method": "GET",
                "headers": [{"key": "MS-ContinuationToken", "value": str(begun + center.page)}],
            }
        body = {"totalCount": len(items), "items": page, "links": links}
        return _json(200, {**body, "attributes": {"objectType": "Collection"}})


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, write_bytes(body))
