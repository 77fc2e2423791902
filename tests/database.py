"""A database of its own for one test process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


@contextmanager
def fresh_database(blocker: Any) -> Iterator[str]:
    """Make, migrate as the owner, use as the application; dropped at the end."""
    from django.conf import settings
    from django.db import connections

    from tallystick.bootstrap.backup import do_patiently
    from tallystick.bootstrap.migrate import migrate

    admin_url = os.environ["DATABASE_URL"]
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        with blocker.unblock():
            database = connections["default"]
            database.close()
            database.settings_dict["NAME"] = name
            options = database.settings_dict["OPTIONS"]
            options["options"] = settings.OWNER_OPTIONS
            migrate(verbose=False)
            database.close()
            options["options"] = settings.APP_OPTIONS
            os.environ["TALLYSTICK_TEST_DATABASE_URL"] = url
            yield url
            connections.close_all()
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            do_patiently(admin, "DROP DATABASE {} WITH (FORCE)", name)
