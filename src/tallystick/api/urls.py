"""The addresses of the API and of the health checks."""

from __future__ import annotations

from django.urls import path

from tallystick.api import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
