"""The addresses of the API and of the health checks."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from tallystick.api import (
    applying,
    approvals,
    audit_logs,
    azure_costs,
    billed_together,
    commitments,
    connections,
    continuing,
    corrections,
    directory,
    docs,
    drift,
    events,
    health,
    hints,
    home,
    imports,
    invoices,
    mapping_files,
    mappings,
    margin_rules,
    months,
    names,
    notifications,
    operations,
    policies,
    preview_many,
    prices,
    promotions,
    resellers,
    runs,
    snapshots,
    source_prices,
    source_readings,
    sources,
    subscriptions,
    users,
)
from tallystick.api.description import Described
from tallystick.api.door import door, nothing_here
from tallystick.api.problems import answer_in_problems
from tallystick.api.strict_json import BodyParser

api = Described(
    title="Tallystick",
    version="1",
    description=(
        "Send `Authorization: Bearer ts_...`. Writes take an `Idempotency-Key`: asked again, the "
        "same answer, once carried out. Errors are RFC 9457 problem documents."
    ),
    urls_namespace="api",
    docs_url=None,
    parser=BodyParser(),
)
answer_in_problems(api)
for _room in (
    home,
    subscriptions,
    commitments,
    operations,
    preview_many,
    approvals,
    connections,
    policies,
    directory,
    names,
    mappings,
    continuing,
    billed_together,
    mapping_files,
    runs,
    drift,
    corrections,
    prices,
    imports,
    promotions,
    margin_rules,
    applying,
    azure_costs,
    months,
    invoices,
    sources,
    events,
    hints,
    resellers,
    snapshots,
    source_prices,
    source_readings,
    audit_logs,
    notifications,
    users,
):
    api.add_router("", _room.router)


def _behind_the_door() -> tuple[list[URLPattern], str]:
    patterns, app_name, _ = api.urls
    found = [one for one in patterns if isinstance(one, URLPattern)]
    for pattern in found:
        # Ninja finds its own prefix by the name of its root, where there is nothing to see.
        view = nothing_here if pattern.name == "api-root" else pattern.callback
        pattern.callback = door(view)
    return found, app_name


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/docs", docs.docs, name="api-docs"),
    path("api/v1/docs/<str:name>", docs.docs_file, name="api-docs-file"),
    path("api/v1/", include(_behind_the_door(), namespace="api")),
    re_path(r"^api(?:/|$)", door(nothing_here)),
]
