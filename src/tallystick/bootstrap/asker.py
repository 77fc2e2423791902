"""Whoever sits at the command line, as the verbs know an asker; and the connection they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tallystick.audit.record import Actor
from tallystick.bootstrap.accounts import tenant_for
from tallystick.bootstrap.desk import desk
from tallystick.connections.queries import ConnectionView, list_connections
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import InvalidInput
from tallystick.mappings.choose import Chosen
from tallystick.operations.finish import Asked

SOURCE = "command"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who runs a command on this machine may do everything in the organisation."""

    context: Context
    now: datetime
    correlation_id: str

    @property
    def today(self) -> date:
        return desk().today(self.context)

    def asked(self) -> Asked:
        return desk().asked(self.context, source=SOURCE, correlation=self.correlation_id)

    def by(self) -> Chosen:
        return Chosen(self.context, self.now, self.correlation_id)

    def acting(self) -> dict[str, Any]:
        """What most verbs are told about their asker."""
        return {
            "context": self.context,
            "now": self.now,
            "correlation_id": self.correlation_id,
        }


def asker_for(organisation: str | None, *, command: str) -> Asker:
    """``command``: how the audit log names who did it. Raises InvalidInput."""
    tenant_id = tenant_for(organisation)
    if tenant_id is None:
        raise InvalidInput.one("organisation", "there is none yet: tallystick create-admin")
    actor = Actor(ref=f"command/{command}", name=f"tallystick {command}")
    context = Context(tenant_id, None, Role.ADMINISTRATOR, actor)
    return Asker(context, desk().now(), correlation_id())


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can be named: by any of ``names``, shown as ``label``."""

    id: int
    names: Sequence[str]
    label: str


MOST_NAMED = 10


def one_named(text: str, field: str, found: Sequence[Candidate]) -> Candidate:
    """The one with exactly that name; upper and lower case are the same.

    Raises InvalidInput with the candidates when it is none or several.
    """
    wanted = text.strip()
    exact = [one for one in found if wanted in one.names]
    fitting = exact or [
        one for one in found if wanted.casefold() in (name.casefold() for name in one.names)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        candidates = "; ".join(one.label for one in fitting[:MOST_NAMED])
        raise InvalidInput.one(field, f"“{text}” is {len(fitting)}: {candidates}. Say which")
    hint = "; ".join(one.label for one in found[:MOST_NAMED])
    said = f". There is: {hint}" if hint else ""
    raise InvalidInput.one(field, f"there is none named “{text}”{said}")


def connection_named(asker: Asker, text: str) -> ConnectionView:
    """By its name, or its number. Raises InvalidInput."""
    views = list_connections(asker.context)
    found = [Candidate(one.id, (one.name, str(one.id)), one.name) for one in views]
    chosen = one_named(text, "connection", found).id
    return next(one for one in views if one.id == chosen)
