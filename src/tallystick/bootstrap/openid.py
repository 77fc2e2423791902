"""The way to the OpenID provider that the settings name: where to send people, what it answered.

Only to the addresses the issuer names, over https (plain http to loopback, for tests), never
redirected, with little time and little to read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from tallystick.identity.openid import NotBelieved, subject_of
from tallystick.kit.ids import link_token
from tallystick.kit.secrets import Secret

LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}
LARGEST_ANSWER: Final = 256 * 1024
SECONDS: Final = 5.0
_AWAY: Final = (
    "could not be asked. Nobody was signed in. Try again in a moment, or sign in with your "
    "password."
)


@dataclass(frozen=True, slots=True)
class Question:
    """What only this browser and we know until the provider has answered."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Provider:
    """One registered application at one issuer. ``name``: as people know it."""

    issuer: str
    client_id: str
    secret: Secret
    name: str

    def address(self, asked: Question, back: str) -> str:
        """Where to send the browser. Raises NotBelieved when the provider does not answer."""
        challenge = hashlib.sha256(asked.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": "openid",
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self._where('authorization_endpoint')}?{urlencode(query)}"

    def subject(self, code: str, asked: Question, back: str, *, now: datetime) -> str:
        """Who it is, by the provider's own name. Raises NotBelieved."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self.client_id,
            "client_secret": self.secret.reveal(),
            "code_verifier": asked.verifier,
        }
        answer = self._ask("POST", self._where("token_endpoint"), data=form)
        return subject_of(
            str(answer.get("id_token", "")),
            keys=self._ask("GET", self._where("jwks_uri")),
            issuer=self.issuer,
            client_id=self.client_id,
            nonce=asked.nonce,
            now=now,
        )

    def _where(self, name: str) -> str:
        found = self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise NotBelieved(f"{self.name} says it is another issuer. Nobody was signed in.")
        return str(found.get(name, ""))

    def _ask(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        if not _is_safe(address):
            raise NotBelieved(
                f"{self.name} names an address that is not https. Nobody was signed in."
            )
        try:
            with (
                httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client,
                client.stream(method, address, **more) as answer,
            ):
                content = b""
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_ANSWER:
                        raise NotBelieved(f"{self.name} {_AWAY}")
            said = json.loads(content) if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            said = None
        if not isinstance(said, dict):
            raise NotBelieved(f"{self.name} {_AWAY}")
        return said


def new_question() -> Question:
    return Question(link_token(), link_token(), link_token())


@cache
def provider() -> Provider | None:
    """None when the settings name none."""
    issuer = os.environ.get("TALLYSTICK_OIDC_ISSUER", "")
    client_id = os.environ.get("TALLYSTICK_OIDC_CLIENT_ID", "")
    secret = os.environ.get("TALLYSTICK_OIDC_CLIENT_SECRET", "")
    if not issuer or not client_id:
        return None
    name = os.environ.get("TALLYSTICK_OIDC_NAME", "Microsoft")
    return Provider(issuer, client_id, Secret(secret), name)


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
