"""Who is told, what they have been told, and the messages on their way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.notify.kinds import Channel, Kind, MessageState


class Recipient(models.Model):
    """One way to tell somebody: a person's e-mail, or an address of a context. Secrets sealed."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    # A person's own; null: the context's. A person who may not sign in is told nothing.
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True)
    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=20)
    # Only what happens on this connection; null: on all of the context.
    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT, null=True)
    topics = models.JSONField()
    remind_hours = models.PositiveIntegerField(default=24)  # 0: never
    # What a list may show: the e-mail address, or the origin of a web address.
    shown = models.CharField(max_length=320)
    target_sealed = models.BinaryField()
    secret_sealed = models.BinaryField()
    key_id = models.CharField(max_length=40)
    # The last day whose endings were looked at.
    looked_ahead_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_recipient"
        indexes = [
            models.Index(
                fields=["tenant_id"], condition=Q(deleted_at__isnull=True), name="recipient_living"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=[one.value for one in Channel]),
                name="recipient_channel_known",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(target_sealed=b"", secret_sealed=b""),
                name="recipient_deleted_has_no_secrets",
            ),
        ]


class Noticed(models.Model):
    """Something a recipient is, or is to be, told of. Gone once its end has been told."""

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)
    ref = models.CharField(max_length=80)
    noticed_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_noticed"
        constraints = [
            models.UniqueConstraint(fields=["recipient", "kind", "ref"], name="noticed_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in Kind]), name="noticed_kind_known"
            ),
        ]


class Flood(models.Model):
    """More than one by one would say: told together until it is over."""

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)
    began_at = models.DateTimeField()
    calm_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_flood"
        constraints = [
            models.UniqueConstraint(fields=["recipient", "kind"], name="flood_once"),
        ]


class Message(models.Model):
    """One message to one recipient: written with what it tells, sent until it has arrived."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT)
    # What a receiver knows a repeat by.
    message_id = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    link = models.CharField(max_length=400, blank=True)
    facts = models.JSONField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=20, default=MessageState.WAITING.value)
    tries = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=400, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_message"
        indexes = [
            models.Index(
                fields=["recipient", "id"],
                condition=Q(state=MessageState.WAITING.value),
                name="message_waiting",
            ),
            models.Index(fields=["recipient", "-id"], name="message_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[one.value for one in MessageState]),
                name="message_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state=MessageState.WAITING.value, ended_at__isnull=True)
                | (~Q(state=MessageState.WAITING.value) & Q(ended_at__isnull=False)),
                name="message_ended_has_time",
            ),
        ]


class Pulse(models.Model):
    """When a worker last looked: the gap to the next look is when nobody worked. One row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        db_table = "notify_pulse"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="pulse_one_row")]


class InvitationMail(models.Model):
    """An invitation on its way by e-mail. Its link is a secret: sealed, and gone once it ended."""

    link = models.OneToOneField(
        "identity.SignInLink", on_delete=models.PROTECT, primary_key=True, related_name="mail"
    )
    message_id = models.CharField(max_length=40, unique=True)
    secret_sealed = models.BinaryField()
    key_id = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=20, default=MessageState.WAITING.value)
    tries = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=400, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_invitation_mail"
        indexes = [
            models.Index(
                fields=["link"],
                condition=Q(state=MessageState.WAITING.value),
                name="invitation_mail_waiting",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=MessageState.WAITING.value, ended_at__isnull=True)
                | (
                    Q(state__in=[MessageState.SENT.value, MessageState.GIVEN_UP.value])
                    & Q(ended_at__isnull=False, secret_sealed=b"")
                ),
                name="invitation_mail_ended_has_no_secret",
            ),
        ]
