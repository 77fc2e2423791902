"""Messages on their way: signed, ordered, repeated under one id, given up after a day."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from standardwebhooks import Webhook
from told import Desk

from receivers import MailBox
from tallystick.audit.models import AuditLog
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.secrets import Secret, new_key
from tallystick.notify.letters import Letter
from tallystick.notify.mail import MailServer, WrongSetting
from tallystick.notify.models import Message, Recipient
from tallystick.notify.outbox import put, recipients_due, take
from tallystick.notify.send import Sender, send_test, send_to
from tallystick.notify.wire import NotDelivered

LETTER = Letter(
    "test.kind", "Out of Sync: Ünïcode & <b>Co</b>", ["One.", "Two *bold* [x](y)."], "/x"
)


def waiting(here: Desk, recipient_id: int, letter: Letter = LETTER) -> Message:
    row = Recipient.objects.get(pk=recipient_id)
    return put(row, letter, now=here.of.clock.now())


def sent(here: Desk, *, channel: str) -> tuple[dict[str, str], bytes]:
    assert here.hook is not None
    added = here.add(channel, here.hook.url)
    waiting(here, added.recipient_id)
    assert here.send() == 1
    return here.hook.got[-1]


def test_a_webhook_is_signed_as_the_standard_says(here: Desk) -> None:
    here.of.clock = DatabaseClock()  # whoever verifies has a clock of their own
    added = here.webhook()
    assert added.secret is not None
    row = waiting(here, added.recipient_id)
    here.send()
    assert here.hook is not None
    (headers, body) = here.hook.got[0]
    event = Webhook(added.secret.reveal()).verify(body, headers)
    assert event["type"] == "test.kind"
    assert event["data"]["text"] == "One.\nTwo *bold* [x](y)."
    assert headers["webhook-id"] == row.message_id
    assert headers["path"] == "/hook/T0?key=a%20b"
    # The same once more, without the library that signed it.
    key = base64.b64decode(added.secret.reveal().removeprefix("whsec_"))
    signed = f"{row.message_id}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"


def test_slack_and_teams_get_text_in_which_no_name_can_act(here: Desk) -> None:
    slack = json.loads(sent(here, channel="slack")[1])
    assert slack["text"].startswith("Out of Sync: Ünïcode &amp; &lt;b&gt;Co&lt;/b&gt;\nOne.")
    assert slack["text"].endswith("/x|Open in Tallystick>")
    card = json.loads(sent(here, channel="teams")[1])["attachments"][0]["content"]
    texts = [block["inlines"][0]["text"] for block in card["body"]]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert texts == ["Out of Sync: Ünïcode & <b>Co</b>", "One.", "Two *bold* [x](y)."]


def test_a_mail_is_plain_and_has_the_same_id_each_time(here: Desk) -> None:
    row = waiting(here, here.mail())
    assert here.box is not None
    here.box.refuses = True
    assert here.send() == 0
    here.box.refuses = False
    here.of.later(seconds=10)
    assert here.send() == 1
    (mail,) = here.box.mails
    assert mail.get_content_type() == "text/plain"
    assert mail["Message-ID"] == f"<{row.message_id}@x.example>"
    assert mail["Subject"] == LETTER.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    assert here.box.to == [["ada@contoso.example"]]
    row.refresh_from_db()
    assert (row.state, row.tries, row.failure) == ("sent", 2, "")


@pytest.mark.parametrize("bad", ["a\nBcc: x@y.example", "a\r\nBcc: x@y.example", "a\u2028b"])
def test_a_name_makes_no_header(here: Desk, bad: str) -> None:
    here.mail()
    here.red(here.of.connection(), customer_id=here.of.customer(bad.replace("\u2028", " ")))
    here.pass_time()
    assert here.box is not None
    (mail,) = here.box.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


def test_the_next_message_waits_for_the_one_before_it(here: Desk) -> None:
    added = here.webhook()
    other = here.mail()
    for subject in ("first", "second"):
        waiting(here, added.recipient_id, Letter("k", subject, ["x"], "/"))
    waiting(here, other)
    assert here.hook is not None
    here.hook.status = 503
    assert here.send() == 1, "the mail is not held up"
    assert added.recipient_id not in recipients_due(now=here.of.clock.now())
    here.hook.status = 200
    here.of.later(seconds=10)
    assert here.send() == 2
    subjects = [event["data"]["subject"] for event in here.hook.events()]
    assert subjects == ["first", "first", "second"]
    ids = [headers["webhook-id"] for headers, _ in here.hook.got]
    assert ids[0] == ids[1] != ids[2]
    assert here.hook.got[0][1] == here.hook.got[1][1], "byte for byte"


def test_given_up_after_a_day_and_said_so(here: Desk) -> None:
    added = here.webhook(name="Ops bot")
    row = waiting(here, added.recipient_id)
    assert here.hook is not None
    here.hook.status = 500
    while row.state == "waiting":
        here.send()
        row.refresh_from_db()
        if row.retry_at is not None:
            here.of.clock.advance((row.retry_at - here.of.clock.now()).total_seconds())
    assert row.ended_at is not None
    assert row.ended_at - row.created_at == timedelta(days=1)
    assert row.failure == "It answered with the status 500."
    said = AuditLog.objects.get(tenant_id=here.of.tenant_id, event="notification.give_up")
    assert said.status == "failed"
    assert said.summary.startswith("Ops bot: “Out of Sync: ")
    assert added.recipient_id not in recipients_due(now=here.of.clock.now())


def test_a_sender_that_dies_has_lost_nothing(here: Desk) -> None:
    """Taken, perhaps even sent, and nobody stored what became of it."""
    added = here.webhook()
    row = waiting(here, added.recipient_id)
    taken = take(added.recipient_id, now=here.of.clock.now())
    assert taken is not None
    assert taken.pk == row.pk
    assert here.send() == 0, "for a while it is the other one's"
    here.of.later(minutes=2)
    assert here.send() == 1
    assert here.hook is not None
    assert here.hook.got[0][0]["webhook-id"] == row.message_id


def test_two_senders_send_it_once(here: Desk) -> None:
    added = here.webhook()
    for _ in range(5):
        waiting(here, added.recipient_id)
    threads = [
        threading.Thread(target=send_to, args=(added.recipient_id,), kwargs={"sender": here.sender})
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    here.of.later(minutes=3)
    here.send()
    assert here.hook is not None
    ids = [headers["webhook-id"] for headers, _ in here.hook.got]
    assert len(ids) == len(set(ids)) == 5


def test_a_look_that_dies_has_told_nothing(here: Desk) -> None:
    from django.db import transaction

    here.mail()
    here.red(here.of.connection())
    here.look()
    here.of.later(minutes=1)
    with pytest.raises(RuntimeError), transaction.atomic():
        here.look()
        assert len(here.subjects()) == 1
        raise RuntimeError("killed before the commit")
    assert here.subjects() == []
    here.look()
    assert len(here.subjects()) == 1


def test_what_does_not_open_is_said(here: Desk) -> None:
    added = here.webhook()
    row = waiting(here, added.recipient_id)
    other = KeyRing([new_key()], source="a test")
    assert send_to(added.recipient_id, sender=Sender(here.carriers, other, here.of.clock)) == 0
    row.refresh_from_db()
    assert "does not have" in row.failure
    stored = Recipient.objects.get(pk=added.recipient_id)
    assert here.hook is not None
    assert added.secret is not None
    for secret in (here.hook.url, added.secret.reveal()):
        assert secret.encode() not in bytes(stored.target_sealed) + bytes(stored.secret_sealed)
    assert stored.shown == here.hook.origin


def test_the_test_button(here: Desk) -> None:
    added = here.webhook()
    assert here.hook is not None
    assert send_test(added.recipient_id, by=here.by(), sender=here.sender) == ""
    assert here.hook.events()[0]["type"] == "test"
    here.hook.status = 404
    why = send_test(added.recipient_id, by=here.by(), sender=here.sender)
    assert why == "It answered with the status 404."
    rows = AuditLog.objects.filter(tenant_id=here.of.tenant_id, event="notification.test")
    assert list(rows.order_by("pk").values_list("status", flat=True)) == ["succeeded", "failed"]


def test_without_a_mail_server(here: Desk) -> None:
    row = waiting(here, here.mail())
    here.box = None
    assert here.send() == 0
    row.refresh_from_db()
    assert row.failure == "This server has no mail server (TALLYSTICK_SMTP_URL)."


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.example.com", "t@example.com"),
        ("smtp://", "t@example.com"),
        ("smtp://mail.example.com:x", "t@example.com"),
        ("smtp://mail.example.com/path", "t@example.com"),
        ("smtp://mail.example.com", ""),
        ("smtp://mail.example.com", "no address"),
        ("smtp://mail.example.com", "t@example.com\nBcc: x@y.example"),
    ],
)
def test_a_mail_server_that_cannot_be_meant(url: str, sender: str) -> None:
    given = {"TALLYSTICK_SMTP_URL": url, "TALLYSTICK_MAIL_FROM": sender}
    with pytest.raises(WrongSetting, match=r"^TALLYSTICK_"):
        MailServer.from_environment(given)


def test_a_mail_server_says_what_is_wrong_and_not_its_password(here: Desk) -> None:
    message = here.sender  # any will do
    assert message is not None
    given = {
        "TALLYSTICK_SMTP_URL": "smtps://me:p%40ss@127.0.0.1:1",
        "TALLYSTICK_MAIL_FROM": "t@example.com",
    }
    server = MailServer.from_environment(given)
    assert server is not None
    assert (server.user, server.password) == ("me", Secret("p@ss"))
    assert "p@ss" not in repr(server)
    row = waiting(here, here.mail())
    from tallystick.notify.send import _outgoing

    with pytest.raises(NotDelivered, match="could not be reached"):
        server.send(_outgoing(row), to="x@example.com")
    assert settings.SEALING_KEYS is not None


def test_a_server_that_offers_no_sign_in(here: Desk) -> None:
    assert isinstance(here.box, MailBox)
    given = {
        "TALLYSTICK_SMTP_URL": here.box.url.replace("://", "://me:pass@"),
        "TALLYSTICK_MAIL_FROM": "t@example.com",
    }
    server = MailServer.from_environment(given)
    assert server is not None
    row = waiting(here, here.mail())
    from tallystick.notify.send import _outgoing

    with pytest.raises(NotDelivered, match="offers no TLS, or no sign-in"):
        server.send(_outgoing(row), to="x@example.com")
