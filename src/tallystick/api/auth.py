"""Who calls: the token, once per call, and the right an address asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from django.http import HttpRequest
from ninja.security import HttpBearer

from tallystick.api.correlation import correlation_of
from tallystick.bootstrap.desk import desk
from tallystick.catalog.price_asked import By
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Right
from tallystick.identity.tokens import context_of_token
from tallystick.kit.clock import civil_day
from tallystick.operations.finish import Asked

# The name audit logs and operations carry for what was done here.
SOURCE = "api"
_KEPT = "tallystick.caller"
_NOTHING_STORED = "tallystick.nothing_stored"
_SAID_ONCE = "tallystick.said_once"


class Asking(TypedDict):
    """Who asks, when, and what belongs to the act."""

    context: Context
    now: datetime
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in which context, at which moment."""

    context: Context
    token_id: int
    now: datetime
    correlation_id: str

    @property
    def zone(self) -> str:
        return tenant_zone(self.context.tenant_id)

    @property
    def today(self) -> date:
        return civil_day(self.now, self.zone)

    def asking(self) -> Asking:
        """What most verbs of a context are told about their asker."""
        return {"context": self.context, "now": self.now, "correlation_id": self.correlation_id}

    def by(self) -> By:
        """What a verb on prices is told about its asker."""
        return By(self.context, self.now, self.today, self.correlation_id)

    def asked(self, source_id: str | None = None) -> Asked:
        """What a verb of ``operations`` is told about its asker."""
        return desk().asked(
            self.context, source=SOURCE, source_id=source_id, correlation=self.correlation_id
        )


def caller_of(request: HttpRequest) -> Caller | None:
    """None without a token that works."""
    if _KEPT not in request.META:
        request.META[_KEPT] = _look_up(request)
    found = request.META[_KEPT]
    return found if isinstance(found, Caller) else None


def _look_up(request: HttpRequest) -> Caller | None:
    scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not plain.strip():
        return None
    now = desk().now()
    known = context_of_token(plain.strip(), now=now)
    if known is None:
        return None
    return Caller(known.context, known.token_id, now, correlation_of(request))


class ApiToken(HttpBearer):
    """A bearer token whose role has a right this address asks for."""

    def __init__(self, *rights: Right) -> None:
        super().__init__()
        self.rights = rights  # any of them is enough

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:  # noqa: ARG002 - ninja's signature
        """Raises NotAllowed."""
        caller = caller_of(request)
        if caller is not None:
            caller.context.require(*self.rights)
        return caller


def caller(request: HttpRequest) -> Caller:
    """In a view: ninja has already refused a call without one."""
    found = caller_of(request)
    if found is None:
        raise RuntimeError("this address asks for no token")
    return found


def stores_nothing(request: HttpRequest) -> None:
    """A preview: its answer is not kept for its Idempotency-Key either."""
    request.META[_NOTHING_STORED] = True


def stored_nothing(request: HttpRequest) -> bool:
    return bool(request.META.get(_NOTHING_STORED))


def say_once(request: HttpRequest, digest: bytes) -> None:
    """Of a call with an Idempotency-Key: its token, key and content."""
    request.META[_SAID_ONCE] = digest.hex()


def said_once(request: HttpRequest, place: int = 0) -> str | None:
    """The origin of an operation that is recorded in a transaction of its own, so that the same
    call again finds it; None without an Idempotency-Key."""
    digest = request.META.get(_SAID_ONCE)
    return f"{digest}/{place}" if digest else None


READ = ApiToken(Right.READ)
OPERATE = ApiToken(Right.OPERATE)
SYNC = ApiToken(Right.SYNC)
RESOLVE = ApiToken(Right.RESOLVE)
APPROVE = ApiToken(Right.APPROVE)
MAP = ApiToken(Right.MAP)
CONNECT = ApiToken(Right.CONNECT)
TELL = ApiToken(Right.TELL)
ADMINISTER = ApiToken(Right.ADMINISTER)
EXPORT = ApiToken(Right.EXPORT)
TELL_OR_OPERATE = ApiToken(Right.TELL, Right.OPERATE)
