"""Sources, what they told, and what became of it. What was told are facts: added, never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.sources.intake.event import NEED_A_PERSON, Answer, EventType, How
from tallystick.sources.kinds import SourceKind


class Source(models.Model):
    """One place subscriptions and their changes come from. Secrets are sealed, write-only."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    # What its events call it (CloudEvents ``source``).
    uri = models.CharField(max_length=200)
    # Who sends with this token speaks for it.
    token = models.OneToOneField("identity.ApiToken", on_delete=models.PROTECT, null=True)
    # Names it in the address of signed calls; no secret.
    hook = models.CharField(max_length=40, unique=True)
    secret_sealed = models.BinaryField(default=b"")
    key_id = models.CharField(max_length=40, blank=True)
    # How long an event waits for one that is missing before it.
    hold_seconds = models.PositiveIntegerField(default=900)
    # The number of its newest event; allocated under this row's lock.
    last_number = models.BigIntegerField(default=0)
    # Where reading goes on, and how it went.
    settings = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    last_read_at = models.DateTimeField(null=True)
    last_snapshot_at = models.DateTimeField(null=True)
    snapshots = models.IntegerField(default=0)
    next_read_at = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)
    trouble_since = models.DateTimeField(null=True)
    # While it is being read, until when at the latest.
    busy_until = models.DateTimeField(null=True)
    # Where it calls us, as far as we registered that there; and when it last called.
    webhook = models.JSONField(default=dict)
    heard_at = models.DateTimeField(null=True)
    # Which price sheet is read, and what came of the last reading; and when the next one is.
    price_sheet = models.JSONField(default=dict)
    prices_next_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "sources_source"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "uri"], name="source_uri_once"),
            models.UniqueConstraint(fields=["tenant_id", "name"], name="source_name_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in SourceKind]), name="source_kind_known"
            ),
        ]


class SourceEvent(models.Model):
    """What was told, once, as it came. ``number`` is the order it came in. Never edited."""

    tenant_id = models.BigIntegerField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    number = models.BigIntegerField()
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=60)
    subject = models.CharField(max_length=100)
    time = models.CharField(max_length=60)
    happened_at = models.DateTimeField()
    place_number = models.BigIntegerField(null=True)
    place_key = models.CharField(max_length=40)
    how = models.CharField(max_length=20)
    body = models.JSONField()
    digest = models.BinaryField()
    received_at = models.DateTimeField()
    correlation_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sources_event"
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="event_number"),
            models.UniqueConstraint(fields=["source", "event_id", "digest"], name="event_once"),
            models.CheckConstraint(
                condition=Q(type__in=[one.value for one in EventType]), name="event_type_known"
            ),
            models.CheckConstraint(
                condition=Q(how__in=[one.value for one in How]), name="event_how_known"
            ),
        ]
        indexes = [
            models.Index(fields=["source", "subject", "number"], name="event_of_subject"),
            models.Index(fields=["tenant_id", "-id"], name="event_newest"),
            # What came in one reading, and in the last day.
            models.Index(fields=["source", "received_at"], name="event_received"),
        ]


class EventOutcome(models.Model):
    """What became of an event; a later one counts instead. Never edited."""

    event = models.ForeignKey(SourceEvent, on_delete=models.PROTECT, related_name="outcomes")
    answer = models.CharField(max_length=20)
    because = models.TextField(blank=True)
    operation = models.ForeignKey("ledger.Operation", on_delete=models.PROTECT, null=True)
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        db_table = "sources_event_outcome"
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=[one.value for one in Answer]), name="outcome_answer_known"
            ),
        ]
        indexes = [
            models.Index(fields=["event", "-id"], name="outcome_newest"),
            # Home asks for these every ten seconds, and there are few of them.
            models.Index(
                fields=["event"],
                condition=Q(answer__in=NEED_A_PERSON),
                name="outcome_needs_a_person",
            ),
        ]


class WaitingEvent(models.Model):
    """An event whose turn has not come: one before it is missing, or nobody knows its subject."""

    event = models.OneToOneField(SourceEvent, on_delete=models.PROTECT, primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    subject = models.CharField(max_length=100)
    until = models.DateTimeField(null=True)  # null: until its subject is known

    class Meta:
        db_table = "sources_waiting_event"
        indexes = [
            models.Index(fields=["source", "subject"], name="waiting_of_subject"),
            models.Index(fields=["until"], name="waiting_until"),
        ]


class Subject(models.Model):
    """What one source has told of one subscription so far: the newest event, and the state."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    subject = models.CharField(max_length=100)
    newest_number = models.BigIntegerField(null=True)
    newest_key = models.CharField(max_length=40, blank=True)
    newest_id = models.CharField(max_length=200, blank=True)
    # As the source has it, by its own words: what a list is compared with.
    state = models.JSONField(default=dict)
    # As its last list showed it, and a digest of that row: the same again need not be read.
    shown = models.JSONField(default=dict)
    row_digest = models.BigIntegerField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sources_subject"
        constraints = [
            models.UniqueConstraint(fields=["source", "subject"], name="subject_once"),
        ]


class Hint(models.Model):
    """Where a webhook said that something changed, until it was looked at. No fact: a hint."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    customer = models.CharField(max_length=100, blank=True)
    subject = models.CharField(max_length=100, blank=True)
    heard_at = models.DateTimeField()

    class Meta:
        db_table = "sources_hint"
        constraints = [
            models.UniqueConstraint(fields=["source", "customer", "subject"], name="hint_once"),
        ]
