"""How far a connection to the database reaches: the second wall behind every query's own filter.

PostgreSQL's row-level security (``bootstrap/walls``) shows a statement only the rows of the reach
that is in force: nothing, one tenant, one reseller of it, what signing in needs, or everything. The
doors set it where they make a ``Context``; the worker and the command line work for all tenants.

A pooled connection never carries another's reach:

1. What is wanted is a variable of this thread of work, never of the connection.
2. Before every statement it is compared with what the connection has, and set if it differs: for
   the transaction inside one (SET LOCAL), else for the session.
3. What was set in a transaction ends with it; a rollback to a savepoint may end it too, so after
   one it is set again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from tallystick.identity.context import Context

SETTING: Final = "tallystick.reach"
NOTHING: Final = ""
EVERYTHING: Final = "everything"
SIGNING_IN: Final = "signing-in"  # people, tokens and links, before it is known whose

_wanted: ContextVar[str | None] = ContextVar("tallystick.reach", default=None)
_by_default = NOTHING
_KEPT: Final = "tallystick_reach"
_SET: Final = f"SELECT set_config('{SETTING}', %s, %s)"


def reach_of(context: Context) -> str:
    """``7/`` for a CSP, ``7/3`` for one of its resellers."""
    return reach_to(context.tenant_id, context.reseller_id)


def reach_to(tenant_id: int, reseller_id: int | None) -> str:
    return f"{tenant_id}/{reseller_id or ''}"


@contextmanager
def reaching(what: str) -> Iterator[None]:
    """Inside, statements see this and nothing else."""
    token = _wanted.set(what)
    try:
        yield
    finally:
        _wanted.reset(token)


def keep_reach(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Of a stream, which is read after its door has closed: each piece is made under the reach of
    this moment."""
    reach, left = wanted(), iter(pieces)
    return _pieces(reach, left)


def _pieces(reach: str, left: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        with reaching(reach):
            piece = next(left, None)
        if piece is None:
            return
        yield piece


def wanted() -> str:
    found = _wanted.get()
    return _by_default if found is None else found


def everything_by_default() -> None:
    """For processes that work for all tenants: worker and command line. Never the web server."""
    global _by_default  # noqa: PLW0603 - one per process, set once at start
    _by_default = EVERYTHING


@dataclass(slots=True)
class _Carried:
    """What a connection has: of its session, and of the transaction it is in (None: unknown)."""

    session: str = NOTHING
    local: str | None = NOTHING


def watch(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Django's signal: a connection was made. It has no reach yet."""
    setattr(connection, _KEPT, _Carried())
    if _in_reach not in connection.execute_wrappers:
        connection.execute_wrappers.append(_in_reach)


def _in_reach(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    database = context["connection"]
    _bring_in_line(database, wanted())
    try:
        return execute(sql, params, many, context)
    finally:
        if isinstance(sql, str) and sql.startswith("ROLLBACK TO"):
            getattr(database, _KEPT).local = None


def _bring_in_line(database: BaseDatabaseWrapper, reach: str) -> None:
    carried: _Carried = getattr(database, _KEPT)
    raw = database.connection
    status = raw.pgconn.transaction_status
    if status == TransactionStatus.INERROR:
        return  # every statement fails now, until the transaction has ended
    if status == TransactionStatus.IDLE:
        carried.local = carried.session
    if carried.local == reach:
        return
    with database.wrap_database_errors:
        raw.execute(_SET, [reach, not raw.autocommit])
    carried.local = reach
    if raw.autocommit:
        carried.session = reach
