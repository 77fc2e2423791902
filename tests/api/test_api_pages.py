"""Lists that are mostly short have pages too."""

from __future__ import annotations

import pytest
from api_calls import Api, api_of

from factories import number
from harness import World
from tellers import teller


@pytest.mark.parametrize("address", ["/resellers", "/sources"])
def test_by_name_page_after_page(api: Api, address: str) -> None:
    for _ in range(3):
        api.post("/resellers", {"name": f"Bright {number()}"})
        teller(api.of)
    whole = api.get(address).body
    assert (len(whole["items"]), whole["next_cursor"]) == (3, None)
    assert page_after_page(api, address, 2) == whole["items"]
    assert api.get(f"{address}?cursor=x").fields == ["cursor"]
    assert api.get(f"{address}?colour=red").status == 422


def test_what_a_round_is_about(world: World) -> None:
    api = api_of(world.tenancy)
    lines = [world.line() for _ in range(3)]
    lines[0].quantity(12)
    asked = api.post(f"/connections/{world.connection_id}/sync", {"all": True}).body
    for line in lines:
        line.drive()
    address = f"/rounds/{asked['round_id']}"
    whole = api.get(address).body
    assert (len(whole["items"]), whole["next_cursor"]) == (3, None)
    assert page_after_page(api, address, 1) == whole["items"]
    assert api.get(f"{address}?cursor=x").fields == ["cursor"]


def page_after_page(api: Api, address: str, limit: int) -> list[object]:
    """All of them, ``limit`` at a time."""
    found: list[object] = []
    more = ""
    while True:
        body = api.get(f"{address}?limit={limit}{more}").body
        assert len(body["items"]) <= limit
        found += body["items"]
        if body["next_cursor"] is None:
            return found
        more = f"&cursor={body['next_cursor']}"
