"""The file itself, and its turn: one import of a tenant at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from django.db import connection

from tallystick.kit.problem import Conflicting
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.csv_rows import MOST_BYTES

Source = Path | IO[str] | IO[bytes]


def read_source(source: Source, *, most: int = MOST_BYTES) -> bytes:
    """The file's bytes, at most one more than is allowed. Raises ImportRefused."""
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return file.read(most + 1)
        content = source.read(most + 1)
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise ImportRefused.whole(f"cannot be read: {why}") from None
    return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content


def one_at_a_time(tenant_id: int) -> None:
    """In a transaction. Raises Conflicting while another import of the tenant is under way."""
    with connection.cursor() as cursor:
        key = f"import/{tenant_id}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        row = cursor.fetchone()
    if not (row and row[0]):
        raise Conflicting("Another import is under way. Nothing was imported; try again after it.")
