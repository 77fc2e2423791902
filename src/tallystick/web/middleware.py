"""What every answer carries: a strict Content-Security-Policy and a correlation id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from tallystick.identity.reach import NOTHING, reaching
from tallystick.kit.ids import correlation_id

# No script and no style in the pages themselves. `data:` is for the small pictures that are
# written into the style sheet.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADER: Final = "X-Correlation-Id"
_KEPT = "tallystick.correlation_id"


def correlation_of(request: HttpRequest) -> str:
    """The id of this request: on the error page, in the log and in the audit record."""
    kept = request.META.get(_KEPT)
    if not isinstance(kept, str):
        kept = request.META[_KEPT] = correlation_id()
    return kept


class ReachNothing:
    """The outermost: until a door knows who asks, statements see no tenant's rows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with reaching(NOTHING):
            return self._get_response(request)


class PageHeaders:
    """Add the headers; what a view has set itself stays as it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "interest-cohort=(), geolocation=()")
        response.headers.setdefault(HEADER, correlation_of(request))
        return response
