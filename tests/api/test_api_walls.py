"""Two walls, each alone: the database's with the application's check removed, and the reverse.

In the first suite the application believes that whoever asks is the owner, and only PostgreSQL
knows better; in the second PostgreSQL lets everything through.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from api_calls import Api, api_of
from test_api_calls import every_call

from factories import Tenancy, sibling, tenancy
from tallystick.api import auth, door
from tallystick.audit.models import AuditLog
from tallystick.identity.reach import EVERYTHING, reach_of
from tallystick.identity.tokens import TokenContext

pytestmark = pytest.mark.usefixtures("db")
FOUND = 400
STRANGERS: dict[str, Callable[[Tenancy], Tenancy]] = {
    "another tenant": lambda _: tenancy(),
    "a sibling": sibling,
}
LISTS = (
    *("/customers", "/subscriptions", "/connections", "/audit-logs", "/users", "/tokens"),
    *("/renewals", "/azure-costs", "/invitations", "/drift"),
)


@pytest.fixture(params=list(STRANGERS))
def owner_and_stranger(request: pytest.FixtureRequest) -> tuple[Tenancy, Tenancy]:
    owner = tenancy(reseller=True)
    return owner, STRANGERS[request.param](owner)


def test_the_databases_wall_alone(
    owner_and_stranger: tuple[Tenancy, Tenancy], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, stranger = owner_and_stranger
    calls = every_call(owner)
    api = api_of(owner)
    assert api.get("/customers").body["items"], "the owner sees them"
    _believes(monkeypatch, TokenContext(owner.context, 1))
    _reaches(monkeypatch, reach_of(stranger.context))
    logs = AuditLog.objects.filter(tenant_id=owner.tenant_id)
    before = logs.count()
    for method, address, body in calls:
        said = api.call(method, address, body)
        # What is not there breaks what the application takes for granted: that is fine here.
        assert said.status >= FOUND, (method, address, said.text)
    for address in LISTS:
        said = api.get(address)
        assert said.status >= FOUND or said.body["items"] == [], (address, said.text)
    assert logs.count() == before


def test_the_applications_wall_alone(
    owner_and_stranger: tuple[Tenancy, Tenancy], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, stranger = owner_and_stranger
    calls = every_call(owner)
    _reaches(monkeypatch, EVERYTHING)
    asking: Api = api_of(stranger)
    for method, address, body in calls:
        said = asking.call(method, address, body)
        assert said.status == 404, (method, address, said.text)
    for address in LISTS:
        items = asking.get(address).body["items"]
        assert all(one.get("reseller_id") != owner.reseller_id for one in items), address


def _believes(monkeypatch: pytest.MonkeyPatch, who: TokenContext) -> None:
    """Whatever the token, the application takes the caller for this one."""

    def context_of_token(*_: object, **__: object) -> TokenContext:
        return who

    monkeypatch.setattr(auth, "context_of_token", context_of_token)


def _reaches(monkeypatch: pytest.MonkeyPatch, reach: str) -> None:
    """Whoever asks, this is what the database shows."""

    def reach_of_anybody(*_: object) -> str:
        return reach

    monkeypatch.setattr(door, "reach_of", reach_of_anybody)
