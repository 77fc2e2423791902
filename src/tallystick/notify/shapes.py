"""A message in the form each kind of receiver reads. Pure: the same message, the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from standardwebhooks import Webhook

from tallystick.kit.secrets import Secret
from tallystick.notify.outgoing import Outgoing

# Teams refuses a card above 28 KB, Slack a text above 40,000 characters.
LONGEST_CHAT = 12_000


def as_mail(message: Outgoing, *, sender: str, to: str) -> bytes:
    """Plain text. Header values are one line each: the mail library refuses others."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    # The same each time it is sent, so that a mail program shows a repeat once.
    domain = sender.rpartition("@")[2].strip("<> ") or "localhost"
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    lines = message.text.split("\n")
    parts = [*lines, message.link, "-- ", message.foot]
    mail.set_content("\n\n".join(parts[:-2]) + "\n\n" + "\n".join(parts[-2:]) + "\n")
    return mail.as_bytes()


def as_event(message: Outgoing) -> bytes:
    """What a webhook is sent: ``type``, ``timestamp`` and ``data`` (Standard Webhooks)."""
    return _json(
        {
            "type": message.kind,
            "timestamp": message.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": {
                "subject": message.subject,
                "text": message.text,
                "link": message.link,
                **message.facts,
            },
        }
    )


def signed(message: Outgoing, body: bytes, *, secret: Secret, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks; ``now``: the moment of this sending."""
    moment = now.astimezone(UTC)
    signature = Webhook(secret.reveal()).sign(message.message_id, moment, body.decode())
    return {
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }


def as_slack(message: Outgoing) -> bytes:
    """``text`` with its three control characters escaped: no name makes a link or calls anybody
    (docs.slack.dev, *Formatting message text*)."""
    text = f"{message.subject}\n{message.text}"[:LONGEST_CHAT]
    for letter, instead in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(letter, instead)
    return _json({"text": f"{text}\n<{message.link}|Open in Tallystick>"})


def as_teams(message: Outgoing) -> bytes:
    """An Adaptive Card of plain text runs, which know no Markdown: a name stays a name."""
    runs = [
        {
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": line, **style}],
        }
        for line, style in [
            (message.subject, {"weight": "Bolder"}),
            *((line, {}) for line in message.text[:LONGEST_CHAT].split("\n")),
        ]
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": runs,
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Tallystick", "url": message.link}],
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return _json({"type": "message", "attachments": [content]})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
