"""The security log: who asked for what is not theirs, or not there. Never what was in it.

The two are not told apart, neither to who asks nor here: finding out would be a second look.
"""

from __future__ import annotations

from tallystick.kit.log import logger


def not_in_context(*, actor: str, method: str, path: str, correlation_id: str) -> None:
    """Somebody who is known asked for an address that has nothing for them."""
    logger("security").warning(
        "not in the context",
        actor=actor,
        method=method,
        path=path,
        correlation_id=correlation_id,
    )


def not_allowed(*, actor: str, method: str, path: str, correlation_id: str) -> None:
    """Somebody who is known asked for what their role may not do."""
    logger("security").warning(
        "not allowed", actor=actor, method=method, path=path, correlation_id=correlation_id
    )


def call_not_heard(*, hook: str, why: str) -> None:
    """Somebody called a source's own address, and nothing proves that it was the source."""
    logger("security").warning("webhook not heard", hook=hook[:60], why=why)


def foreign_hint(*, source: int, customer: str, subject: str) -> None:
    """A call that was proved spoke of a customer whom its source does not have."""
    logger("security").warning(
        "hint of a stranger", source=source, customer=customer, subject=subject
    )
