"""PostgreSQL that refuses new rows as it does when its disk is full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def no_room_for(table: str, column: str, value: int) -> Iterator[None]:
    """PostgreSQL refuses new rows of one lane or subscription, in the words of a full disk."""
    name = f"no_room_{value}"
    with psycopg.connect(os.environ["TALLYSTICK_TEST_DATABASE_URL"], autocommit=True) as owner:
        owner.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file: No space left on device' "
            "USING ERRCODE = '53100'; END $$"
        )
        owner.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW "
            f"WHEN (NEW.{column} = {value}) EXECUTE FUNCTION {name}()"
        )
        try:
            yield
        finally:
            owner.execute(f"DROP TRIGGER {name} ON {table}")
            owner.execute(f"DROP FUNCTION {name}")
