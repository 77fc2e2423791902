"""Roles and what each may do: one table, deny by default."""

from __future__ import annotations

from enum import StrEnum

from tallystick.kit.problem import InvalidInput


class Right(StrEnum):
    READ = "read"
    OPERATE = "operate"  # record operations, import
    SYNC = "sync"
    RESOLVE = "resolve"  # decide on what is stopped or differs, in the ways below
    DONE_BY_HAND = "done_by_hand"  # say that it was done in Autotask; a reading must agree
    BELIEVE = "believe"  # ... also when no reading agrees
    LATER = "later"  # let a price begin with the next billing period
    SKIP = "skip"  # never send it
    ADOPT = "adopt"  # expect what Autotask shows from now on
    PUSH = "push"  # send ours on top of what Autotask shows
    KEEP = "keep"  # of a difference that nothing waits for: Autotask's counts
    RESTORE = "restore"  # ... ours is put back
    AGREE = "agree"  # ... it may differ until a day
    CORRECT = "correct"  # send the opposite of a change that should not be there
    APPROVE = "approve"  # let go what is held for review
    MAP = "map"
    CONNECT = "connect"  # credentials, policies, pause
    ADMINISTER = "administer"  # users and tokens
    EXPORT = "export"
    TELL = "tell"  # say what happened at a source: events and snapshots


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    VIEWER = "viewer"
    AUDITOR = "auditor"
    SOURCE = "source"  # of a source's own token: it tells, and sees nothing

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self]


RIGHTS = {
    Role.ADMINISTRATOR: frozenset(Right),
    # What a month's end takes: the ways past a stop, and what is decided on a difference. Not: to
    # believe what no reading shows, to take back what was proved.
    Role.OPERATOR: frozenset(
        {
            Right.READ,
            Right.OPERATE,
            Right.SYNC,
            Right.RESOLVE,
            Right.DONE_BY_HAND,
            Right.LATER,
            Right.SKIP,
            Right.ADOPT,
            Right.PUSH,
            Right.KEEP,
            Right.RESTORE,
            Right.AGREE,
            Right.APPROVE,
            Right.MAP,
        }
    ),
    Role.VIEWER: frozenset({Right.READ}),
    Role.AUDITOR: frozenset({Right.READ, Right.EXPORT}),
    Role.SOURCE: frozenset({Right.TELL}),
}
# What a person can be.
OF_PEOPLE = tuple(role for role in Role if role is not Role.SOURCE)


def check_of_people(role: Role) -> None:
    """A source's own token is made with the source, and nobody else is one. Raises InvalidInput."""
    if role not in OF_PEOPLE:
        names = ", ".join(one.value for one in OF_PEOPLE)
        raise InvalidInput.one("role", f"must be one of {names}")
