"""Row-level security: which rows of which table a reach shows. Applied by ``tallystick migrate``.

Every table with a tenant is in one of these lists, or in ``OPEN`` with a reason
(``tests/rooms/identity/test_reach.py``). The policies are forced: they hold for the tables' owner
too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import sql

# A tenant and a reseller (none: the CSP's own). A reseller reaches its own rows.
OF_A_RESELLER: Final = (
    "audit_log",
    "subscriptions_customer",
    "subscriptions_subscription",
    "subscriptions_azure_amount",
    "catalog_price_run",
    "identity_user",
    "identity_api_token",
    "identity_sign_in_link",
    "notify_recipient",
    "books_month_proof",
    "sources_source",
    "ledger_tally",
    "ledger_operation",
    "ledger_lane",
)
# The same, and the CSP's own can be read by its resellers: a reseller's prices begin with the
# CSP's rules, and what it changes may be billed on the CSP's connection.
READ_BY_RESELLERS: Final = ("catalog_margin_rule", "connections_connection")
# A tenant alone, and nothing of a customer in it: what can be bought.
OF_A_TENANT: Final = ("catalog_offer",)
# The CSP's. What a reseller's prices are made of is read by it, and changed by the CSP.
OF_THE_CSP: Final = (
    "catalog_price_import",
    "catalog_price_series",
    "catalog_promotion",
    "catalog_price_settings",
    "catalog_exchange_rate",
    "audit_chain",  # hashes: a reseller's file of its own audit logs has them
)
OF_THE_CSP_ALONE: Final = ("catalog_price_upload", "books_vendor_invoice")
# A tenant, and a row they belong to. A reseller reaches them as far as that. (column, table)
PART_OF: Final = {
    "subscriptions_scheduled_change": ("subscription_id", "subscriptions_subscription"),
    "subscriptions_refused_change": ("subscription_id", "subscriptions_subscription"),
    "sources_event": ("source_id", "sources_source"),
    "ledger_delivery": ("lane_id", "ledger_lane"),
    "ledger_lane_member": ("lane_id", "ledger_lane"),
    "ledger_portion": ("lane_id", "ledger_lane"),
    "ledger_drift": ("lane_id", "ledger_lane"),
    "ledger_drift_decision": ("drift_id", "ledger_drift"),
    "ledger_sighting": ("lane_id", "ledger_lane"),
    "ledger_dealt_with": ("sighting_id", "ledger_sighting"),
    "ledger_sync_run": ("lane_id", "ledger_lane"),
    "mappings_subscription": ("lane_id", "ledger_lane"),
    "mappings_next_place": ("lane_id", "ledger_lane"),
    "mappings_line_wanted": ("lane_id", "ledger_lane"),
    "mappings_left_place": ("lane_id", "ledger_lane"),
}
# On a connection: what there is in that Autotask, and which of it is whose. A reseller reaches
# none of it on its CSP's connection but what is about its own customers.
ON_A_CONNECTION: Final[dict[str, dict[str, str]]] = {
    "directory_reading": {},
    "directory_company": {},
    "directory_service": {},
    "directory_contract": {},
    "directory_line": {},
    "ledger_sync_round": {},
    "mappings_exclusion": {},
    "mappings_customer": {"customer_id": "subscriptions_customer"},
    "mappings_customer_suggestion": {"customer_id": "subscriptions_customer"},
    "connections_policy_override": {
        "customer_id": "subscriptions_customer",
        "subscription_id": "subscriptions_subscription",
    },
}
# As far as the row they belong to is reached. (column, table)
OF_ANOTHER_ROW: Final = {
    "connections_call_minute": ("connection_id", "connections_connection"),
    "mappings_offer": ("connection_id", "connections_connection"),
    "ledger_attempt": ("lane_id", "ledger_lane"),
    "ledger_evidence": ("attempt_id", "ledger_attempt"),
    "catalog_price_row": ("series_id", "catalog_price_series"),
    "catalog_price_run_left": ("run_id", "catalog_price_run"),
    "ledger_round_item": ("round_id", "ledger_sync_round"),
    "books_month_proof_line": ("proof_id", "books_month_proof"),
    "books_vendor_invoice_line": ("invoice_id", "books_vendor_invoice"),
    "subscriptions_not_seen": ("subscription_id", "subscriptions_subscription"),
    "notify_noticed": ("recipient_id", "notify_recipient"),
    "notify_flood": ("recipient_id", "notify_recipient"),
    "notify_message": ("recipient_id", "notify_recipient"),
    "notify_invitation_mail": ("link_id", "identity_sign_in_link"),
    "sources_event_outcome": ("event_id", "sources_event"),
    "sources_waiting_event": ("event_id", "sources_event"),
    "sources_subject": ("source_id", "sources_source"),
    "sources_hint": ("source_id", "sources_source"),
    "identity_second_factor": ("user_id", "identity_user"),
    "identity_open_identity": ("user_id", "identity_user"),
    "identity_idempotent_request": ("token_id", "identity_api_token"),
}
# Needed before it is known whose they are.
SIGNING_IN: Final = (
    "identity_tenant",
    "identity_reseller",
    "identity_user",
    "identity_api_token",
    "identity_sign_in_link",
    "identity_second_factor",
    "identity_open_identity",
    "sources_source",  # who signs a webhook at a source's own address
)
# Tables of ours that hold nothing of a tenant.
OPEN: Final = {
    "identity_failed_sign_ins": "digests of names, and addresses, before anybody is known",
    "notify_pulse": "when a worker was last alive",
    "ledger_transition": "the table of transitions itself",
}

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION tallystick_tenant() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_setting('tallystick.reach', true) ~ '^[0-9]+/'
           THEN split_part(current_setting('tallystick.reach', true), '/', 1)::bigint END
$$;
CREATE OR REPLACE FUNCTION tallystick_reseller() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_setting('tallystick.reach', true) ~ '^[0-9]+/[0-9]+$'
           THEN split_part(current_setting('tallystick.reach', true), '/', 2)::bigint END
$$;
"""
_ALL = "(SELECT current_setting('tallystick.reach', true)) = 'everything'"
_SIGN_IN = "(SELECT current_setting('tallystick.reach', true)) = 'signing-in'"
_TENANT = "tenant_id = (SELECT tallystick_tenant())"
_CSP = "(SELECT tallystick_reseller()) IS NULL"
_MINE = "p.reseller_id = (SELECT tallystick_reseller())"
_OWN = f"{_TENANT} AND ({_CSP} OR reseller_id = (SELECT tallystick_reseller()))"
_ALSO_CSPS = (
    f"{_TENANT} AND ({_CSP} OR coalesce(reseller_id = (SELECT tallystick_reseller()), true))"
)


