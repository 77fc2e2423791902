"""What a recording of a connection's metadata holds, counted, for people and the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recorded:
    """``entities`` are kinds of record. ``not_read``: the words by what they are about."""

    entities: int
    fields: int
    lists: int
    labels_kept: int
    labels_left_out: int
    user_defined_fields: int
    not_read: Mapping[str, str]
