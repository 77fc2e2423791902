"""The first organisation and its first administrator, made from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tallystick.audit.record import Actor
from tallystick.bootstrap.checking import check_connection
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.record_metadata import record_metadata
from tallystick.bootstrap.record_source import record_source
from tallystick.connections.checks import Check
from tallystick.connections.queries import list_connections
from tallystick.connections.recorded import Recorded
from tallystick.identity.context import Context
from tallystick.identity.people import (
    add_tenant,
    add_user,
    anybody,
    only_tenant,
    tenant_named,
    tenant_names,
)
from tallystick.identity.roles import Role
from tallystick.identity.tokens import create_token
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import InvalidInput
from tallystick.sources.source_queries import SourceName, named_sources

COMMAND_LINE = Actor("command-line", "The command line")


def tenant_for(organisation: str | None) -> int | None:
    """The tenant with that name; without a name the only one; None when there is none yet.

    Raises InvalidInput when the name fits nothing, or no name was given and there are several.
    """
    if organisation is None:
        names = tenant_names()
        if len(names) > 1:
            raise InvalidInput.one("organisation", "must be one of " + ", ".join(names))
        return only_tenant()
    found = tenant_named(organisation)
    if found is None:
        raise InvalidInput.one("organisation", f"there is none named “{organisation}”")
    return found


def create_admin(
    *, email: str, password: str, name: str, organisation: str | None, time_zone: str
) -> tuple[int, bool]:
    """Answer the user's id, and whether the organisation was made too.

    Raises InvalidInput, Conflicting; then nothing was stored.
    """
    from django.db import transaction

    now = desk().now()
    with transaction.atomic():
        known = tenant_named(organisation) if organisation else tenant_for(None)
        tenant_id = known or add_tenant(
            organisation or "My organisation", time_zone=time_zone, now=now
        )
        user_id = add_user(
            tenant_id=tenant_id,
            email=email,
            password=password,
            role=Role.ADMINISTRATOR,
            now=now,
            correlation_id=correlation_id(),
            name=name,
        )
    return user_id, known is None


def make_token(*, name: str, role: str, organisation: str | None) -> str:
    """Answer the token itself: the only time it can be read. Raises InvalidInput."""
    tenant_id = tenant_for(organisation)
    if tenant_id is None:
        raise InvalidInput.one("organisation", "there is none yet: tallystick create-admin first")
    _, plain = create_token(
        tenant_id=tenant_id,
        reseller_id=None,
        role=Role(role),
        name=name,
        now=desk().now(),
        correlation_id=correlation_id(),
    )
    return plain


def nobody_can_sign_in() -> bool:
    return not anybody()


def check_named_connection(name: str, *, organisation: str | None) -> Sequence[Check]:
    """Test the connection of that name or number. Raises InvalidInput."""
    connection_id, context = _named_connection(name, organisation)
    return check_connection(
        connection_id, context=context, now=desk().now(), correlation_id=correlation_id()
    )


def record_named_connection(
    name: str, *, organisation: str | None, target: Path, with_udf_names: bool
) -> Recorded:
    """Record the metadata of the connection of that name or number to a new file.

    Raises InvalidInput, Unreachable; then nothing was written.
    """
    connection_id, context = _named_connection(name, organisation)
    return record_metadata(
        connection_id,
        target=target,
        with_udf_names=with_udf_names,
        context=context,
        now=desk().now(),
        correlation_id=correlation_id(),
    )


def record_named_source(name: str, *, organisation: str | None, target: Path) -> int:
    """Record answers of the source of that name or number; how many. Raises InvalidInput,
    Unreachable; then nothing was written."""
    context = _command_line(organisation)
    return record_source(
        source_named(context, name).id,
        target=target,
        context=context,
        now=desk().now(),
        correlation_id=correlation_id(),
    )


def source_named(context: Context, name: str) -> SourceName:
    """The one of that name or number. Raises InvalidInput."""
    sources = named_sources(context)
    found = [one for one in sources if name.strip() in {one.name, str(one.id)}]
    if len(found) != 1:
        known = ", ".join(one.name for one in sources) or "there is none yet"
        raise InvalidInput.one("source", f"must be the name or number of one: {known}")
    return found[0]


def _command_line(organisation: str | None) -> Context:
    """Raises InvalidInput."""
    tenant_id = tenant_for(organisation)
    if tenant_id is None:
        raise InvalidInput.one("organisation", "there is none yet")
    return Context(tenant_id, None, Role.ADMINISTRATOR, COMMAND_LINE)


def _named_connection(name: str, organisation: str | None) -> tuple[int, Context]:
    """Its id, and the context the command line acts in. Raises InvalidInput."""
    tenant_id = tenant_for(organisation)
    if tenant_id is None:
        raise InvalidInput.one("connection", "there is no organisation yet")
    context = Context(tenant_id, None, Role.ADMINISTRATOR, COMMAND_LINE)
    found = [
        one for one in list_connections(context) if one.name == name or str(one.id) == name.strip()
    ]
    if not found:
        raise InvalidInput.one("connection", f"there is none named “{name}”")
    return found[0].id, context
