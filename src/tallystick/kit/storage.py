"""A database that has no room left: what it says, and how to know it."""

from __future__ import annotations

from psycopg.errors import DiskFull

from tallystick.kit.problem import Problem


class StorageFull(Problem):
    """Nothing can be stored until there is room; nothing of what was asked has been."""

    title = "The database's storage is full"

    def __init__(self) -> None:
        super().__init__(
            "Nothing was recorded and nothing is sent to Autotask until there is room again; then "
            "what waits goes on by itself. Make room where the database is, then repeat what you "
            "did."
        )


def storage_is_full(error: BaseException | None) -> bool:
    """Whether PostgreSQL refused for want of room (SQLSTATE 53100), however it was wrapped."""
    while error is not None:
        if isinstance(error, DiskFull):
            return True
        error = error.__cause__
    return False
