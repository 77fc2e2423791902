"""What holds for every call: tokens, roles, contexts, errors, correlation ids, JSON."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from api_calls import Api, api_of
from django.db import DatabaseError
from django.test import Client
from django.urls import resolve as address_of

from factories import TODAY, Tenancy, number, sibling, tenancy, user
from price_desk import ruled
from tallystick.api import health
from tallystick.api.door import door
from tallystick.api.urls import api as ninja_api
from tallystick.audit.models import AuditLog
from tallystick.audit.record import SYSTEM
from tallystick.identity.context import Context
from tallystick.identity.invitations import invite
from tallystick.identity.models import ApiToken
from tallystick.identity.roles import Role
from tallystick.identity.tokens import context_of_token, create_token, make_token, revoke_token
from tallystick.kit.ids import correlation_id
from tallystick.ledger.difference import DayRange, as_json
from tallystick.ledger.models import Drift, Lane, Operation
from tallystick.ledger.profile import Step
from tellers import a_late_one, teller

PLACE = {"contract_id": 2, "line": "own"}
LINE = {"contract_id": 2, "line": "own"}
WHY = {"reason": "x"}
ORDER = {"kind": "update_quantity", "quantity": 12}
KEEP = {"how": "keep", "reason": "x"}
RESTORE = {"how": "restore", "reason": "x"}
CORRECT = {"attempt_id": 1, "reason": "x"}
MEMBERS = {"type", "title", "status", "detail", "correlation_id", "errors"}


CALLS = 104
# What they are found by is no id of ours, or their own tests look at strangers.
ELSEWHERE = {
    ("PUT", "/subscriptions/by-provider-id/N"),
    ("GET", "/runs/N"),
    ("GET", "/rounds/N"),
    ("GET", "/month-proofs/N"),
    ("GET", "/month-proofs/N/lines"),
    ("GET", "/month-proofs/N/export"),
    ("PUT", "/offers/N/price-lock"),
    ("GET", "/promotions/N"),
    ("PUT", "/promotions/N"),
    ("DELETE", "/promotions/N"),
    ("GET", "/price-runs/N"),
    ("GET", "/price-runs/N/left"),
    ("POST", "/events/for/N"),
    ("POST", "/hints/for/N"),
    # The CSP's alone.
    ("POST", "/customers/N/move"),
    ("PATCH", "/resellers/N"),
}


def every_call(of: Tenancy) -> list[tuple[str, str, object]]:
    """Each address with ids of this tenancy; the body is one that would be carried out."""
    subscription, connection = of.subscription(), of.connection()
    customer, offer = of.customer(), of.offer()
    operation = Operation.objects.get(subscription_id=subscription).pk
    log = AuditLog.objects.filter(subscription_id=subscription).latest("pk").pk
    person, (invited, token) = user(of).pk, invited_and_token(of)
    mapped = f"/connections/{connection}/subscription-mappings/{subscription}"
    resolve = f"/operations/{operation}/deliveries/{connection}/resolve"
    told = f"/notifications/{of.told()}"
    return [
        ("GET", f"/subscriptions/{subscription}", None),
        ("GET", f"/subscriptions/{subscription}/operations", None),
        ("POST", f"/subscriptions/{subscription}/operations", ORDER),
        ("POST", f"/subscriptions/{subscription}/operations?preview=true", ORDER),
        ("GET", f"/connections/{connection}", None),
        ("GET", f"/connections/{connection}/health", None),
        ("GET", f"/connections/{connection}/approvals", None),
        *(
            ("GET", f"/connections/{connection}/{kind}-mappings/export", None)
            for kind in ("customer", "offer", "subscription")
        ),
        *(
            ("POST", f"/connections/{connection}/{kind}-mappings/import", {})
            for kind in ("customer", "offer", "subscription")
        ),
        ("PATCH", f"/connections/{connection}", {"name": "x"}),
        ("DELETE", f"/connections/{connection}", None),
        ("POST", f"/connections/{connection}/test", None),
        ("POST", f"/connections/{connection}/pause", {"reason": "x"}),
        ("POST", f"/connections/{connection}/resume", None),
        ("GET", f"/connections/{connection}/subscription-mappings", None),
        ("GET", mapped, None),
        ("PUT", mapped, PLACE),
        ("DELETE", mapped, None),
        ("GET", f"{mapped}/places", None),
        ("POST", f"{mapped}/look", PLACE),
        ("POST", f"/connections/{connection}/subscription-mappings/accept", None),
        ("POST", f"{mapped}/second-writer/deal-with", WHY),
        ("POST", f"{mapped}/first-sync", {"first_sync": "bring"}),
        ("POST", f"{mapped}/continue/look", {**LINE, "from_on": "2099-01-01"}),
        ("POST", f"{mapped}/continue", {**LINE, "from_on": "2099-01-01"}),
        ("DELETE", f"{mapped}/continue", None),
        ("POST", f"{mapped}/line-of-offer", LINE),
        ("POST", f"{mapped}/together", {"with_subscription": subscription}),
        ("POST", f"{mapped}/apart", {}),
        ("GET", f"/connections/{connection}/left-lines", None),
        ("POST", f"/connections/{connection}/left-lines/7/sync", None),
        ("GET", f"/subscriptions/{subscription}/scheduled-change", None),
        ("GET", f"/connections/{connection}/billing-contracts", None),
        (
            "POST",
            f"/connections/{connection}/contracts/1/continue",
            {"contract_id": 2, "from_on": "2099-01-01"},
        ),
        ("POST", f"/connections/{connection}/contracts/1/extend", {"ends_on": "2099-01-01"}),
        ("POST", f"{mapped}/sync", None),
        ("POST", f"/connections/{connection}/sync", {"all": True}),
        ("POST", f"/connections/{connection}/sync/dry-run", {"all": True}),
        ("POST", f"/connections/{connection}/look", None),
        ("POST", f"/connections/{connection}/month-proofs", {"month": "2026-01"}),
        (
            "PUT",
            f"/connections/{connection}/customer-mappings/{customer}",
            {"company_id": 1},
        ),
        (
            "PUT",
            f"/connections/{connection}/offer-mappings/{offer}",
            {"service_id": 1},
        ),
        ("GET", f"/connections/{connection}/customer-mappings", None),
        ("POST", f"/connections/{connection}/customer-mappings/accept", {}),
        ("DELETE", f"/connections/{connection}/customer-mappings/{customer}", None),
        ("PUT", f"/connections/{connection}/customer-mappings/{customer}/exclusion", WHY),
        ("DELETE", f"/connections/{connection}/customer-mappings/{customer}/exclusion", None),
        ("GET", f"/connections/{connection}/offer-mappings", None),
        ("DELETE", f"/connections/{connection}/offer-mappings/{offer}", None),
        ("PUT", f"/connections/{connection}/offer-mappings/{offer}/exclusion", WHY),
        ("DELETE", f"/connections/{connection}/offer-mappings/{offer}/exclusion", None),
        *(
            ("GET", f"/connections/{connection}/{kind}", None)
            for kind in ("companies", "services", "contracts", "contract-services")
        ),
        ("POST", f"/connections/{connection}/refresh-directory", None),
        ("POST", resolve, {"how": "skip", "reason": "x"}),
        ("GET", f"/subscriptions/{subscription}/price", None),
        ("GET", f"/margin-rules/{ruled(of)}", None),
        ("DELETE", f"/margin-rules/{ruled(of)}", None),
        ("POST", f"/margin-rules/{ruled(of)}/apply", {}),
        ("GET", f"/audit-logs/{log}", None),
        ("GET", f"/subscriptions/{subscription}/commitment", None),
        ("GET", f"/connections/{connection}/policies?subscription={subscription}", None),
        ("PUT", f"/connections/{connection}/policies?customer={customer}", {"mode": "review"}),
        ("DELETE", f"/connections/{connection}/policies?customer={customer}", None),
        ("POST", f"/operations/{operation}/deliveries/{connection}/approve", None),
        ("POST", f"/connections/{connection}/approve", {"customer_id": customer}),
        ("GET", f"/connections/{connection}/approvals", None),
        ("GET", told, None),
        ("PATCH", told, {"remind_hours": 1}),
        ("DELETE", told, None),
        ("POST", f"{told}/test", None),
        ("POST", f"{told}/new-secret", None),
        ("GET", f"{told}/messages", None),
        ("GET", f"/sources/{(source := teller(of)).added.source_id}", None),
        ("GET", f"/sources/{source.added.source_id}/unmatched", None),
        ("PUT", f"/sources/{source.added.source_id}/price-sheet", {"market": "DE"}),
        ("POST", f"/sources/{source.added.source_id}/price-sheet/read", {}),
        ("POST", f"/sources/{source.added.source_id}/test", None),
        ("POST", f"/sources/{source.added.source_id}/webhook", {}),
        ("POST", f"/sources/{source.added.source_id}/read", {}),
        ("POST", f"/sources/{source.added.source_id}/refresh", {"customer": customer}),
        ("GET", f"/events/{(late := a_late_one(source))}", None),
        ("POST", f"/events/{late}/decide", {"how": "ignore", "reason": "x"}),
        ("GET", f"/connections/{connection}/drift", None),
        ("GET", f"/drift/{drifting(of, subscription, connection)}", None),
        ("POST", f"/drift/{drifting(of, subscription, connection)}/decide", KEEP),
        ("POST", f"/drift/{drifting(of, subscription, connection)}/preview", RESTORE),
        ("POST", f"/connections/{connection}/sweep", {"all": True}),
        ("GET", f"/subscriptions/{subscription}/corrections", None),
        ("POST", f"/subscriptions/{subscription}/corrections", CORRECT),
        ("POST", f"/subscriptions/{subscription}/corrections/preview", CORRECT),
        ("GET", f"/users/{person}", None),
        ("PATCH", f"/users/{person}", {"role": "viewer"}),
        ("POST", f"/users/{person}/end-sessions", None),
        ("POST", f"/users/{person}/password-reset", None),
        ("DELETE", f"/invitations/{invited}", None),
        ("GET", f"/tokens/{token}", None),
        ("DELETE", f"/tokens/{token}", None),
    ]


def drifting(of: Tenancy, subscription: int, connection: int) -> int:
    """A difference of a line that this subscription was billed by."""
    lane = Lane.objects.create(
        tenant_id=of.tenant_id,
        subscription_id=subscription,
        connection_id=connection,
        open=False,
        created_at=of.clock.now(),
    )
    step = Step(TODAY, None, 10, None, None)
    days = as_json([DayRange(TODAY, None, step, None, differs=True)])
    return Drift.objects.create(
        tenant_id=of.tenant_id,
        lane=lane,
        kind="hand_edit",
        contract_id=1,
        line_id=1,
        began_on=TODAY,
        days=days,
        found_at=of.clock.now(),
    ).pk


def invited_and_token(of: Tenancy) -> tuple[int, int]:
    """An open invitation and a token of this tenancy."""
    asking: dict[str, Any] = {
        "context": replace(of.context, actor=SYSTEM),
        "now": of.clock.now(),
        "correlation_id": correlation_id(),
    }
    address = f"guest{number()}@example.com"
    more = {"name": "", "role": Role.VIEWER, "reseller_id": None}
    invited, _ = invite(email=address, **more, **asking)
    what = {"name": "theirs", "role": Role.VIEWER, "rights": None, "expires_at": None}
    token, _ = make_token(**what, **asking)
    return invited, token


def test_every_address_with_an_id_is_among_them(api: Api) -> None:
    calls = every_call(api.of)
    assert len(calls) == CALLS, "each is looked at below by its place"
    tried = {(method, re.sub(r"\d+", "N", at.partition("?")[0])) for method, at, _ in calls}
    there = {
        (method.upper(), re.sub(r"{\w+}", "N", path.removeprefix("/api/v1")))
        for path, methods in api.get("/openapi.json").body["paths"].items()
        for method in methods
        if "{" in path
    }
    assert there - tried == ELSEWHERE


@pytest.mark.parametrize("index", range(CALLS))
def test_another_tenants_ids_are_not_found(api: Api, stranger: Api, index: int) -> None:
    before = api.get("/audit-logs").body
    method, address, body = every_call(api.of)[index]
    before = api.get("/audit-logs").body
    said = stranger.call(method, address, body)
    assert said.status == 404, said.text
    assert said.body["type"] == "urn:tallystick:problem:not-found"
    assert api.get("/audit-logs").body == before


@pytest.mark.parametrize("index", range(CALLS))
def test_another_resellers_ids_are_not_found(db: None, index: int) -> None:
    mine = tenancy(reseller=True)
    method, address, body = every_call(mine)[index]
    said = api_of(sibling(mine)).call(method, address, body)
    assert said.status == 404, said.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_only_read_writes_nothing(api: Api, role: Role) -> None:
    reader = api_of(api.of, role)
    writes = [call for call in every_call(api.of) if call[0] != "GET"]
    before = api.get("/audit-logs").body
    for method, address, body in [
        *writes,
        ("POST", "/customers", {"name": "a", "external_id": "b"}),
        ("POST", "/offers", {}),
        ("POST", "/subscriptions", {}),
        ("PUT", "/subscriptions/by-provider-id/x", {}),
        ("POST", "/connections", {}),
    ]:
        said = reader.call(method, address, body)
        assert said.status == 403, (method, address, said.text)
        assert said.body["type"] == "urn:tallystick:problem:not-allowed"
    assert api.get("/audit-logs").body == before
    assert reader.get("/subscriptions").status == 200


def test_an_operator_may_operate_and_not_connect(api: Api) -> None:
    operator = api_of(api.of, Role.OPERATOR)
    subscription, connection = api.of.subscription(), api.of.connection()
    assert operator.post(f"/subscriptions/{subscription}/operations", ORDER).status == 201
    assert operator.post(f"/connections/{connection}/pause", {"reason": "x"}).status == 403


def test_every_address_asks_for_a_token(api: Api) -> None:
    anybody = Api(api.of, token="")
    schema = anybody.get("/openapi.json").body
    asked = 0
    for address, methods in schema["paths"].items():
        for method in methods:
            path = address.removeprefix("/api/v1")
            for name in (
                "subscription",
                "connection",
                "operation",
                "run",
                "round",
                "proof",
                "audit",
                "customer",
                "contract",
                "promotion",
                "rule",
                "source",
                "event",
                "attempt",
                "proof",
                "round",
                "notification",
                "reseller",
                "lane",
                "drift",
                "user",
                "link",
                "token",
                "drift",
            ):
                path = path.replace(f"{{{name}_id}}", "1")
            path = path.replace("{offer_id}", "1").replace("{provider_id}", "x")
            path = path.replace("{source_id}", "1").replace("{event_id}", "1")
            said = anybody.call(method.upper(), path, raw="{not json")
            assert said.status == 401, (method, path, said.text)
            assert said.headers["WWW-Authenticate"] == "Bearer"
            asked += 1
    assert asked >= 27


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer ts_wrong", "Basic dTpw", "ts_bare", "Bearer tsé\x7f"],
)
def test_no_valid_token(api: Api, header: str) -> None:
    said = Api(api.of, token="").get("/subscriptions", Authorization=header)
    assert said.status == 401
    assert said.body["type"] == "urn:tallystick:problem:no-token"


class TestTokens:
    def test_revoked_or_over_it_opens_nothing(self, api: Api) -> None:
        of, now = api.of, api.of.clock.now()
        token_id, plain = create_token(
            tenant_id=of.tenant_id,
            reseller_id=None,
            role=Role.VIEWER,
            name="short",
            now=now,
            correlation_id=correlation_id(),
            expires_at=now + timedelta(hours=1),
        )
        assert context_of_token(plain, now=now) is not None
        assert context_of_token(plain, now=now + timedelta(hours=1)) is None
        assert (
            revoke_token(token_id, tenant_id=of.tenant_id + 1, now=now, correlation_id="c") is False
        )
        assert revoke_token(token_id, tenant_id=of.tenant_id, now=now, correlation_id="c") is True
        assert context_of_token(plain, now=now) is None

    def test_only_a_digest_is_kept_and_use_is_noted_once_a_minute(self, api: Api) -> None:
        row = ApiToken.objects.get(tenant_id=api.of.tenant_id)
        assert api.token.startswith(row.prefix)
        assert api.token.encode() not in bytes(row.digest)
        now = api.of.clock.now()
        for seconds, noted in ((0, 0), (59, 0), (60, 60)):
            context_of_token(api.token, now=now + timedelta(seconds=seconds))
            row.refresh_from_db()
            assert row.last_used_at == now + timedelta(seconds=noted)


class TestProblems:
    def test_each_is_a_problem_document(self, api: Api) -> None:
        subscription = api.of.subscription()
        address = f"/subscriptions/{subscription}/operations"
        api.of.connection(name="Taken")
        euro = {"price_currency": "EUR", "cost_currency": "EUR"}
        taken = {"name": "Taken", **euro, "user_name": "u", "secret": "s", "code": "c"}
        said = {
            400: api.call("POST", address, raw='{"kind": '),
            401: Api(api.of, token="").get("/subscriptions"),
            403: api_of(api.of, Role.VIEWER).post(address, ORDER),
            404: api.get("/subscriptions/999999999"),
            405: api.delete("/subscriptions"),
            409: api.post("/connections", taken),
            413: api.call("POST", address, raw='{"a": "' + "x" * 2_200_000 + '"}'),
            422: api.post(address, {"kind": "cancel", "x": 1}),
        }
        for status, answer in said.items():
            assert answer.status == status, answer.text
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert set(answer.body) == MEMBERS
            assert answer.body["status"] == status
            assert answer.body["correlation_id"] == answer.headers["X-Correlation-Id"]
            assert answer.body["detail"]
        assert said[405].headers["Allow"] == "GET, POST"

    @pytest.mark.parametrize(
        "address",
        [
            "root:/api",
            "root:/api/",
            "root:/api/v1",
            "root:/api/v1/",
            "/nothing",
            "/subscriptions/abc",
            "/subscriptions/99999999999999999999999",
            "/runs/99999999999999999999999",
            "/audit-logs/99999999999999999999999",
            "/connections/99999999999999999999999",
            "/subscriptions/1/",
        ],
    )
    def test_an_address_that_is_none(self, api: Api, address: str) -> None:
        said = api.get(address)
        assert said.status == 404, said.text
        assert set(said.body) == MEMBERS

    @pytest.mark.parametrize(
        "raw",
        [
            "{",
            "{'kind': 'cancel'}",
            '{"kind": "cancel", "kind": "cancel"}',
            '{"kind": "update_quantity", "quantity": NaN}',
            '{"kind": "update_quantity", "quantity": ' + "9" * 5000 + "}",
            b"\xff\xfe",
            "[" * 100_000,
        ],
    )
    def test_what_is_not_json(self, api: Api, raw: str | bytes) -> None:
        subscription = api.of.subscription()
        said = api.call("POST", f"/subscriptions/{subscription}/operations", raw=raw)
        assert said.status == 400, said.text
        assert set(said.body) == MEMBERS

    def test_a_body_in_chunks_is_refused_and_not_overlooked(self, api: Api) -> None:
        said = api.call("POST", "/customers", Transfer_Encoding="chunked", Content_Length="")
        assert said.status == 411
        assert set(said.body) == MEMBERS

    def test_a_body_that_is_missing_is_named(self, api: Api) -> None:
        said = api.post(f"/subscriptions/{api.of.subscription()}/operations")
        assert (said.status, said.fields) == (422, ["body"])

    def test_a_fault_shows_no_internals(self, api: Api, rf: object) -> None:
        def broken(request: object) -> None:
            raise DatabaseError("relation secret_table does not exist")

        request = rf.get("/api/v1/x")  # type: ignore[attr-defined]
        for answer in (
            door(broken)(request),
            ninja_api.on_exception(request, RuntimeError("secret_table")),
        ):
            assert answer.status_code == 500
            assert answer["Content-Type"] == "application/problem+json"
            assert b"secret_table" not in answer.content


class TestCorrelation:
    @pytest.mark.parametrize("sent", ["order-4711", "a" * 64, "{b}/1:2"])
    def test_a_sane_one_is_kept(self, api: Api, sent: str) -> None:
        said = api.post("/customers", {"name": "A", "external_id": sent}, X_Correlation_Id=sent)
        assert said.headers["X-Correlation-Id"] == sent
        found = api.get(f"/audit-logs?correlation_id={sent}").body["items"]
        assert [one["operation"] for one in found] == ["customer.create"]

    @pytest.mark.parametrize("sent", ["", "a" * 65, "a b", "a\x1b[31m", "é"])
    def test_another_is_replaced(self, api: Api, sent: str) -> None:
        given = api.get("/subscriptions", X_Correlation_Id=sent).headers["X-Correlation-Id"]
        assert given != sent
        assert len(given) == 32


class TestAuditLogs:
    def test_newest_first_filtered_and_paged(self, api: Api) -> None:
        for name in ("Alpha", "Beta", "Gamma"):
            api.post("/customers", {"name": name, "external_id": name})
        first = api.get("/audit-logs?operation=customer.create&limit=2").body
        assert [one["customer_name"] for one in first["items"]] == ["Gamma", "Beta"]
        rest = api.get(
            f"/audit-logs?operation=customer.create&limit=2&cursor={first['next_cursor']}"
        ).body
        assert [one["customer_name"] for one in rest["items"]] == ["Alpha"]
        assert rest["next_cursor"] is None
        one = rest["items"][0]
        assert api.get(f"/audit-logs/{one['id']}").body == one
        assert one["recorded_at"].endswith("Z")
        assert one["actor"] == "administrator script (API)"
        assert len(api.get("/audit-logs?text=beta").body["items"]) == 1
        assert api.get("/audit-logs?from=2020-01-01&to=2020-01-02").body["items"] == []
        assert api.get("/audit-logs?reseller=999999999").body["items"] == []

    @pytest.mark.parametrize("kind", ["csv", "json"])
    def test_as_a_file_with_the_filters_for_who_may_export(self, api: Api, kind: str) -> None:
        for name in ("Alpha", "Beta"):
            api.post("/customers", {"name": name, "external_id": name})
        auditor = api_of(api.of, Role.AUDITOR)
        said = auditor.client.get(
            f"/api/v1/audit-logs/export?format={kind}&text=beta",
            headers={"Authorization": f"Bearer {auditor.token}"},
        )
        assert said.status_code == 200
        assert said.headers["Content-Disposition"].startswith('attachment; filename="audit-logs-')
        text = b"".join(said.streaming_content).decode("utf-8-sig")
        assert len(text.splitlines()) == (2 if kind == "csv" else 1)
        assert "Beta" in text and "Alpha" not in text
        [told] = api.get("/audit-logs?operation=audit.export").body["items"]
        assert told["details"]["filters"] == {"text": "beta"}
        for asked in ("format=xml", "text=a&cursor=b", "status=never", "from=2026-13-01"):
            assert auditor.get(f"/audit-logs/export?{asked}").status == 422, asked
        for role in (Role.OPERATOR, Role.VIEWER):
            assert api_of(api.of, role).get("/audit-logs/export").status == 403
        assert len(api.get("/audit-logs?operation=audit.export").body["items"]) == 1

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("from=yesterday", "from"),
            ("to=9999-12-31", "to"),
            ("from=0001-01-01", "from"),
            ("from=2026-05-02&to=2026-05-01", "to"),
            ("operation=none", "operation"),
            ("status=none", "status"),
            ("subscription=x", "subscription"),
            ("limit=1000", "limit"),
        ],
    )
    def test_a_wrong_filter_is_named(self, api: Api, query: str, field: str) -> None:
        said = api.get(f"/audit-logs?{query}")
        assert said.status == 422, said.text
        assert said.fields == [field]

    def test_another_tenants_records_are_not_there(self, api: Api, stranger: Api) -> None:
        api.of.customer("Hidden")
        one = api.get("/audit-logs?text=hidden").body["items"][0]
        assert stranger.get(f"/audit-logs/{one['id']}").status == 404
        assert stranger.get("/audit-logs?text=hidden").body["items"] == []


class TestHealth:
    def test_the_process_answers(self, db: None) -> None:
        answer = Client().get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def test_without_a_worker_it_is_not_ready(self, db: None) -> None:
        answer = Client().get("/readyz")
        assert answer.status_code == 503
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["errors"][0]["field"] == "worker"

    def test_with_a_worker_it_is_until_the_worker_is_gone(self, db: None) -> None:
        from django.db import connection

        def worker(seconds_ago: int) -> int:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM procrastinate_workers")
                cursor.execute(
                    "INSERT INTO procrastinate_workers (last_heartbeat)"
                    " VALUES (now() - make_interval(secs => %s))",
                    [seconds_ago],
                )
            try:
                return Client().get("/readyz").status_code
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM procrastinate_workers")

        assert worker(5) == 200
        gone = int(health.WORKER_IS_GONE_AFTER.total_seconds()) + 5
        assert worker(gone) == 503


class TestDocs:
    def test_the_page_needs_nothing_from_elsewhere(self, api: Api) -> None:
        anybody = Api(api.of, token="")
        page = anybody.get("/docs")
        assert page.status == 200
        assert "http" not in page.text.replace("<!doctype html>", "")
        for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-init.js"):
            assert f"/api/v1/docs/{name}" in page.text
            assert anybody.get(f"/docs/{name}").status == 200
        assert anybody.get("/docs/../problems.py").status == 404
        assert anybody.get("/docs/__init__.py").status == 404

    def test_the_description_lists_the_spec(self, api: Api) -> None:
        schema = Api(api.of, token="").get("/openapi.json").body
        assert schema["openapi"].startswith("3.")
        operation = schema["paths"]["/api/v1/subscriptions/{subscription_id}/operations"]["post"]
        assert "422" in operation["responses"]
        assert operation["security"]


def test_a_context_is_never_widened_by_a_parameter(api: Api, stranger: Api) -> None:
    theirs = stranger.of.customer()
    assert isinstance(api.of.context, Context)
    assert api.get(f"/subscriptions?customer={theirs}").body["items"] == []
    said = api.post(
        "/subscriptions",
        {
            "customer_id": theirs,
            "offer_id": api.of.offer(),
            "provider_id": "x",
            "quantity": 1,
            "starts_on": "2026-01-01",
        },
    )
    assert said.fields == ["customer_id"]
    assert address_of("/api/v1/subscriptions").view_name == "api:subscriptions"
