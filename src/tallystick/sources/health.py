"""How a source stands, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# Reading is due every 15 minutes; a worker that is busy comes later, one that is not there never.
LATE_AFTER: Final = timedelta(hours=1)


class SourceHealth(StrEnum):
    WORKS = "works"
    NOT_READ_YET = "not_read_yet"
    NEEDS_A_PERSON = "needs_a_person"
    OVERDUE = "overdue"
    NOT_READ = "not_read"

    @property
    def label(self) -> str:
        return {
            SourceHealth.WORKS: "Works",
            SourceHealth.NOT_READ_YET: "Not read yet",
            SourceHealth.NEEDS_A_PERSON: "Needs a person",
            SourceHealth.OVERDUE: "Not read in time",
            SourceHealth.NOT_READ: "Not read",
        }[self]

    @property
    def tone(self) -> str:
        return {
            SourceHealth.WORKS: "green",
            SourceHealth.NOT_READ_YET: "secondary",
            SourceHealth.NEEDS_A_PERSON: "yellow",
            SourceHealth.OVERDUE: "red",
            SourceHealth.NOT_READ: "red",
        }[self]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a source's health follows from. ``is_told``: it sends; it is not read."""

    is_told: bool
    trouble: str
    needs_a_person: int
    last_read_at: datetime | None
    next_read_at: datetime | None


def health_of(facts: Facts, *, now: datetime) -> tuple[SourceHealth, str]:
    """With its cause in a sentence; empty when nothing is wrong."""
    if facts.trouble:
        return SourceHealth.NOT_READ, facts.trouble
    due_at = facts.next_read_at
    if not facts.is_told and due_at is not None and now - due_at > LATE_AFTER:
        return SourceHealth.OVERDUE, (
            "It was due more than an hour ago and was not read. Whoever runs this server looks "
            "whether a worker is there."
        )
    if facts.needs_a_person:
        number = facts.needs_a_person
        change = "1 change was" if number == 1 else f"{number:,} changes were"
        return SourceHealth.NEEDS_A_PERSON, f"{change} not recorded: a person decides."
    if facts.is_told or facts.last_read_at is not None:
        return SourceHealth.WORKS, ""
    return SourceHealth.NOT_READ_YET, "It is read for the first time within a minute."