def build(cursor: Any) -> None:
    """All of them anew, in the caller's transaction, as the owner of the tables."""
    cursor.execute(_FUNCTIONS)
    for table, seen, changed in _rules():
        also = f" OR {_SIGN_IN}" if table in SIGNING_IN else ""
        reads_more = (
            "CREATE POLICY reach_to_read ON {table} FOR SELECT USING ({seen});"
            if seen != changed
            else ""
        )
        statements = sql.SQL(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
            "ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            "DROP POLICY IF EXISTS reach ON {table};"
            "DROP POLICY IF EXISTS reach_to_read ON {table};"
            "CREATE POLICY reach ON {table} FOR ALL USING ({changed}) WITH CHECK ({changed});"
            + reads_more
        )
        cursor.execute(
            statements.format(
                table=sql.Identifier(table),
                seen=sql.SQL(seen + also),
                changed=sql.SQL(changed + also),
            )
        )


def policies() -> list[tuple[str, str, str]]:
    """Every one, as it is applied."""
    return list(_rules())


def walled() -> frozenset[str]:
    """Every table that has a policy."""
    return frozenset(table for table, _, _ in _rules())


def _rules() -> Iterator[tuple[str, str, str]]:
    """Table, which rows are read, which are changed (and may be there afterwards)."""
    for table, seen, changed in _reached():
        yield table, f"{_ALL} OR ({seen})", f"{_ALL} OR ({changed})"


def _reached() -> Iterator[tuple[str, str, str]]:
    """The same, for whoever does not reach everything."""
    for table in OF_A_RESELLER:
        yield table, _OWN, _OWN
    for table in READ_BY_RESELLERS:
        yield table, _ALSO_CSPS, _OWN
    for table in OF_A_TENANT:
        yield table, _TENANT, _TENANT
    for table in OF_THE_CSP:
        yield table, _TENANT, f"{_TENANT} AND {_CSP}"
    for table in OF_THE_CSP_ALONE:
        yield table, f"{_TENANT} AND {_CSP}", f"{_TENANT} AND {_CSP}"
    own_id = "id = (SELECT tallystick_tenant())"
    yield "identity_tenant", own_id, own_id
    itself = f"{_TENANT} AND ({_CSP} OR id = (SELECT tallystick_reseller()))"
    yield "identity_reseller", itself, itself
    for table, (column, parent) in PART_OF.items():
        part = f"{_TENANT} AND ({_CSP} OR {_reaches(table, column, parent)})"
        yield table, part, part
    for table, about in ON_A_CONNECTION.items():
        own = _reaches(
            table, "connection_id", "connections_connection", also=f"({_CSP} OR {_MINE})"
        )
        ways = [own, *(_reaches(table, column, whose) for column, whose in about.items())]
        yield table, " OR ".join(ways), " OR ".join(ways)
    for table, (column, parent) in OF_ANOTHER_ROW.items():
        reached = _reaches(table, column, parent)
        yield table, reached, reached


def _reaches(table: str, column: str, parent: str, *, also: str = "true") -> str:
    """That the other row is there, by its own wall."""
    row = f"SELECT 1 FROM {parent} p WHERE p.id = {table}.{column} AND {also}"  # noqa: S608 - names of this file
    return f"EXISTS ({row})"
