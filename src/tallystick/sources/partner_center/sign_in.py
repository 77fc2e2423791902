"""Sign in at Microsoft: the application by itself, or for a user who consented to it once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msal

from tallystick.kit.secrets import Secret
from tallystick.sources.wire import Refused, SourceTrouble, SourceWire

LOGIN: Final = "https://login.microsoftonline.com"


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


class SignIn:
    """One application of a tenant. Keeps its tokens as long as they count."""

    def __init__(self, *, tenant: str, client_id: str, secret: Secret, wire: SourceWire) -> None:
        self._tenant, self._client_id, self._secret = tenant, client_id, secret
        self._wire = wire
        self._msal: Any = None

    def as_application(self, scope: str) -> str:
        """A token. Raises SourceTrouble; Refused when the credentials are wrong."""
        answer = self._signing().acquire_token_for_client(scopes=[scope])
        return _token(answer, "check tenant, application id and secret")

    def as_user(self, refresh_token: Secret, scope: str) -> tuple[str, Secret]:
        """A token, and the refresh token that counts from now on. Raises as above."""
        signing = self._signing()
        answer = signing.acquire_token_by_refresh_token(refresh_token.reveal(), scopes=[scope])
        token = _token(answer, "a user signs in again, and you enter the new refresh token")
        return token, Secret(str(answer.get("refresh_token") or refresh_token.reveal()))

    def _signing(self) -> Any:
        if self._msal is None:
            try:
                self._msal = msal.ConfidentialClientApplication(
                    self._client_id,
                    client_credential=self._secret.reveal(),
                    authority=f"{LOGIN}/{self._tenant}",
                    instance_discovery=False,
                    http_client=_MsalHttp(self._wire),
                )
            except ValueError:
                raise Refused(f"There is no tenant {self._tenant}.", status=400) from None
        return self._msal


def _token(answer: Mapping[str, Any], what_to_do: str) -> str:
    if "access_token" in answer:
        return str(answer["access_token"])
    code = str(answer.get("error", "no reason"))[:60]
    raise Refused(f"Microsoft refused the sign-in ({code}): {what_to_do}.", status=401)
