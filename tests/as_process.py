"""Work in this process as the database role of another: what a web server, or a worker, may do.

The tests' connections work as the role of the command line, which may do what both may. Inside
``acting_as`` they may do less, so that a right that is missing shows where it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from psycopg import sql

from tallystick.bootstrap.rights import WEB, role_of
from tallystick.web.middleware import ReachNothing


@contextmanager
def acting_as(process: str) -> Iterator[None]:
    """``web`` or ``worker``: until the end, or until the connection is lost."""
    before = _current()
    _become(role_of(settings.APP_ROLE, process))
    try:
        yield
    finally:
        try:
            _become(before)
        except Error:
            connection.close()


def _current() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def _become(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


@pytest.fixture(autouse=True)
def requests_as_the_web_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported by a folder's ``conftest``: every request to pages and API, from its first step."""
    answer = ReachNothing.__call__

    def as_web(self: ReachNothing, request: HttpRequest) -> HttpResponse:
        with acting_as(WEB):
            return answer(self, request)

    monkeypatch.setattr(ReachNothing, "__call__", as_web)
