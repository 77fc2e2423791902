"""Find which company each customer probably is, and keep it until the directory is read again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from tallystick.connections.queries import load as load_connection
from tallystick.directory.queries import all_companies
from tallystick.kit.chunks import chunks
from tallystick.mappings.match import Candidate, Matcher
from tallystick.mappings.models import CustomerSuggestion
from tallystick.subscriptions.models import Customer

ROWS_A_WRITE = 500


def suggest_companies(connection_id: int, *, now: datetime) -> int:
    """For every customer the connection can see; answers how many were looked at."""
    connection = load_connection(connection_id)
    companies = all_companies(connection_id)
    matcher = Matcher(Candidate(id=one.id, name=one.name, number=one.number) for one in companies)
    customers = Customer.objects.filter(tenant_id=connection.tenant_id)
    if connection.reseller_id is not None:
        customers = customers.filter(reseller_id=connection.reseller_id)
    looked = 0
    for some in chunks(customers.order_by("pk").values_list("pk", "name", "external_id"), 500):
        rows = [_row(connection_id, one, matcher, now) for one in some]
        with transaction.atomic():
            CustomerSuggestion.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["connection", "customer"],
                update_fields=["company_id", "company_name", "score", "reason", "made_at"],
            )
        looked += len(rows)
    return looked


def _row(
    connection_id: int, customer: tuple[int, str, str], matcher: Matcher, now: datetime
) -> CustomerSuggestion:
    pk, name, external_id = customer
    found = matcher.best(name, number=external_id)
    row = CustomerSuggestion(connection_id=connection_id, customer_id=pk, made_at=now)
    if found is not None:
        row.company_id, row.company_name = found.id, found.name[:300]
        row.score, row.reason = Decimal(f"{found.score:.2f}"), found.reason[:300]
    return row
