"""Carry out what a mappings file says, row by row, in one transaction: all of it, or nothing.

A dry run carries everything out and takes it back: what it answers is what would be. Its
``fingerprint`` handed in again with the file: nothing is imported when anything is another now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, Problem
from tallystick.sources.csv_errors import Errors, printable
from tallystick.sources.csv_source import one_at_a_time
from tallystick.sources.mapping_decide import Act


@dataclass(frozen=True, slots=True)
class How:
    """``rows_that_fit``: what is wrong is left as it is, the other rows are carried out."""

    dry_run: bool = False
    rows_that_fit: bool = False
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A row and what was decided for it; ``errors``: why not."""

    line: int
    ours: str
    act: Act
    words: str
    errors: tuple[FieldError, ...] = ()
    steps: tuple[Callable[[], object], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row did, or would do; with ``errors`` it did nothing."""

    line: int
    ours: str
    act: Act
    words: str
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class ImportedMappings:
    """In the file's order. ``stored``: whether anything was."""

    rows: tuple[Outcome, ...]
    stored: bool
    fingerprint: str

    @property
    def changed(self) -> int:
        return sum(1 for row in self.rows if row.act is not Act.NOTHING and not row.errors)

    @property
    def unchanged(self) -> int:
        return sum(1 for row in self.rows if row.act is Act.NOTHING and not row.errors)

    @property
    def wrong(self) -> int:
        return sum(1 for row in self.rows if row.errors)


# What verbs call the fields, and what the file does.
_COLUMNS = {
    "company_id": "company",
    "service_id": "service",
    "contract_id": "contract",
    "contract_service_id": "line",
    "reason": "excluded_because",
}


def carry_out(
    jobs: Callable[[], Sequence[Job]],
    *,
    tenant_id: int,
    how: How,
    at_the_end: Callable[[], None] = lambda: None,
) -> ImportedMappings:
    """``jobs`` loads and decides, in the transaction; ``at_the_end``: when it will be stored.

    Raises ImportRefused (a row is wrong, and not only a look) and Conflicting (another import is
    under way; ``how.seen`` is not what is seen now); then nothing is stored.
    """
    with transaction.atomic():
        one_at_a_time(tenant_id)
        rows = tuple(_one(job) for job in jobs())
        fingerprint = _fingerprint(rows)
        if how.dry_run:
            transaction.set_rollback(True)
            return ImportedMappings(rows, False, fingerprint)
        if how.seen and how.seen != fingerprint:
            raise Conflicting(
                "Something has changed since you looked. Nothing was imported. Look again."
            )
        if not how.rows_that_fit:
            _refuse(rows)
        at_the_end()
    done = ImportedMappings(rows, True, fingerprint)
    return done if done.changed else ImportedMappings(rows, False, fingerprint)


def _one(job: Job) -> Outcome:
    errors = job.errors
    if not errors:
        try:
            with transaction.atomic():
                for step in job.steps:
                    step()
        except InvalidInput as problem:
            errors = tuple(
                FieldError(_COLUMNS.get(error.field, error.field), error.message)
                for error in problem.errors
            )
        except Problem as problem:
            errors = (FieldError("row", str(problem)),)
    told = tuple(FieldError(error.field, printable(error.message)) for error in errors)
    return Outcome(job.line, printable(job.ours), job.act, printable(job.words), told)


def _refuse(rows: Sequence[Outcome]) -> None:
    """Raises ImportRefused."""
    errors = Errors()
    for row in rows:
        for error in row.errors:
            errors.add(row.line, error.field, error.message)
    errors.refuse()


def _fingerprint(rows: Sequence[Outcome]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()[:32]
