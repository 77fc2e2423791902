"""Partner Center's licence price sheet, of one market, as a file.

``GET https://api.partner.microsoft.com/v1.0/sales/pricesheets(Market='US',PricesheetView='...')/
$value``: CSV, or a zip with ``Accept-Encoding: deflate``. Facts: Microsoft's price-sheet API pages
(2020: *application-only is not yet supported*: so a user's refresh token is used where there is
one). Not seen: an answer of a real tenant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Final

from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.sources.partner_center.sign_in import SignIn
from tallystick.sources.sheet_open import MOST_BYTES
from tallystick.sources.wire import Refused, SourceTrouble, SourceWire, retry_after

HOST: Final = "api.partner.microsoft.com"
SCOPE: Final = f"https://{HOST}/.default"
VIEW: Final = "updatedlicensebased"
SECONDS: Final = 600.0
_OK, _NOT_THERE, _TOO_MANY, _SERVER_ERRORS = 200, 404, 429, 500
_NOT_ALLOWED = frozenset({401, 403})
# What to do with the refresh token that counts from now on.
Keep = Callable[[Secret], None]


class PriceSheets:
    """Reads them, and keeps nothing but its sign-in."""

    def __init__(
        self, sign_in: SignIn, wire: SourceWire, *, refresh_token: Secret | None, keep: Keep
    ) -> None:
        self._sign_in, self._wire = sign_in, wire
        self._refresh_token, self._keep = refresh_token, keep

    def save(self, market: str, into: IO[bytes]) -> None:
        """Today's sheet, written as it comes. Raises SourceTrouble, Refused."""
        reply = self._wire.save(
            f"https://{HOST}/v1.0/sales/pricesheets(Market='{market}',PricesheetView='{VIEW}')"
            "/$value",
            into,
            headers={
                "Authorization": f"Bearer {self._token()}",
                "Accept-Encoding": "deflate",
                "MS-CorrelationId": correlation_id(),
            },
            most_bytes=MOST_BYTES,
            seconds=SECONDS,
        )
        if reply.status == _OK:
            return
        if reply.status == _TOO_MANY:
            raise SourceTrouble(
                "Too many calls: it asked to wait before the price sheet is read again.",
                retry_after=retry_after(reply),
            )
        if reply.status in _NOT_ALLOWED:
            raise Refused(self._why_not_allowed(reply.status), status=reply.status)
        if reply.status == _NOT_THERE:
            raise Refused(f"It has no price sheet of the market {market}.", status=reply.status)
        if reply.status >= _SERVER_ERRORS:
            raise SourceTrouble(f"It answered {reply.status} when the price sheet was read.")
        raise Refused(f"It refused to show the price sheet ({reply.status}).", status=reply.status)

    def _token(self) -> str:
        if self._refresh_token is None:
            return self._sign_in.as_application(SCOPE)
        token, following = self._sign_in.as_user(self._refresh_token, SCOPE)
        if following.reveal() != self._refresh_token.reveal():
            self._keep(following)
            self._refresh_token = following
        return token

    def _why_not_allowed(self, status: int) -> str:
        if self._refresh_token is None:
            return (
                f"It does not show price sheets to the application alone ({status}): enter the "
                "refresh token of a user who may see prices, or import the sheet as a file."
            )
        return (
            f"It does not show price sheets to this user ({status}): it takes one who may see "
            "prices, and the application's permission for them."
        )
