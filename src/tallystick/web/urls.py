"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path, register_converter

from tallystick.web.sides import SIDES
from tallystick.web.views import (
    account,
    api_tokens,
    apply_prices,
    approvals,
    approve,
    audit_logs,
    azure_amounts,
    bill_together,
    cancel,
    change,
    change_offer,
    change_quantity,
    choose_line,
    connect,
    connect_test,
    connection,
    connection_settings,
    connection_test,
    connector_delete,
    connector_guide,
    connectors,
    continue_on,
    contracts,
    correct,
    customers,
    decide,
    drift,
    drift_one,
    first_sync,
    home,
    invoices,
    left_lines,
    map_subscription,
    mapping_files,
    margin_rules,
    months,
    names,
    next_term,
    notifications,
    openid,
    operations_file,
    policies,
    price_imports,
    price_margin,
    prices,
    promotions,
    renewals,
    resellers,
    run,
    second_writer,
    several,
    sign_in,
    source_new,
    source_prices,
    sources,
    submit_order,
    subscription,
    subscription_mapping,
    subscriptions,
    sync,
    sync_many,
    unmap,
    users,
    welcome,
)


class Id:
    """A number that fits the database's."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Id, "id")

_SUBSCRIPTION = "subscriptions/<id:subscription_id>"
_CONNECTION = "connectors/<id:connection_id>"
_SOURCE = "connectors/sources/<id:source_id>"
_MAPPING = "connectors/<id:connection_id>/subscription-mapping"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("subscriptions", subscriptions.subscriptions, name="subscriptions"),
    path("subscriptions/submit-order", submit_order.submit_order, name="submit-order"),
    path("subscriptions/several", several.several, name="several"),
    path("subscriptions/import", operations_file.operations_file, name="operations-file"),
    path(_SUBSCRIPTION, subscription.subscription, name="subscription"),
    path(f"{_SUBSCRIPTION}/standing", subscription.standing, name="standing"),
    path(f"{_SUBSCRIPTION}/operations/<id:operation_id>", subscription.operation, name="operation"),
    path(
        f"{_SUBSCRIPTION}/change-quantity", change_quantity.change_quantity, name="change-quantity"
    ),
    path(f"{_SUBSCRIPTION}/price-margin", price_margin.price_margin, name="price-margin"),
    path(f"{_SUBSCRIPTION}/azure-amounts", azure_amounts.azure_amounts, name="azure-amounts"),
    path(f"{_SUBSCRIPTION}/cancel", cancel.cancel, name="cancel"),
    path(f"{_SUBSCRIPTION}/change/<slug:word>", change.change, name="change"),
    path(f"{_SUBSCRIPTION}/change-offer", change_offer.change, name="change-offer"),
    path(f"{_SUBSCRIPTION}/next-term", next_term.next_term, name="next-term"),
    path(f"{_SUBSCRIPTION}/scheduled/take-back", next_term.take_back, name="take-back"),
    path(f"{_SUBSCRIPTION}/correct", correct.correction, name="correct"),
    path(f"{_SUBSCRIPTION}/price", prices.subscription_price, name="subscription-price"),
    path("drift", drift.drift, name="drift"),
    path("drift/look", drift.look, name="drift-look"),
    path("drift/decide", drift.decide_chosen, name="drift-decide"),
    path("drift/<id:drift_id>", drift_one.drift_one, name="drift-one"),
    path("customers", customers.customers, name="customers"),
    path("renewals", renewals.renewals, name="renewals"),
    path("months", months.months, name="months"),
    path("months/invoices", invoices.invoices, name="invoices"),
    path("months/invoice", invoices.invoice, name="invoice"),
    path("months/invoice.csv", invoices.invoice_file, name="invoice-csv"),
    path("months/<id:proof_id>", months.month, name="month"),
    path("months/<id:proof_id>.csv", months.month_file, {"kind": "csv"}, name="month-csv"),
    path("months/<id:proof_id>.json", months.month_file, {"kind": "json"}, name="month-json"),
    path("resellers", resellers.resellers, name="resellers"),
    path("resellers/move", resellers.move, name="reseller-move"),
    path("resellers/<id:reseller_id>", resellers.reseller, name="reseller"),
    path("prices", prices.prices, name="prices"),
    path("prices/imports", price_imports.price_imports, name="price-imports"),
    path("prices/imports/<id:upload_id>", price_imports.price_import, name="price-import"),
    path("prices/promotions", promotions.promotions, name="promotions"),
    path("prices/promotions/new", promotions.promotion, name="promotion-new"),
    path("prices/promotions/<id:promotion_id>", promotions.promotion, name="promotion"),
    path(
        "prices/promotions/<id:promotion_id>/delete",
        promotions.promotion_delete,
        name="promotion-delete",
    ),
    path("prices/margin-rules", margin_rules.margin_rules, name="margin-rules"),
    path("prices/margin-rules/new", margin_rules.margin_rule_new, name="margin-rule-new"),
    path(
        "prices/margin-rules/<id:rule_id>/apply",
        apply_prices.margin_rule_apply,
        name="margin-rule-apply",
    ),
    path("prices/apply", apply_prices.price_list_apply, name="price-list-apply"),
    path("prices/runs/<id:run_id>", apply_prices.price_run, name="price-run"),
    path(
        "prices/runs/<id:run_id>/progress",
        apply_prices.price_run_progress,
        name="price-run-progress",
    ),
    path("connectors", connectors.connectors, name="connectors"),
    path("connectors/new", connect.begin, name="connector-new"),
    path("connectors/new/credentials", connect.new, name="connector-credentials"),
    path("connectors/new/zone", connect.zone, name="connector-zone"),
    path(f"{_CONNECTION}/connect/credentials", connect.credentials, name="connect-credentials"),
    path(f"{_CONNECTION}/connect/test", connect_test.connect_test, name="connect-test"),
    path(f"{_CONNECTION}/connect/defaults", connect.defaults, name="connect-defaults"),
    path(f"{_CONNECTION}/connect/done", connect.done, name="connect-done"),
    path("connectors/sources/new/<slug:kind>", source_new.source_new, name="source-new"),
    path(_SOURCE, sources.source, name="source"),
    *(
        path(f"{_SOURCE}/{act}", sources.source_act, {"act": act}, name=f"source-{act}")
        for act in ("test", "changes", "everything")
    ),
    path(f"{_SOURCE}/price-sheet", source_prices.source_price_sheet, name="source-price-sheet"),
    path(f"{_SOURCE}/prices", source_prices.source_prices_read, name="source-prices"),
    path(f"{_SOURCE}/webhook", sources.source_webhook, name="source-webhook"),
    path(f"{_SOURCE}/refresh/<id:subscription_id>", sources.source_refresh, name="source-refresh"),
    path(f"{_SOURCE}/events/<id:event_id>", sources.source_event, name="source-event"),
    path("connectors/guide", connector_guide.connector_guide, name="connector-guide"),
    path(_CONNECTION, connection.connection, name="connection"),
    path(f"{_CONNECTION}/look", home.look, name="look-now"),
    path(f"{_CONNECTION}/approve", approve.approve, name="approve"),
    path(f"{_CONNECTION}/approvals", approvals.approvals, name="approvals"),
    path(
        f"{_CONNECTION}/policies/subscriptions/<id:subscription_id>",
        policies.of_subscription,
        name="subscription-policies",
    ),
    path(
        f"{_CONNECTION}/policies/customers/<id:customer_id>",
        policies.of_customer,
        name="customer-policies",
    ),
    path(f"{_CONNECTION}/delete", connector_delete.connector_delete, name="connector-delete"),
    path(f"{_CONNECTION}/test", connection_test.connection_test, name="connection-test"),
    path("connectors/<id:connection_id>/resume", connectors.resume, name="resume"),
    path("connectors/<id:connection_id>/pause", connection_settings.pause, name="pause"),
    path(
        "connectors/<id:connection_id>/settings",
        connection_settings.connection_settings,
        name="connection-settings",
    ),
    *(
        route
        for side in SIDES
        for route in (
            path(f"{_CONNECTION}/{side}", names.names, {"side": side}, name=side),
            path(
                f"{_CONNECTION}/{side}/<id:ours_id>",
                names.name,
                {"side": side},
                name=f"{side}-one",
            ),
        )
    ),
    *(
        route
        for side in mapping_files.FILES
        for route in (
            path(
                f"{_CONNECTION}/{side}/export",
                mapping_files.export,
                {"side": side},
                name=f"{side}-export",
            ),
            path(
                f"{_CONNECTION}/{side}/import",
                mapping_files.import_file,
                {"side": side},
                name=f"{side}-import",
            ),
        )
    ),
    path(f"{_CONNECTION}/refresh-directory/<slug:side>", names.refresh, name="refresh-directory"),
    path(f"{_CONNECTION}/contracts", contracts.contracts, name="contracts"),
    path(
        f"{_CONNECTION}/contracts/<id:contract_id>/continue",
        continue_on.continue_on,
        name="continue",
    ),
    path(f"{_CONNECTION}/contracts/<id:contract_id>/extend", contracts.extend, name="extend"),
    path(f"{_MAPPING}/<id:subscription_id>/stay", continue_on.stay, name="stay"),
    path(f"{_MAPPING}/left/<id:lane_id>", left_lines.left_line, name="left-line"),
    path(f"{_MAPPING}/<id:subscription_id>/line", choose_line.choose_line, name="choose-line"),
    path(_MAPPING, subscription_mapping.subscription_mapping, name="subscription-mapping"),
    path(f"{_MAPPING}/<id:subscription_id>/map", map_subscription.map_subscription, name="map"),
    path(f"{_MAPPING}/<id:subscription_id>/first-sync", first_sync.first_sync, name="first-sync"),
    path(f"{_MAPPING}/<id:subscription_id>/unmap", unmap.unmap, name="unmap"),
    path(
        f"{_MAPPING}/<id:subscription_id>/together/<id:with_id>",
        bill_together.together,
        name="bill-together",
    ),
    path(f"{_MAPPING}/<id:subscription_id>/apart", bill_together.apart, name="bill-apart"),
    path(f"{_MAPPING}/<id:subscription_id>/sync", sync.sync, name="sync"),
    path(f"{_MAPPING}/<id:subscription_id>/decide", decide.decide, name="decide"),
    path(
        f"{_MAPPING}/<id:subscription_id>/second-writer",
        second_writer.second_writer,
        name="second-writer",
    ),
    path("syncs", sync_many.rounds, name="rounds"),
    path("syncs/<id:round_id>", sync_many.round_, name="round"),
    path(f"{_CONNECTION}/sync", sync_many.sync_many, name="sync-many"),
    path("runs/<id:run_id>", run.run, name="run"),
    path("runs/<id:run_id>/progress", run.progress, name="run-progress"),
    path("notifications", notifications.notifications, name="notifications"),
    path("notifications/new", notifications.notification_new, name="notification-new"),
    path("notifications/<id:recipient_id>", notifications.notification, name="notification"),
    path("notifications/<id:recipient_id>/<slug:act>", notifications.act, name="notification-act"),
    path("sign-in/code", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-in/openid", openid.openid, name="openid"),
    path("sign-in/openid/back", openid.openid_back, name="openid-back"),
    path("account/openid/link", openid.openid_link, name="openid-link"),
    path("account/openid/unlink", openid.openid_unlink, name="openid-unlink"),
    path("welcome/<slug:token>", welcome.welcome, name="welcome"),
    path("account", account.account, name="account"),
    path("account/password", account.account_password, name="account-password"),
    path("account/sessions", account.account_sessions, name="account-sessions"),
    path("account/codes", account.account_codes, name="account-codes"),
    path("account/codes/on", account.account_codes_on, name="account-codes-on"),
    path("users", users.users, name="users"),
    path("users/invite", users.user_invite, name="user-invite"),
    path("users/codes", users.users_codes, name="users-codes"),
    path(
        "users/invitations/<id:link_id>/withdraw",
        users.invitation_withdraw,
        name="invitation-withdraw",
    ),
    path("users/<id:user_id>", users.user, name="user"),
    path("users/<id:user_id>/role", users.user_role, name="user-role"),
    path("users/<id:user_id>/active", users.user_active, name="user-active"),
    path("users/<id:user_id>/sessions", users.user_sessions, name="user-sessions"),
    path("users/<id:user_id>/reset", users.user_reset, name="user-reset"),
    path("users/<id:user_id>/codes", users.user_codes, name="user-codes"),
    path("users/tokens", api_tokens.api_tokens, name="api-tokens"),
    path("users/tokens/new", api_tokens.api_token_new, name="api-token-new"),
    path("users/tokens/<id:token_id>/revoke", api_tokens.api_token_revoke, name="api-token-revoke"),
    path("audit-logs", audit_logs.audit_logs, name="audit-logs"),
    path("audit-logs/export", audit_logs.export, name="audit-logs-export"),
    path("audit-logs/<id:audit_id>", audit_logs.audit_log, name="audit-log"),
]
