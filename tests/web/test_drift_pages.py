"""The drift desk on pages, asked without a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from factories import sibling, user
from harness import Line, World
from tallystick.audit.models import AuditLog
from tallystick.identity.models import User
from tallystick.identity.people import add_user
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.ids import correlation_id
from tallystick.kit.paging import encode_cursor, every
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.models import Operation
from tallystick.mappings.drift_rows import list_drifts


def client(world: World, role: Role = Role.ADMINISTRATOR) -> Client:
    pk = add_user(
        tenant_id=world.tenancy.tenant_id,
        reseller_id=None,
        email=f"{role.value}-{correlation_id()}@example.com",
        password="correct horse battery",
        role=role,
        now=world.clock.now(),
        correlation_id=correlation_id(),
        name=f"{role.label} Person",
    )
    found = Client()
    found.force_login(User.objects.get(pk=pk))
    return found


@pytest.fixture
def edited(world: World) -> Line:
    line = world.line(units=10)
    line.hand_edit(13)
    world.sweep()
    return line


def drift_of(line: Line) -> int:
    pk = line.lane().drift_id
    assert pk is not None
    return pk


def test_what_only_waits_for_a_decision_leads_to_it(world: World, edited: Line) -> None:
    """Sync would show the same again: the first thing to press is what the cause asks for."""
    href, mapping = f'href="/drift/{drift_of(edited)}"', "subscription-mapping?badge=out_of_sync"
    for address in ("/", f"/connectors/{world.connection_id}/{mapping}"):
        said = client(world).get(address).content.decode()
        assert href in said and ">Decide<" in said.replace("</svg>", ">"), address


def test_the_dearest_stands_first_and_pages_go_on_from_there(world: World) -> None:
    """Whichever way it differs, and of the same money the newest."""
    lines = [world.line(units=10) for _ in range(4)]
    for line, units in zip(lines, (11, 4, 11, 13), strict=True):
        line.hand_edit(units)
    world.sweep()
    context, now = world.tenancy.context, world.clock.now()
    shown = [one.id for one in list_drifts(context, now=now).items]
    first, second = sorted((drift_of(lines[0]), drift_of(lines[2])), reverse=True)
    assert shown == [drift_of(lines[1]), drift_of(lines[3]), first, second]
    one_by_one = every(lambda at: list_drifts(context, now=now, cursor=at, limit=1))
    assert [one.id for one in one_by_one] == shown
    for said in ("much", "NaN", "-1", "1E999"):
        with pytest.raises(InvalidInput):
            list_drifts(context, now=now, cursor=encode_cursor([said, 1]))


def test_what_differs_stands_there_with_its_money(world: World, edited: Line) -> None:
    said = client(world).get("/drift").content.decode()
    assert "A hand edit in Autotask" in said
    assert "+45.60\N{NO-BREAK SPACE}EUR" in said
    assert "Decide on what is chosen" in said
    other = Client()
    other.force_login(user(sibling(world.tenancy)))
    assert "Nothing differs" in other.get("/drift").content.decode()
    assert other.get(f"/drift/{drift_of(edited)}").status_code == 404


def test_nothing_differs_teaches_what_stands_there(world: World) -> None:
    said = client(world).get("/drift").content.decode()
    assert "Nothing differs" in said
    assert "Compare now" in said
    assert (
        "No difference was agreed to" in client(world).get("/drift?state=agreed").content.decode()
    )
    assert "Nothing matches" in client(world).get("/drift?q=nobody").content.decode()


def test_a_decision_without_reason_keeps_what_was_chosen(world: World, edited: Line) -> None:
    answer = client(world).post(f"/drift/{drift_of(edited)}", {"how": "keep", "reason": " "})
    assert answer.status_code == 400
    said = answer.content.decode()
    assert "The reason is needed: somebody will ask." in said
    assert 'value="keep" autocomplete="off" checked' in said
    assert edited.badge == "out_of_sync"


def test_keeping_says_what_to_record_here(world: World, edited: Line) -> None:
    answer = client(world).post(
        f"/drift/{drift_of(edited)}", {"how": "keep", "reason": "agreed"}, follow=True
    )
    assert "If the customer holds them, record that quantity here." in answer.content.decode()
    assert edited.row().subscription.quantity == 10


def test_keeping_may_record_the_quantity_too(world: World, edited: Line) -> None:
    client(world).post(
        f"/drift/{drift_of(edited)}",
        {"how": "keep", "reason": "agreed", "record_quantity": "yes"},
    )
    assert edited.row().subscription.quantity == 13
    world.work()
    assert (edited.badge, edited.effects()) == ("synced", [])


def test_many_are_decided_with_one_reason(world: World, edited: Line) -> None:
    other = world.line(units=5)
    other.hand_edit(6)
    gone = world.line(units=7)
    gone.hand_edit(8)
    world.sweep()
    ids = [drift_of(line) for line in (edited, other, gone)]
    gone.hand_edit(7)
    world.sweep()
    until = (DatabaseClock().now().date() + timedelta(days=30)).isoformat()
    answer = client(world).post(
        "/drift/decide",
        {"drift": ids, "how": "agree", "reason": "one campaign", "until": until},
        follow=True,
    )
    said = answer.content.decode()
    assert "Decided on 2 differences: Agree." in said
    assert "This difference is not what Autotask shows now" in said
    assert [line.badge for line in (edited, other, gone)] == ["agreed", "agreed", "synced"]
    shown = client(world).get("/drift?state=agreed").content.decode()
    assert shown.count("one campaign") == 2


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"how": "keep", "reason": "x"}, "What is chosen is nothing"),
        ({"how": "forget", "reason": "x", "drift": "1"}, "What to do must be one of"),
        ({"how": "keep", "reason": "x", "drift": "all"}, "What is chosen is not of the list."),
    ],
)
def test_what_is_wrong_with_many_is_said(
    world: World, edited: Line, posted: dict[str, str], said: str
) -> None:
    answer = client(world).post("/drift/decide", posted)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_compare_now_is_asked_for_in_the_background(world: World, edited: Line) -> None:
    answer = client(world).post("/drift/look", follow=True)
    assert "1 line is compared with Autotask in the background." in answer.content.decode()
    log = AuditLog.objects.filter(tenant_id=world.tenancy.tenant_id).latest("pk")
    assert (log.event, log.status) == ("connection.look_at_lines", "processing")
    world.pause()
    answer = client(world).post("/drift/look", follow=True)
    assert "The connection is paused" in answer.content.decode()


def test_who_may_only_read_looks(world: World, edited: Line) -> None:
    viewer = client(world, Role.VIEWER)
    said = viewer.get(f"/drift/{drift_of(edited)}").content.decode()
    assert "Who is right?" not in said
    assert viewer.post(f"/drift/{drift_of(edited)}", {"how": "keep"}).status_code == 403


def test_an_operator_decides(world: World, edited: Line) -> None:
    operator = client(world, Role.OPERATOR)
    page = f"/drift/{drift_of(edited)}"
    assert "may not decide this" not in operator.get(page).content.decode()
    assert "Decide on what is chosen" in operator.get("/drift").content.decode()
    answer = operator.post(page, {"how": "keep", "reason": "As ordered by mail"})
    assert answer.status_code == 302
    assert list_drifts(world.tenancy.context, now=world.clock.now()).items == []


def test_a_price_that_should_not_be_there_is_proposed_as_it_was(world: World) -> None:
    line = world.line(units=10)
    line.price("17.00")
    world.work()
    wrong = line.attempts()[-1].pk
    here, office = f"/subscriptions/{line.subscription_id}/correct", client(world)
    assert "Unit price 15.20 to 17.00" in office.get(here).content.decode()
    chosen = {"attempt": str(wrong), "reason": "a slip of the hand"}
    looked = office.post(here, {**chosen, "look": "1"}).content.decode()
    assert "15.20" in looked
    assert not Operation.objects.filter(kind="correct").exists()
    assert office.post(here, chosen).status_code == 302
    recorded = Operation.objects.get(subscription_id=line.subscription_id, kind="correct")
    assert (recorded.after["corrects"], recorded.after["line_price"]) == (wrong, "15.2000")
