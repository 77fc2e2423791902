"""Which role of the database may do what. Applied by ``tallystick migrate``, after the walls.

Three roles, none of which owns anything or can sign in by itself: what all of the program may do
(the command line works as it), and less of that for a web server and for a worker. Whoever takes
over one of the two processes has what it needs and no more: a web server invents no attempt and no
evidence, a worker makes no user, token or rule and reads no password.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from psycopg import sql

from tallystick.bootstrap import walls

WEB, WORKER = "web", "worker"

# Whatever process: facts are added, never changed or deleted.
FACTS: Final = (
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
READ_ONLY: Final = ("ledger_transition", "django_migrations", "audit_chain", "ledger_tally")
NEVER_DELETED: Final = (
    "ledger_delivery",
    "ledger_lane",
    "ledger_lane_member",
    "ledger_sync_run",
    "ledger_portion",
    "ledger_sync_round",
    "catalog_price_row",
    "catalog_promotion",
    "subscriptions_azure_amount",
)
_WRITE = "INSERT, UPDATE, DELETE"
_ALL = f"SELECT, {_WRITE}"
# What was sent and seen, and what there is in Autotask, is the worker's to say.
NOT_BY_WEB: Final = {
    "ledger_attempt": "INSERT",
    "ledger_evidence": "INSERT",
    "ledger_drift": "INSERT",
    "directory_company": _WRITE,
    "directory_service": _WRITE,
    "directory_line": _WRITE,
    "directory_contract": "INSERT, DELETE",
    "mappings_customer_suggestion": "INSERT, UPDATE",
    "notify_pulse": _WRITE,
}
# Who may sign in, with what credentials, by which rules, mapped to whom: people decide it.
NOT_BY_WORKER: Final = {
    "identity_tenant": _WRITE,
    "identity_reseller": _WRITE,
    "identity_user": _ALL,
    "identity_api_token": _ALL,
    "identity_sign_in_link": _ALL,
    "identity_second_factor": _ALL,
    "identity_open_identity": _ALL,
    "identity_failed_sign_ins": "INSERT, UPDATE",
    "identity_idempotent_request": "INSERT, UPDATE",
    "django_session": _ALL,
    "connections_connection": "INSERT, DELETE",
    "connections_policy_override": _WRITE,
    "mappings_customer": _WRITE,
    "mappings_offer": _WRITE,
    "ledger_lane_member": "INSERT, UPDATE",
    "mappings_exclusion": _WRITE,
    # It reads price sheets of sources, once a month.
    "catalog_price_series": "DELETE",
    "catalog_promotion": _WRITE,
    "catalog_margin_rule": _WRITE,
    "catalog_price_settings": _WRITE,
    "catalog_exchange_rate": _WRITE,
    "catalog_price_upload": _ALL,
    "books_month_proof": _WRITE,
    "books_month_proof_line": _WRITE,
    "books_vendor_invoice": _WRITE,
    "books_vendor_invoice_line": _WRITE,
    "ledger_dealt_with": _WRITE,
    "ledger_sync_round": "INSERT, DELETE",
    "ledger_round_item": _WRITE,
    "notify_recipient": "INSERT, DELETE",
    "notify_invitation_mail": "INSERT, DELETE",
    "sources_source": "INSERT, DELETE",
}
# Of these a worker reads so much: who is told, and (the walls ask it) whose something is.
_WHOSE = ("id", "tenant_id", "reseller_id")
SEEN_BY_WORKER: Final = {
    "identity_user": (*_WHOSE, "email", "name", "role", "is_active"),
    "identity_api_token": _WHOSE,
    # What the mail of an invitation says; never what its link opens with.
    "identity_sign_in_link": (
        *_WHOSE,
        "email",
        "role",
        "made_by",
        "expires_at",
        "used_at",
        "withdrawn_at",
    ),
}


def role_of(everything: str, process: str) -> str:
    """The name of a process's role: ``tallystick_app_web`` for ``tallystick_app``."""
    return f"{everything}_{process}"


def roles(everything: str) -> tuple[str, str, str]:
    return everything, role_of(everything, WEB), role_of(everything, WORKER)


def give(cursor: Any, everything: str) -> None:
    """All of them anew, in the caller's transaction, as the owner of the tables."""
    for name in roles(everything):
        role = sql.Identifier(name)
        granted = sql.SQL(
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};"
            "GRANT USAGE ON SCHEMA public TO {role};"
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};"
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role};"
        )
        cursor.execute(granted.format(role=role))
        _revoke(cursor, dict.fromkeys(FACTS, "UPDATE, DELETE"), role)
        _revoke(cursor, dict.fromkeys(READ_ONLY, _WRITE), role)
        _revoke(cursor, dict.fromkeys(NEVER_DELETED, "DELETE"), role)
    _revoke(cursor, NOT_BY_WEB, sql.Identifier(role_of(everything, WEB)))
    worker = sql.Identifier(role_of(everything, WORKER))
    _revoke(cursor, NOT_BY_WORKER, worker)
    for table, columns in SEEN_BY_WORKER.items():
        cursor.execute(
            sql.SQL("GRANT SELECT ({columns}) ON {table} TO {role}").format(
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                table=sql.Identifier(table),
                role=worker,
            )
        )


def _revoke(cursor: Any, rights: Mapping[str, str], role: sql.Identifier) -> None:
    for table, taken in rights.items():
        statement = sql.SQL("REVOKE {rights} ON {table} FROM {role}")
        cursor.execute(
            statement.format(rights=sql.SQL(taken), table=sql.Identifier(table), role=role)
        )


def digest() -> str:
    """Of all walls and rights: another one in the database, and they are made anew."""
    said = repr(
        (
            walls.policies(),
            (FACTS, READ_ONLY, NEVER_DELETED),
            (NOT_BY_WEB, NOT_BY_WORKER, SEEN_BY_WORKER),
        )
    )
    return hashlib.sha256(said.encode()).hexdigest()[:20]


KEPT_AT: Final = "tallystick_tenant"  # a function of the walls; its comment is the digest


def note_digest(cursor: Any) -> None:
    """In the transaction that made them."""
    comment = sql.SQL("COMMENT ON FUNCTION {name}() IS {digest}")
    cursor.execute(comment.format(name=sql.Identifier(KEPT_AT), digest=sql.Literal(digest())))
