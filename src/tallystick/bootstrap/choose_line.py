"""Choose the line that bills a changed offer, and go on where it had stopped."""

from __future__ import annotations

from tallystick.identity.roles import Right
from tallystick.mappings.want_line import choose_wanted
from tallystick.operations.finish import Asked
from tallystick.sync.request import request_sync


def choose_and_sync(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    asked: Asked,
) -> None:
    """Raises NotAllowed, NotFound, Conflicting, InvalidInput."""
    asked.context.require(Right.SYNC)
    choose_wanted(
        subscription_id,
        connection_id,
        contract_id=contract_id,
        line_id=line_id,
        context=asked.context,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
    request_sync(
        connection_id,
        subscription_id,
        context=asked.context,
        now=asked.now,
        wake=asked.wake,
        correlation_id=asked.correlation_id,
    )
