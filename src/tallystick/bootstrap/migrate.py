"""Bring the database to this version, and give the application's roles exactly their rights.

Runs as the owner of the tables (``TALLYSTICK_DATABASE_AS=owner``). The application's roles may add
facts and read them; they have no right to change or delete one (``rights``).
"""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from tallystick.bootstrap.rights import give, note_digest, roles
from tallystick.bootstrap.walls import build
from tallystick.identity.reach import everything_by_default


class CannotMigrate(Exception):
    """The sentence says what to do."""


def migrate(*, verbose: bool = True) -> None:
    """Apply migrations, then walls and rights. Raises CannotMigrate."""
    everything_by_default()
    call_command("migrate", verbosity=1 if verbose else 0, interactive=False)
    with transaction.atomic(), connection.cursor() as cursor:
        build(cursor)
    with transaction.atomic(), connection.cursor() as cursor:
        if settings.APP_ROLE:
            for role in roles(settings.APP_ROLE):
                _ensure_role(role)
            give(cursor, settings.APP_ROLE)
        note_digest(cursor)


def _ensure_role(name: str) -> None:
    """Make the role if it is missing, and let ourselves become it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        exists = cursor.fetchone() is not None
        try:
            with transaction.atomic():
                if not exists:
                    cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
                cursor.execute("SELECT pg_has_role(current_user, %s, 'SET')", [name])
                row = cursor.fetchone()
                if not (row and row[0]):
                    cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))
        except ProgrammingError as error:
            raise CannotMigrate(
                f"The database role of DATABASE_URL may not create the role {name}. "
                "The tables were migrated, the rights were not given. Let an administrator run: "
                f"{_by_hand()} "
                "and migrate again. Or set TALLYSTICK_APP_ROLE= (empty) to work with one role."
            ) from error


def _by_hand() -> str:
    made = roles(settings.APP_ROLE)
    created = " ".join(f"CREATE ROLE {name} NOLOGIN;" for name in made)
    return f"{created} GRANT {', '.join(made)} TO <the role of DATABASE_URL>;"
