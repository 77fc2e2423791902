"""A database of its own for one test process: a copy of one that was migrated once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

LOCK = "SELECT pg_advisory_lock(hashtextextended('tallystick tests', 0))"


def template_name() -> str:
    """The same for all processes of a test run (``conftest``)."""
    return f"test_{os.environ['TALLYSTICK_TEST_RUN']}_template"


@contextmanager
def fresh_database(blocker: Any) -> Iterator[str]:
    """Copied from the run's template, used as the application; dropped at the end."""
    from django.conf import settings
    from django.db import connections

    from tallystick.bootstrap.backup import do_patiently

    admin_url = os.environ["DATABASE_URL"]
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(LOCK)  # until this connection closes: the first one makes the template
        _make_template(admin)
        do_patiently(admin, "CREATE DATABASE {} TEMPLATE {}", name, template_name())
    try:
        with blocker.unblock():
            database = connections["default"]
            database.close()
            database.settings_dict["NAME"] = name
            database.settings_dict["OPTIONS"]["options"] = settings.APP_OPTIONS
            os.environ["TALLYSTICK_TEST_DATABASE_URL"] = url
            yield url
            connections.close_all()
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            do_patiently(admin, "DROP DATABASE {} WITH (FORCE)", name)


def _make_template(admin: psycopg.Connection) -> None:
    """Migrated by the command of a process of its own, so that nothing of ours is connected when it
    gets the name that the others look for."""
    from tallystick.bootstrap.backup import do_patiently

    known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template_name()])
    if known.fetchone():
        return
    making = f"{template_name()}_in_making"
    do_patiently(admin, "CREATE DATABASE {}", making)
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{making}"))
    subprocess.run(
        [sys.executable, "-m", "tallystick", "migrate", "--quiet"],
        env={**os.environ, "DATABASE_URL": url},
        check=True,
    )
    do_patiently(admin, "ALTER DATABASE {} RENAME TO {}", making, template_name())


def drop_template() -> None:
    """At the end of a run on a server that is not ours."""
    from tallystick.bootstrap.backup import do_patiently

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        do_patiently(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", template_name())
