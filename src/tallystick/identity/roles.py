"""Roles and what each may do: one table, deny by default."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    READ = "read"
    OPERATE = "operate"  # record operations, import
    SYNC = "sync"
    RESOLVE = "resolve"  # take a blocked operation out of the way
    APPROVE = "approve"  # let go what is held for review
    MAP = "map"
    CONNECT = "connect"  # credentials, policies, pause
    ADMINISTER = "administer"  # users and tokens
    EXPORT = "export"


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    VIEWER = "viewer"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self]


RIGHTS = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.OPERATOR: frozenset(
        {Right.READ, Right.OPERATE, Right.SYNC, Right.RESOLVE, Right.APPROVE, Right.MAP}
    ),
    Role.VIEWER: frozenset({Right.READ}),
    Role.AUDITOR: frozenset({Right.READ, Right.EXPORT}),
}
