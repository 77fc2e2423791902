"""The number that ties together everything that belongs to one call."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

from tallystick.kit.ids import correlation_id

HEADER: Final = "X-Correlation-Id"
LONGEST: Final = 64  # what audit logs and operations keep
_KEPT = "tallystick.correlation_id"


def correlation_of(request: HttpRequest) -> str:
    """The one that was sent when it is sane, otherwise a new one; the same all through a call."""
    kept = request.META.get(_KEPT)
    if not isinstance(kept, str):
        sent = request.headers.get(HEADER, "")
        kept = sent if _is_sane(sent) else correlation_id()
        request.META[_KEPT] = kept
    return kept


def _is_sane(sent: str) -> bool:
    return 1 <= len(sent) <= LONGEST and all("!" <= char <= "~" for char in sent)
