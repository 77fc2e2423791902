"""``/healthz``: this process answers. ``/readyz``: so does the database, and a worker works."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from tallystick.bootstrap.desk import desk
from tallystick.sync.health import worker_seen_at

WORKER_IS_GONE_AFTER = timedelta(seconds=30)


def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """503 says what is missing."""
    try:
        now, seen = desk().now(), worker_seen_at()
    except DatabaseError:
        return _not_ready("The database does not answer.")
    if seen is None or now - seen > WORKER_IS_GONE_AFTER:
        return _not_ready("No worker has been seen for 30 seconds: nothing is sent to Autotask.")
    return JsonResponse({"status": "ok", "worker_seen_at": seen.isoformat()})


def _not_ready(detail: str) -> JsonResponse:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    body = {"type": "about:blank", "title": "Not ready", "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")
