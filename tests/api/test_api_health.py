"""How a connection is, through the API."""

from __future__ import annotations

from datetime import date, timedelta

from api_calls import Api, api_of
from django.db import connection as database

from factories import START, sibling, tenancy
from harness import World
from tallystick.connections.budget import note_threshold
from tallystick.connections.models import Connection
from tallystick.directory.kinds import Kind
from tallystick.directory.models import ContractEntry, Reading

NOBODY = "DELETE FROM procrastinate_workers"


def test_a_new_connection_says_what_comes_next(api: Api) -> None:
    with database.cursor() as cursor:
        cursor.execute(NOBODY)
    connection_id = api.of.connection()
    api.of.subscription(quantity=14)
    said = api.get(f"/connections/{connection_id}/health")
    assert said.status == 200, said.text
    assert said.body["health"] == "no_worker"
    assert "starts a worker" in said.body["todo"]
    assert said.body["last_test"] is None
    assert said.body["contracts_needing_attention"] is None
    assert said.body["directory"] == {"read_at": None, "being_read": False, "problem": ""}
    assert said.body["calls"] == {
        "ours": 0,
        "others": None,
        "share": 5000,
        "left": 5000,
        "threshold": 10000,
        "reported_at": None,
    }
    assert said.body["not_mapped"] == {
        "subscriptions": 1,
        "licences": 14,
        "a_month": {"EUR": "212.80"},
    }
    assert said.body["subscriptions"]["not_mapped"] == 1
    assert said.body["queue"]["oldest"] is None

    with database.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    at = f"/connections/{connection_id}"
    assert api.get(f"{at}/health").body["health"] == "not_tested"
    api.post(f"{at}/test")
    tested = api.get(f"{at}/health").body
    assert tested["health"] == "test_failed"
    assert tested["last_test"]["ok"] is False
    assert tested["last_test"]["words"] in tested["words"]
    record = api.get(f"/audit-logs/{tested['last_test']['audit_log_id']}")
    assert record.body["operation"] == "connection.test"
    api.post(f"{at}/pause", {"reason": "Stock-taking"})
    paused = api.get(f"{at}/health").body
    assert (paused["health"], paused["words"]) == ("paused", "Stock-taking.")
    with database.cursor() as cursor:
        cursor.execute(NOBODY)


def test_what_waits_is_mapped_and_called(world: World) -> None:
    line = world.line(units=10)
    world.line(units=5)
    line.quantity(12)
    api = api_of(world.tenancy)
    now = world.clock.now()
    note_threshold(world.connection_id, threshold=8000, used=300, now=now)
    for kind in Kind:
        Reading.objects.create(connection_id=world.connection_id, kind=kind.value, read_at=now)
    here = {"connection_id": world.connection_id, "seen_at": START}
    ContractEntry.objects.create(
        ref=line.contract_id,
        company_ref=line.company_id,
        name="Ends far away",
        active=True,
        ends_on=date(2099, 12, 31),
        **here,
    )
    said = api.get(f"/connections/{world.connection_id}/health").body
    assert (said["subscriptions"]["synced"], said["subscriptions"]["syncing"]) == (1, 1)
    assert said["queue"]["waiting"] == 1
    assert said["queue"]["oldest"]["subscription_id"] == line.subscription_id
    assert said["contracts_needing_attention"] == 1, "the other contract is not there any more"
    assert said["calls"]["threshold"] == 8000
    assert said["calls"]["reported_at"] == now.isoformat().replace("+00:00", "Z")
    assert said["last_read_at"] is not None


def test_only_in_the_context(api: Api, viewer: Api, stranger: Api) -> None:
    connection_id = api.of.connection()
    at = f"/connections/{connection_id}/health"
    asked = (api, viewer, stranger, api_of(sibling(api.of)))
    assert [one.get(at).status for one in asked] == [200, 200, 404, 404]
    Connection.objects.filter(pk=connection_id).update(deleted_at=START + timedelta(days=1))
    assert api.get(at).status == 404
    reseller = tenancy(reseller=True)
    theirs = reseller.connection()
    assert api_of(reseller).get(f"/connections/{theirs}/health").status == 200


def test_the_document_names_every_state(api: Api) -> None:
    schemas = api.get("/openapi.json").body["components"]["schemas"]
    assert set(schemas["Health"]["enum"]) == {
        "working",
        "paused",
        "no_worker",
        "test_failed",
        "not_tested",
    }
    assert "health" in schemas["ConnectionHealthOut"]["required"]
