"""A recipient of one tenancy, and the looks of a worker: the real outbox, mail server, receiver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from factories import Tenancy, number
from receivers import Hook, MailBox
from tallystick.connections.learn import note_swept
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.ledger.models import Delivery, Lane
from tallystick.notify.add import Added, NewRecipient, add_recipient
from tallystick.notify.carry import Carriers
from tallystick.notify.choice import By, Choice
from tallystick.notify.kinds import Topic
from tallystick.notify.look import see, tell
from tallystick.notify.mail import MailServer
from tallystick.notify.models import Message, Recipient
from tallystick.notify.pulse import Away
from tallystick.notify.send import Sender, send_to
from tallystick.notify.wire import Wire
from tallystick.sources.untold import Untold

ALL = [one.value for one in Topic]
__all__ = ["ALL", "Desk", "Hook", "MailBox", "note_swept"]


@dataclass
class Desk:
    """Who is told in one tenancy."""

    of: Tenancy
    box: MailBox | None = None
    hook: Hook | None = None

    @property
    def carriers(self) -> Carriers:
        mail = None
        if self.box is not None:
            mail = MailServer.from_environment(
                {"TALLYSTICK_SMTP_URL": self.box.url, "TALLYSTICK_MAIL_FROM": "Tally <t@x.example>"}
            )
        allowed = frozenset({self.hook.origin}) if self.hook else frozenset[str]()
        return Carriers(mail=mail, wire=Wire(allowed, seconds=2.0))

    @property
    def sender(self) -> Sender:
        return Sender(self.carriers, settings.SEALING_KEYS, self.of.clock)

    def by(self, of: Tenancy | None = None) -> By:
        context = (of or self.of).context
        return By(
            context, self.of.clock.now(), correlation_id(), settings.SEALING_KEYS, self.carriers
        )

    def add(
        self,
        channel: str,
        target: str = "",
        *,
        name: str = "Billing",
        topics: Any = ALL,
        of: Tenancy | None = None,
        **more: Any,
    ) -> Added:
        new = NewRecipient(name, channel, Secret(target), Choice(topics, **more))
        return add_recipient(new, by=self.by(of))

    def mail(self, to: str = "ada@contoso.example", **more: Any) -> int:
        return self.add("email", to, **more).recipient_id

    def webhook(self, **more: Any) -> Added:
        assert self.hook is not None
        return self.add("webhook", self.hook.url, **more)

    def look(self, away: Away | None = None) -> None:
        """What a worker's look does, in this tenancy alone."""
        now = self.of.clock.now()
        seen = see(self.of.tenant_id, Untold(), now=now)
        for row in Recipient.objects.filter(tenant_id=self.of.tenant_id, deleted_at=None):
            with transaction.atomic():
                held = Recipient.objects.select_for_update().get(pk=row.pk)
                tell(held, seen, away, now=now)

    def send(self) -> int:
        rows = Recipient.objects.filter(tenant_id=self.of.tenant_id).order_by("pk")
        return sum(send_to(row.pk, sender=self.sender) for row in rows)

    def pass_time(self, seconds: float = 60, away: Away | None = None) -> None:
        """Look, wait, look again, send."""
        self.look(away)
        self.of.clock.advance(seconds)
        self.look(away)
        self.send()

    def subjects(self, recipient_id: int | None = None) -> list[str]:
        rows = Message.objects.filter(recipient__tenant_id=self.of.tenant_id)
        if recipient_id is not None:
            rows = rows.filter(recipient=recipient_id)
        return list(rows.order_by("pk").values_list("subject", flat=True))

    def red(self, connection_id: int, *, cause: str = "Autotask refused it.", **more: Any) -> int:
        """A mapped subscription whose first operation failed; answers its id."""
        held = self.of.subscription(quantity=10, **more)
        lane = self.of.map(held, connection_id, contract_id=number(), line_id=number())
        Delivery.objects.filter(lane=lane).update(state="failed", cause=cause, tries=1)
        return held

    def heal(self, *subscription_ids: int) -> None:
        """Settled and proved, as the engine leaves it."""
        now = self.of.clock.now()
        lanes = Lane.objects.filter(subscription_id__in=subscription_ids)
        for row in Delivery.objects.filter(lane__in=lanes):
            if row.state == "failed":
                Delivery.objects.filter(pk=row.pk).update(
                    state="resolved", cause="", settled_at=now
                )
        lanes.update(proved_at=now, expected_units=10, drift_units=None)
