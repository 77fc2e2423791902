"""Sync on several through the API: the round, and what it would do."""

from __future__ import annotations

from api_calls import api_of

from factories import tenancy
from harness import World
from tallystick.identity.roles import Role


def test_the_api_answers_the_round_and_lists_it(world: World) -> None:
    api = api_of(world.tenancy)
    lines = [world.line() for _ in range(2)]
    lines[0].quantity(12)
    at = f"/connections/{world.connection_id}/sync"
    dry = api.post(f"{at}/dry-run", {"all": True})
    assert dry.status == 200, dry.text
    assert {one["outcome"] for one in dry.body["lines"]} == {"sent", "looked_at"}
    assert api.get("/rounds").body["items"] == []
    asked = api.post(at, {"all": True})
    assert asked.status == 202, asked.text
    assert all(one["run_id"] for one in asked.body["items"])
    for line in lines:
        line.drive()
    found = api.get(f"/rounds/{asked.body['round_id']}").body
    assert (found["state"], found["scope"]) == ("finished", "connection")
    counts = {name: found[name] for name in ("seen", "written", "unchanged", "failed")}
    assert counts == {"seen": 1, "written": 1, "unchanged": 0, "failed": 0}
    assert len(found["items"]) == 2
    listed = api.get(f"/rounds?connection={world.connection_id}").body["items"]
    assert [one["id"] for one in listed] == [found["id"]]
    assert api.get("/rounds?connections=1").status == 422
    assert api_of(tenancy()).get(f"/rounds/{found['id']}").status == 404
    viewer = api_of(world.tenancy, Role.VIEWER)
    assert viewer.get(f"/rounds/{found['id']}").status == 200
    assert viewer.post(f"{at}/dry-run", {"all": True}).status == 403
