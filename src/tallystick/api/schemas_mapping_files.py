"""What an import of mappings answers."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field

from tallystick.sources.mapping_carry_out import How, ImportedMappings, Outcome


class ImportFilter(Schema):
    """``rows_that_fit``: leave what is wrong as it is, and import the rest.

    ``seen``: the fingerprint of the dry run; 409 when anything is another now.
    """

    dry_run: bool = False
    rows_that_fit: bool = False
    seen: str = Field("", max_length=100)

    def how(self) -> How:
        return How(dry_run=self.dry_run, rows_that_fit=self.rows_that_fit, seen=self.seen)


class WrongCellOut(Schema):
    field: str
    message: str


class RowOut(Schema):
    """A row by the line it begins on. With errors it did nothing."""

    line: int
    ours: str
    act: Literal["nothing", "map", "change", "unmap", "exclude", "include"]
    words: str
    errors: list[WrongCellOut]

    @classmethod
    def of(cls, row: Outcome) -> RowOut:
        errors = [WrongCellOut(field=one.field, message=one.message) for one in row.errors]
        return cls(line=row.line, ours=row.ours, act=row.act.value, words=row.words, errors=errors)


class ImportedMappingsOut(Schema):
    """``stored``: whether anything was. Every row is counted once."""

    stored: bool
    changed: int
    unchanged: int
    wrong: int
    fingerprint: str
    rows: list[RowOut]

    @classmethod
    def of(cls, done: ImportedMappings) -> ImportedMappingsOut:
        return cls(
            stored=done.stored,
            changed=done.changed,
            unchanged=done.unchanged,
            wrong=done.wrong,
            fingerprint=done.fingerprint,
            rows=[RowOut.of(row) for row in done.rows],
        )
