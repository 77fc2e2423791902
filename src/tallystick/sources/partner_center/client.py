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

import msal

from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.sources.intake.event import CustomerSaid
from tallystick.sources.partner_center.read_subscription import Said
from tallystick.sources.wire import Refused, SourceTrouble, SourceWire, expect

API: Final = "https://api.partnercenter.microsoft.com"
LOGIN: Final = "https://login.microsoftonline.com"
HOSTS: Final = frozenset({"api.partnercenter.microsoft.com", "login.microsoftonline.com"})
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


@dataclass(frozen=True, slots=True)
class _MsalAnswer:
    status_code: int
    text: str
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        if self.status_code >= 400:  # noqa: PLR2004 - HTTP's own
            raise SourceTrouble(f"The sign-in service answered {self.status_code}.")


class _MsalHttp:
    """What msal asks of an HTTP library, over our own wire."""

    def __init__(self, wire: SourceWire) -> None:
        self._wire = wire

    def get(self, url: str, **more: Any) -> _MsalAnswer:
        return self._ask("GET", url, **more)

    def post(self, url: str, **more: Any) -> _MsalAnswer:
        return self._ask("POST", url, **more)

    def close(self) -> None:
        """The wire belongs to somebody else."""

    def _ask(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        **_: Any,
    ) -> _MsalAnswer:
        reply = self._wire(method, url, params=params, headers=headers, data=data)
        return _MsalAnswer(reply.status, reply.body.decode("utf-8", "replace"), reply.headers)


class PartnerCenter:
    """Reads, and keeps nothing but its sign-in."""

    def __init__(self, application: Application, wire: SourceWire, *, wait: Wait) -> None:
        self._application = application
        self._wire = wire
        self._wait = wait
        self._msal: Any = None

    def sign_in(self) -> str:
        """A token. Raises SourceTrouble; Refused when the credentials are wrong."""
        application = self._application
        if self._msal is None:
            try:
                self._msal = msal.ConfidentialClientApplication(
                    application.client_id,
                    client_credential=application.secret.reveal(),
                    authority=f"{LOGIN}/{application.tenant}",
                    instance_discovery=False,
                    http_client=_MsalHttp(self._wire),
                )
            except ValueError:
                raise Refused(f"There is no tenant {application.tenant}.", status=400) from None
        answer = self._msal.acquire_token_for_client(scopes=[SCOPE])
        if "access_token" in answer:
            return str(answer["access_token"])
        code = str(answer.get("error", "no reason"))[:60]
        raise Refused(
            f"Microsoft refused the sign-in ({code}): check tenant, application id and secret.",
            status=401,
        )

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
