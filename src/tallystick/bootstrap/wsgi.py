"""What the web server runs."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tallystick.settings")
application = get_wsgi_application()

from tallystick.bootstrap.notices import sender, watch_for_workers  # noqa: E402 - after Django is set up

sender()
watch_for_workers()
