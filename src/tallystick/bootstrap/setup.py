"""Load the settings and the rooms: after ``DATABASE_URL`` is known, before anything is imported
that has tables."""

from __future__ import annotations

import os

from tallystick.kit.log import configure


def setup(*, log_level: str | None = None) -> None:
    import django

    configure(
        level=log_level or os.environ.get("TALLYSTICK_LOG_LEVEL", "INFO"),
        json=os.environ.get("TALLYSTICK_LOG_FORMAT") == "json",
    )
    django.setup()
    from tallystick.identity.reach import everything_by_default  # it has models: after setup

    # Worker and command line work for all tenants. The web server does not come by here.
    everything_by_default()
