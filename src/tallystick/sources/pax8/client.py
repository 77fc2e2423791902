"""Pax8's partner API, read. Facts: its own OpenAPI descriptions (partner endpoints v1)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.kit.secrets import Secret
from tallystick.sources.wire import Refused, SourceTrouble, SourceWire, expect

API: Final = "https://api.pax8.com/v1"
WEBHOOKS: Final = "https://api.pax8.com/api/v2/webhooks"
AUDIENCE: Final = "https://api.pax8.com"
HOSTS: Final = frozenset({"api.pax8.com"})
PAGE: Final = 200
MOST_PAGES: Final = 5000
_ID = re.compile(r"[0-9A-Za-z-]{1,60}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credentials:
    client_id: str
    secret: Secret


class Pax8:
    """Reads, and keeps nothing but its token (which lives for a day)."""

    def __init__(self, credentials: Credentials, wire: SourceWire) -> None:
        self._credentials = credentials
        self._wire = wire
        self._token = ""

    def sign_in(self) -> str:
        """A token. Raises SourceTrouble; Refused when the credentials are wrong."""
        if self._token:
            return self._token
        body = {
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.secret.reveal(),
            "audience": AUDIENCE,
            "grant_type": "client_credentials",
        }
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        reply = self._wire("POST", f"{API}/token", headers=headers, content=json.dumps(body))
        try:
            found = expect(reply, what="the sign-in")
        except Refused as refused:
            words = f"Pax8 refused the sign-in ({refused.status}): check client id and secret."
            raise Refused(words, status=refused.status) from None
        token = found.get("access_token") if isinstance(found, Mapping) else None
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
            raise SourceTrouble("Pax8 answered the sign-in without a token.")
        self._token = token
        return token

    def companies(self) -> Iterator[Mapping[str, Any]]:
        """All of them. Raises SourceTrouble, also when a list breaks off."""
        return self._list("companies", {})

    def subscriptions(self, company_id: str = "") -> Iterator[Mapping[str, Any]]:
        """All, or one company's, oldest first so that pages do not shift. Raises SourceTrouble."""
        asked = {"sort": "createdDate,asc"}
        return self._list(
            "subscriptions", {**asked, "companyId": company_id} if company_id else asked
        )

    def history(self, subject: str) -> list[Mapping[str, Any]]:
        """What a subscription was, as whole states in no stated order. Raises SourceTrouble."""
        if not (subject.isascii() and subject.replace("-", "").isalnum()):
            raise SourceTrouble("An id of it has characters that no address has.")
        found = self._get(f"subscriptions/{subject}/history", {}, "a history")
        items = found.get("content") if isinstance(found, Mapping) else found
        if not isinstance(items, list):
            raise SourceTrouble("It answered no list when a history was read.")
        return [one for one in items if isinstance(one, Mapping)]

    def topics(self) -> list[str]:
        """What a webhook can be called about. Raises SourceTrouble."""
        found = self._ask("GET", "topic-definitions?size=200", None, "webhook topics")
        content = found.get("content") if isinstance(found, Mapping) else None
        if not isinstance(content, list):
            raise SourceTrouble("It answered no list when webhook topics were read.")
        said = [one.get("topic") for one in content if isinstance(one, Mapping)]
        return [one for one in said if isinstance(one, str)]

    def make_webhook(self, how: Mapping[str, Any]) -> str:
        """Its id. Raises SourceTrouble."""
        made = self._ask("POST", "", how, "the webhook")
        found = made.get("id") if isinstance(made, Mapping) else None
        if not isinstance(found, str) or not _ID.match(found):
            raise SourceTrouble("Pax8 answered without the id of the webhook.")
        return found

    def change_webhook(
        self, webhook_id: str, how: Mapping[str, Any], topics: Sequence[Mapping[str, Any]]
    ) -> None:
        """Raises SourceTrouble; Refused with 404 when it is not there any more."""
        about = "the webhook"
        self._ask("POST", f"{webhook_id}/configuration", how, about)
        self._ask("PUT", f"{webhook_id}/topics", {"webhookTopics": list(topics)}, about)
        self._ask("POST", f"{webhook_id}/status", {"active": True}, about)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None, what: str) -> Any:
        """Of its webhooks."""
        headers = {"Authorization": f"Bearer {self.sign_in()}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = None if body is None else json.dumps(body)
        where = f"{WEBHOOKS}/{path}" if path else WEBHOOKS
        return expect(self._wire(method, where, headers=headers, content=content), what=what)

    def _list(self, what: str, asked: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        seen = 0
        for number in range(MOST_PAGES):
            found = self._get(what, {**asked, "page": str(number), "size": str(PAGE)}, what)
            content = found.get("content") if isinstance(found, Mapping) else None
            page = found.get("page") if isinstance(found, Mapping) else None
            if not isinstance(content, list) or not isinstance(page, Mapping):
                raise SourceTrouble(f"It answered no list when {what} were read.")
            items = [one for one in content if isinstance(one, Mapping)]
            seen += len(items)
            yield from items
            if number + 1 >= _whole(page.get("totalPages")):
                if seen < (total := _whole(page.get("totalElements"))):
                    raise SourceTrouble(
                        f"The list of {what} broke off: {seen} of {total}. Nothing was concluded "
                        "from what it does not show."
                    )
                return
        raise SourceTrouble(f"The list of {what} has no end.")

    def _get(self, path: str, params: Mapping[str, str], what: str) -> Any:
        headers = {"Authorization": f"Bearer {self.sign_in()}", "Accept": "application/json"}
        reply = self._wire("GET", f"{API}/{path}", params=params or None, headers=headers)
        if reply.status == 401:  # noqa: PLR2004 - HTTP's own; a token that is over
            self._token = ""
        return expect(reply, what=what)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
