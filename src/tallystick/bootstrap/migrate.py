"""Bring the database to this version, and give the application's role exactly its rights.

Runs as the owner of the tables (``TALLYSTICK_DATABASE_AS=owner``). The application's role may add
facts and read them; it has no right to change or delete one.
"""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from tallystick.bootstrap.walls import build
from tallystick.identity.reach import everything_by_default

FACTS = (
    "audit_log",
    "ledger_operation",
    "ledger_attempt",
    "ledger_evidence",
    "ledger_sighting",
    "ledger_dealt_with",
    "ledger_round_item",
    "books_month_proof",
    "books_month_proof_line",
    "books_vendor_invoice",
    "books_vendor_invoice_line",
    "ledger_drift",
    "ledger_drift_decision",
    "catalog_margin_rule",
    "catalog_exchange_rate",
    "catalog_price_import",
    "sources_event",
    "sources_event_outcome",
)
# ``audit_chain`` and ``ledger_tally`` are written by triggers that work as the owner.
READ_ONLY = ("ledger_transition", "django_migrations", "audit_chain", "ledger_tally")
NEVER_DELETED = (
    "ledger_delivery",
    "ledger_lane",
    "ledger_sync_run",
    "ledger_portion",
    "ledger_sync_round",
    "catalog_price_row",
    "catalog_promotion",
    "subscriptions_azure_amount",
)


class CannotMigrate(Exception):
    """The sentence says what to do."""


def migrate(*, verbose: bool = True) -> None:
    """Apply migrations, then walls and rights. Raises CannotMigrate."""
    everything_by_default()
    call_command("migrate", verbosity=1 if verbose else 0, interactive=False)
    with transaction.atomic(), connection.cursor() as cursor:
        build(cursor)
    if settings.APP_ROLE:
        with transaction.atomic(), connection.cursor() as cursor:
            _ensure_role(settings.APP_ROLE)
            role = sql.Identifier(settings.APP_ROLE)
            everything = sql.SQL(
                "GRANT USAGE ON SCHEMA public TO {role};"
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};"
                "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role};"
            )
            cursor.execute(everything.format(role=role))
            for table in FACTS:
                _revoke(cursor, "UPDATE, DELETE", table, role)
            for table in READ_ONLY:
                _revoke(cursor, "INSERT, UPDATE, DELETE", table, role)
            for table in NEVER_DELETED:
                _revoke(cursor, "DELETE", table, role)


def _revoke(cursor: object, rights: str, table: str, role: sql.Identifier) -> None:
    statement = sql.SQL("REVOKE {rights} ON {table} FROM {role}").format(
        rights=sql.SQL(rights),
        table=sql.Identifier(table),
        role=role,
    )
    cursor.execute(statement)  # type: ignore[attr-defined]  # Django's cursor takes Composables


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
                f"CREATE ROLE {name} NOLOGIN; GRANT {name} TO <the role of DATABASE_URL>; "
                "and migrate again. Or set TALLYSTICK_APP_ROLE= (empty) to work with one role."
            ) from error
