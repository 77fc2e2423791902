"""Every address the web process answers."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("tallystick.api.urls")),
    path("", include("tallystick.web.urls")),
]

handler400 = "tallystick.web.views.errors.bad_request"
handler403 = "tallystick.web.views.errors.forbidden"
handler404 = "tallystick.web.views.errors.not_found"
handler500 = "tallystick.web.views.errors.server_error"
