"""Notifications on pages, asked without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from receivers import Hook, MailBox, hook, mail_box
from tallystick.bootstrap import notices
from tallystick.identity.roles import Role
from tallystick.notify.models import Recipient

pytestmark = pytest.mark.usefixtures("db")
HERE = "/notifications"
ALL = {"topics": ["out_of_sync", "paused"], "remind_hours": "24", "connection": ""}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[MailBox, Hook]]:
    with mail_box() as box, hook() as receiver:
        monkeypatch.setenv("TALLYSTICK_SMTP_URL", box.url)
        monkeypatch.setenv("TALLYSTICK_MAIL_FROM", "t@example.com")
        monkeypatch.setenv("TALLYSTICK_WEBHOOK_ORIGINS", receiver.origin)
        notices.sender.cache_clear()
        yield box, receiver
    notices.sender.cache_clear()


def at(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def text(answer: Any) -> str:
    found: str = answer.content.decode()
    return found


def test_nobody_is_told_and_no_mail_server() -> None:
    said = text(at(tenancy()).get(HERE))
    assert "Nobody is told" in said
    assert "TALLYSTICK_SMTP_URL" in said


def test_a_webhook_from_the_form_to_its_key(server: tuple[MailBox, Hook]) -> None:
    _, receiver = server
    client = at(tenancy())
    form = {**ALL, "channel": "webhook", "name": "<b>Ops</b>", "target": receiver.url}
    said = text(client.post(f"{HERE}/new", form))
    assert "Shown this once" in said
    assert "whsec_" in said
    listed = text(client.get(HERE))
    assert "&lt;b&gt;Ops&lt;/b&gt;" in listed
    assert receiver.origin in listed
    assert "/hook/" not in listed
    one = f"{HERE}/{Recipient.objects.latest('pk').pk}"
    assert "whsec_" not in text(client.get(one))
    tested = client.post(f"{one}/test", follow=True)
    assert "the test arrived" in text(tested)
    receiver.status = 503
    assert "It answered with the status 503." in text(client.post(f"{one}/test", follow=True))
    assert "whsec_" in text(client.post(f"{one}/new-key"))
    saved = client.post(one, {"topics": ["drift"], "remind_hours": "0", "connection": ""})
    assert saved.status_code == 302
    assert Recipient.objects.latest("pk").topics == ["drift"]
    assert client.get(f"{one}/test").status_code == 405
    assert client.post(f"{one}/other").status_code == 404
    assert "is told nothing any more" in text(client.post(f"{one}/remove", follow=True))
    assert client.get(one).status_code == 404


def test_a_viewer_is_told_by_their_own_mail_and_nothing_else(
    server: tuple[MailBox, Hook],
) -> None:
    box, receiver = server
    of = tenancy(role=Role.VIEWER)
    others = at(tenancy(role=Role.VIEWER))
    client = at(of)
    assert "Tell me by e-mail" in text(client.get(HERE))
    assert 'name="target"' not in text(client.get(f"{HERE}/new"))
    assert client.post(f"{HERE}/new", ALL).status_code == 302
    row = Recipient.objects.latest("pk")
    assert row.user is not None
    assert (row.shown, row.name) == (row.user.email, row.user.email)
    client.post(f"{HERE}/{row.pk}/test")
    assert box.to == [[row.user.email]]
    refused = client.post(f"{HERE}/new", {**ALL, "channel": "webhook", "target": receiver.url})
    assert refused.status_code == 403
    elsewhere = client.post(f"{HERE}/new", {**ALL, "target": "boss@example.com"})
    assert elsewhere.status_code == 403
    for somebody in (others, at(of), at(sibling(of, role=Role.VIEWER))):
        assert somebody.get(f"{HERE}/{row.pk}").status_code == 404
    assert client.post(f"{HERE}/{row.pk}/remove").status_code == 302


def test_what_is_wrong_is_said_beside_its_field(server: tuple[MailBox, Hook]) -> None:
    client = at(tenancy())
    wrong = {"channel": "teams", "name": "", "target": "http://x", "remind_hours": "often"}
    answer = client.post(f"{HERE}/new", wrong)
    said = text(answer)
    assert answer.status_code == 400
    for words in (
        "Name must have 1 to 200 characters.",
        "Address must begin with https://.",
        "What must be some of",
        "Remind every must be from 0 to 744.",
    ):
        assert words in said, words
    assert "http://x" not in said, "an address is not shown again"
    assert not Recipient.objects.filter(name="").exists()


def test_without_a_mail_server_it_is_refused_and_kept() -> None:
    answer = at(tenancy()).post(f"{HERE}/new", {**ALL, "channel": "email", "target": ""})
    assert answer.status_code == 400
    assert "This server has no mail server" in text(answer)
