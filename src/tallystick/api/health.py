"""``/healthz``: this process answers. ``/readyz``: so does the database, and a worker works."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from tallystick.api.problems import NOT_READY, document
from tallystick.bootstrap.desk import desk
from tallystick.kit.problem import FieldError
from tallystick.sync.health import WORKER_IS_GONE_AFTER, worker_seen_at


def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """503 says what is missing."""
    try:
        now, seen = desk().now(), worker_seen_at()
    except DatabaseError:
        return _missing(request, "database", "does not answer")
    if seen is None:
        return _missing(request, "worker", "has not been seen: nothing is sent to Autotask")
    if now - seen > WORKER_IS_GONE_AFTER:
        ago = int((now - seen).total_seconds())
        return _missing(
            request, "worker", f"was last seen {ago} seconds ago: nothing is sent to Autotask"
        )
    at = seen.isoformat().replace("+00:00", "Z")
    return JsonResponse({"status": "ok", "worker_seen_at": at})


def _missing(request: HttpRequest, what: str, words: str) -> HttpResponse:
    return document(request, NOT_READY, f"The {what} {words}.", [FieldError(what, words)])
