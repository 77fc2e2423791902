"""The page that shows the API, from files of the installation only: no CDN, no inline script."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import ninja
from django.http import FileResponse, HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import reverse

from tallystick.api.problems import NOT_FOUND, document

_FOLDER: Final = Path(ninja.__file__).parent / "static" / "ninja"
_FILES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-init.js": "text/javascript",
    "favicon.svg": "image/svg+xml",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tallystick API</title>
<link rel="icon" href="{{ here }}/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{{ here }}/swagger-ui.css">
</head>
<body>
<script type="application/json" id="swagger-settings">
{"layout": "BaseLayout", "deepLinking": true, "url": "{{ openapi }}"}
</script>
<div id="swagger-ui"></div>
<script src="{{ here }}/swagger-ui-bundle.js"></script>
<script src="{{ here }}/swagger-ui-init.js"></script>
</body>
</html>
"""


def docs(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    values = {"here": reverse("api-docs"), "openapi": reverse("api:openapi-json")}
    return HttpResponse(Engine().from_string(_PAGE).render(Context(values)))


def docs_file(request: HttpRequest, name: str) -> HttpResponse | FileResponse:
    if name not in _FILES:
        return document(request, NOT_FOUND, "There is nothing at this address.")
    return FileResponse((_FOLDER / name).open("rb"), content_type=_FILES[name])
