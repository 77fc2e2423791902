"""Who is told what, by API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api_calls import Api, api_of
from standardwebhooks import Webhook

from factories import sibling
from receivers import Hook, hook
from tallystick.audit.models import AuditLog
from tallystick.bootstrap import notices
from tallystick.identity.models import IdempotentRequest
from tallystick.identity.roles import Role
from tallystick.notify.models import Message, Recipient

AT = "/notifications"
HOOK = {"name": "Ops bot", "channel": "webhook", "to": "https://hooks.example.com/secret-path"}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """Allowed by the server's settings, as whoever runs it would."""
    with hook() as made:
        monkeypatch.setenv("TALLYSTICK_WEBHOOK_ORIGINS", made.origin)
        notices.sender.cache_clear()
        yield made
    notices.sender.cache_clear()


def test_added_shown_changed_and_taken_away(api: Api) -> None:
    connection = api.of.connection()
    said = api.post(AT, {**HOOK, "connection_id": connection, "topics": ["drift", "out_of_sync"]})
    assert said.status == 201, said.text
    one = f"{AT}/{said.body['id']}"
    assert said.body["to"] == "https://hooks.example.com"
    assert "secret-path" not in said.text
    assert said.body["topics"] == ["out_of_sync", "drift"]
    assert api.get(one).body == said.body
    assert api.get(AT).body["items"] == [said.body]
    changed = api.call("PATCH", one, {"topics": ["paused"], "remind_hours": 0}).body
    assert (changed["topics"], changed["remind_hours"]) == (["paused"], 0)
    assert changed["connection_id"] == connection
    assert api.call("PATCH", one, {"connection_id": None}).body["connection_id"] is None
    assert api.get(f"{one}/messages").body["items"] == []
    assert api.delete(one).status == 204
    assert api.get(one).status == 404
    events = AuditLog.objects.filter(tenant_id=api.of.tenant_id, event__startswith="notification.")
    assert list(events.order_by("pk").values_list("event", flat=True)) == [
        "notification.create",
        "notification.update",
        "notification.update",
        "notification.delete",
    ]
    assert "secret-path" not in str(list(events.values("summary", "details")))
    row = Recipient.objects.get(pk=said.body["id"])
    assert bytes(row.target_sealed) == bytes(row.secret_sealed) == b""


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"to": "http://hooks.example.com/"}, ["to"]),
        ({"to": "https://127.0.0.1/"}, ["to"]),
        ({"to": "https://169.254.169.254/"}, ["to"]),
        ({"topics": []}, ["topics"]),
        ({"topics": ["everything"]}, ["topics"]),
        ({"channel": "pager"}, ["channel"]),
        ({"name": " "}, ["name"]),
        ({"name": " ", "to": "x", "topics": []}, ["topics", "name", "to"]),
        ({"remind_hours": -1}, ["remind_hours"]),
        ({"remind_hours": "24"}, ["remind_hours"]),
        ({"connection_id": 10**12}, ["connection_id"]),
        ({"channel": "email", "to": "nobody"}, ["to"]),
        ({"channel": "email", "to": "a@b.example\r\nBcc: c@d.example"}, ["to"]),
        ({"secret": "x"}, ["secret"]),
    ],
)
def test_bad_input_names_its_field_and_stores_nothing(
    api: Api, wrong: dict[str, object], fields: list[str]
) -> None:
    said = api.post(AT, {**HOOK, **wrong})
    assert said.status == 422, said.text
    assert said.fields == fields
    assert not Recipient.objects.filter(tenant_id=api.of.tenant_id).exists()


def test_no_mail_is_promised_without_a_mail_server(api: Api) -> None:
    said = api.post(AT, {**HOOK, "channel": "email", "to": "ada@example.com"})
    assert said.status == 409
    assert "TALLYSTICK_SMTP_URL" in said.body["detail"]


def test_an_invitation_by_mail_answers_no_link(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"email": f"guest{api.of.tenant_id}@example.com", "role": "viewer", "by_mail": True}
    said = api.post("/invitations", asked)
    assert (said.status, "TALLYSTICK_SMTP_URL" in said.body["detail"]) == (409, True)
    assert api.get("/invitations").body["items"] == []
    monkeypatch.setenv("TALLYSTICK_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("TALLYSTICK_MAIL_FROM", "t@example.com")
    notices.sender.cache_clear()
    try:
        said = api.post("/invitations", asked)
    finally:
        notices.sender.cache_clear()
    assert (said.status, said.body["path"]) == (201, None)
    assert [one["id"] for one in api.get("/invitations").body["items"]] == [said.body["id"]]


def test_a_test_and_a_key_of_its_own(api: Api, receiver: Hook) -> None:
    made = api.post(AT, {**HOOK, "to": receiver.url}).body
    one = f"{AT}/{made['id']}"
    assert api.post(f"{one}/test").body == {"arrived": True, "why": ""}
    secret = api.post(f"{one}/new-secret", Idempotency_Key="k1").body["secret"]
    other = api.post(f"{one}/new-secret", Idempotency_Key="k1").body["secret"]
    assert secret != other, "it is kept nowhere, so it cannot be answered again"
    assert not IdempotentRequest.objects.filter(body__secret__isnull=False).exists()
    api.post(f"{one}/test")
    headers, body = receiver.got[-1]
    assert Webhook(other).verify(body, headers)["type"] == "test"
    receiver.status = 500
    assert api.post(f"{one}/test").body == {
        "arrived": False,
        "why": "It answered with the status 500.",
    }
    slack = api.post(AT, {**HOOK, "channel": "slack"}).body["id"]
    assert api.post(f"{AT}/{slack}/new-secret").status == 409


def test_messages_are_told_and_paged(api: Api) -> None:
    recipient = Recipient.objects.get(pk=api.of.told())
    for number in range(3):
        Message.objects.create(
            recipient=recipient,
            message_id=f"msg_{recipient.pk}_{number}",
            kind="test",
            subject=str(number),
            text="x",
            facts={},
            created_at=api.of.clock.now(),
        )
    one = f"{AT}/{recipient.pk}"
    first = api.get(f"{one}/messages?limit=2").body
    assert [row["subject"] for row in first["items"]] == ["2", "1"]
    rest = api.get(f"{one}/messages?limit=2&cursor={first['next_cursor']}").body
    assert [row["subject"] for row in rest["items"]] == ["0"]
    assert api.get(one).body["last_message"]["subject"] == "2"
    api.of.told()
    page = api.get(f"{AT}?limit=1").body
    assert len(page["items"]) == 1
    assert len(api.get(f"{AT}?limit=1&cursor={page['next_cursor']}").body["items"]) == 1


def test_who_may(api: Api, viewer: Api, stranger: Api) -> None:
    told = api.of.told()
    operator, auditor = api_of(api.of, Role.OPERATOR), api_of(api.of, Role.AUDITOR)
    for one in (viewer, operator, auditor):
        assert one.get(AT).status == 403
        assert one.post(AT, HOOK).status == 403
    reseller = api_of(sibling(api.of))
    for other in (stranger, reseller):
        assert other.get(AT).body["items"] == []
        assert other.get(f"{AT}/{told}").status == 404
    theirs = reseller.post(AT, HOOK).body["id"]
    assert reseller.get(f"{AT}/{theirs}").status == 200
    assert api.get(f"{AT}/{theirs}").status == 200, "a CSP sees everything of its tenant"
    assert reseller.post(AT, {**HOOK, "connection_id": api.of.connection()}).status == 422
