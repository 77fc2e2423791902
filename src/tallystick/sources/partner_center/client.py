"""Partner Center's REST API, read with the application's own sign-in.

Facts: https://learn.microsoft.com/partner-center/developer/ (customers, subscriptions and activity
logs work app-only; lists go on at ``links.next``; 429 says how long to wait).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.sources.intake.event import CustomerSaid
from tallystick.sources.partner_center.price_sheets import HOST as PRICES_HOST
from tallystick.sources.partner_center.read_subscription import Said
from tallystick.sources.partner_center.sign_in import SignIn
from tallystick.sources.wire import Refused, SourceTrouble, SourceWire, expect

API: Final = "https://api.partnercenter.microsoft.com"
HOSTS: Final = frozenset(
    {"api.partnercenter.microsoft.com", "login.microsoftonline.com", PRICES_HOST}
)
REGISTRATION: Final = "/webhooks/v1/registration"
SCOPE: Final = f"{API}/.default"
PAGE: Final = 500
MOST_PAGES: Final = 2000
# 500 calls a minute are allowed for a tenant, others' among them.
PAUSE: Final = 0.2
Wait = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Application:
    """The registered application that signs in: tenant (GUID or domain), its id and secret."""

    tenant: str
    client_id: str
    secret: Secret


class PartnerCenter:
    """Reads, and keeps nothing but its sign-in."""

    def __init__(self, application: Application, wire: SourceWire, *, wait: Wait) -> None:
        self._signing = sign_in_of(application, wire)
        self._wire = wire
        self._wait = wait

    def sign_in(self) -> str:
        """A token. Raises SourceTrouble; Refused when the credentials are wrong."""
        return self._signing.as_application(SCOPE)

    def customers(self) -> Iterator[CustomerSaid]:
        """All of them. Raises SourceTrouble, also when a list breaks off."""
        for found in self._list("/v1/customers", {"size": str(PAGE)}, "customers"):
            said = Said(found)
            name = said.inner("companyProfile").text("companyName")
            if said.text("id"):
                yield CustomerSaid(said.text("id").lower(), name or said.text("id"))

    def customer(self, customer_id: str) -> CustomerSaid | None:
        """None when there is none of this id, or it is not this partner's. Raises SourceTrouble."""
        try:
            found = self._get(f"{API}/v1/customers/{_id(customer_id)}", {}, {}, "a customer")
        except Refused as refused:
            if refused.status in {403, 404}:
                return None
            raise
        said = Said(found if isinstance(found, Mapping) else {})
        if said.text("id").lower() != customer_id:
            raise SourceTrouble("It answered another customer than the one asked for.")
        name = said.inner("companyProfile").text("companyName")
        return CustomerSaid(customer_id, name or customer_id)

    def subscriptions(self, customer_id: str) -> list[Mapping[str, Any]]:
        """All of one customer's. Raises SourceTrouble."""
        address = f"/v1/customers/{_id(customer_id)}/subscriptions"
        return list(self._list(address, {}, "subscriptions"))

    def subscription(self, customer_id: str, subject: str) -> Mapping[str, Any] | None:
        """None when it is not there. Raises SourceTrouble."""
        address = f"/v1/customers/{_id(customer_id)}/subscriptions/{_id(subject)}"
        try:
            found = self._get(API + address, {}, {}, "a subscription")
        except Refused as refused:
            if refused.status == 404:  # noqa: PLR2004 - HTTP's own
                return None
            raise
        return found if isinstance(found, Mapping) else None

    def audit_records(self, since: date, until: date) -> Iterator[Mapping[str, Any]]:
        """By whole days, both included; 90 days back at most. Raises SourceTrouble."""
        asked = {
            "startDate": since.isoformat(),
            "endDate": until.isoformat(),
            "size": str(PAGE),
        }
        return self._list("/v1/auditrecords", asked, "activity logs")

    def registration(self) -> Mapping[str, Any] | None:
        """Where Microsoft calls this partner; None: nowhere. Raises SourceTrouble."""
        try:
            found = self._get(API + REGISTRATION, {}, {}, "the webhook")
        except Refused as refused:
            if refused.status == 404:  # noqa: PLR2004 - HTTP's own
                return None
            raise
        return found if isinstance(found, Mapping) and Said(found).text("webhookUrl") else None

    def register(self, address: str, events: Sequence[str], *, anew: bool) -> None:
        """``anew``: nothing was registered before. Raises SourceTrouble."""
        body = {
            "WebhookUrl": address,
            "WebhookEvents": list(events),
            "SignatureTokenToMsSignatureHeader": True,
        }
        self._call("POST" if anew else "PUT", REGISTRATION, body, "the webhook")

    def ask_for_a_test_call(self) -> None:
        """Twice a minute at most. Raises SourceTrouble."""
        self._call("POST", f"{REGISTRATION}/validationEvents", None, "a test call")

    def _list(self, path: str, asked: Mapping[str, str], what: str) -> Iterator[Mapping[str, Any]]:
        """Every item of every page; a list that shows fewer than it counts has broken off."""
        url, params, headers = API + path, dict(asked), dict[str, str]()
        seen, total = 0, 0
        for _ in range(MOST_PAGES):
            page = self._get(url, params, headers, what)
            if not isinstance(page, Mapping) or not isinstance(page.get("items"), list):
                raise SourceTrouble(f"It answered no list when {what} were read.")
            total = max(total, _whole(page.get("totalCount")))
            items = [one for one in page["items"] if isinstance(one, Mapping)]
            seen += len(items)
            yield from items
            following = Said(page).inner("links").inner("next")
            if not following.text("uri"):
                if seen < total:
                    raise SourceTrouble(
                        f"The list of {what} broke off: {seen} of {total}. Nothing was concluded "
                        "from what it does not show."
                    )
                return
            url, params = _next(following.text("uri"), path), {}
            headers = _headers(following)
        raise SourceTrouble(f"The list of {what} has no end.")

    def _get(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str], what: str
    ) -> Any:
        signed_in = self._signed_in()
        reply = self._wire("GET", url, params=params or None, headers={**signed_in, **headers})
        return expect(reply, what=what)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, what: str) -> None:
        """What it answers is not needed."""
        headers = {**self._signed_in(), "Content-Type": "application/json"}
        content = "" if body is None else json.dumps(body)
        expect(self._wire(method, API + path, headers=headers, content=content), what=what)

    def _signed_in(self) -> dict[str, str]:
        """The headers of a call; not more of them than Microsoft allows in a minute."""
        token = self.sign_in()
        self._wait(PAUSE)
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "MS-CorrelationId": correlation_id(),
            "MS-RequestId": correlation_id(),
        }


def sign_in_of(application: Application, wire: SourceWire) -> SignIn:
    return SignIn(
        tenant=application.tenant,
        client_id=application.client_id,
        secret=application.secret,
        wire=wire,
    )


def _next(uri: str, path: str) -> str:
    """The same list of the same host, whatever the answer says. Raises SourceTrouble."""
    parts = urlsplit(uri)
    same = parts.path in {path, path.removeprefix("/v1")}
    if parts.scheme or parts.netloc or not same or not parts.query.isprintable():
        raise SourceTrouble("A list goes on at another address: not followed.")
    return f"{API}{path}?{parts.query}"


def _headers(following: Said) -> dict[str, str]:
    """``MS-ContinuationToken`` alone is taken over."""
    given = following.get("headers")
    for one in given if isinstance(given, list) else []:
        if isinstance(one, Mapping) and Said(one).text("key").lower() == "ms-continuationtoken":
            token = Said(one).text("value")
            if token.isascii() and token.isprintable():
                return {"MS-ContinuationToken": token}
    return {}


def _id(text: str) -> str:
    """An id as part of an address. Raises SourceTrouble."""
    if not (text.isascii() and text.replace("-", "").isalnum()):
        raise SourceTrouble("An id of it has characters that no address has.")
    return text


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
