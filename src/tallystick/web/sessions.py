"""A session ends: after an hour without a page, and half a day after it began."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from tallystick.bootstrap.desk import desk

IDLE_FOR: Final = timedelta(hours=1)
AT_MOST: Final = timedelta(hours=12)
NOTED_EVERY: Final = timedelta(minutes=1)
_BEGAN, _SEEN = "tallystick.began_at", "tallystick.seen_at"


class EndSessions:
    """After Django's AuthenticationMiddleware. Deactivating a person ends theirs at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(("/api/", "/static/")) and request.user.is_authenticated:
            _look(request, desk().now())
        return self._get_response(request)


def _look(request: HttpRequest, now: datetime) -> None:
    began = _moment(request, _BEGAN)
    seen = _moment(request, _SEEN)
    if began is None or seen is None:
        request.session[_BEGAN] = request.session[_SEEN] = now.isoformat()
    elif is_over(began, seen, now):
        logout(request)
    elif now - seen >= NOTED_EVERY:
        request.session[_SEEN] = now.isoformat()


def is_over(began: datetime, seen: datetime, now: datetime) -> bool:
    return now - seen > IDLE_FOR or now - began > AT_MOST


def _moment(request: HttpRequest, name: str) -> datetime | None:
    kept = request.session.get(name)
    return datetime.fromisoformat(kept) if isinstance(kept, str) else None
