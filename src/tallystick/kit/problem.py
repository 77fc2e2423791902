"""What a front door can be told is wrong, in words it can show to a person.

A verb that cannot do what it was asked raises one of these; the pages and the API turn it into a
message, and nothing has been stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field and what is wrong with it."""

    field: str
    message: str


class Problem(Exception):
    """Base: ``str(problem)`` is a sentence for a person."""

    title = "The request could not be carried out"


class InvalidInput(Problem):
    """Some fields are wrong; nothing was stored."""

    title = "Some fields are not valid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(" ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = tuple(errors)

    @classmethod
    def one(cls, field: str, message: str) -> InvalidInput:
        return cls([FieldError(field, message)])


class NotFound(Problem):
    """Not there, or not in the asker's context: the two are never told apart."""

    title = "Not found"


class NotAllowed(Problem):
    """The asker's role does not have the right."""

    title = "Not allowed"


class Unreachable(Problem):
    """What was asked needs an answer from elsewhere that did not come; nothing was stored."""

    title = "Autotask could not be read"


class TooMany(Problem):
    """More was asked in a short time than one may; nothing was done. It may be in ``seconds``."""

    title = "Too many requests"

    def __init__(self, seconds: int, *, heavy: bool) -> None:
        what = (
            "Your organisation asked for many files, imports and looks at once"
            if heavy
            else "You, or your organisation, asked very often in a short time"
        )
        when = "a second" if seconds == 1 else f"{seconds} seconds"
        super().__init__(f"{what}. Nothing was done. Ask again in {when}.")
        self.seconds = seconds


class Conflicting(Problem):
    """The request contradicts what is already so (another body for the same key, a taken line)."""

    title = "Conflict"
