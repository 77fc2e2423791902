"""The ledger's tables: facts (operations, attempts, evidence) and the state of what is due.

What became of presses of Sync is in ``run_models``.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.ledger.drift_models import Drift, DriftDecision
from tallystick.ledger.group_models import Member
from tallystick.ledger.kinds import (
    AttemptKind,
    Carrier,
    EvidenceKind,
    OperationKind,
    SightingKind,
)
from tallystick.ledger.portion_models import Portion
from tallystick.ledger.run_models import RoundItem, SyncRound, SyncRun
from tallystick.ledger.state import IN_FLIGHT, SETTLED, STOPPED, State
from tallystick.ledger.tally_models import Tally

# Django looks for a room's models here.
__all__ = [
    "Attempt",
    "DealtWith",
    "Delivery",
    "Drift",
    "DriftDecision",
    "Evidence",
    "Lane",
    "Member",
    "Operation",
    "Portion",
    "RoundItem",
    "Sighting",
    "SyncRound",
    "SyncRun",
    "Tally",
    "Transition",
]


class Operation(models.Model):
    """What happened to a subscription: numbered per subscription, never edited.

    ``reseller_id``: who had the subscription then. The database fills it in.
    """

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True, editable=False)
    subscription = models.ForeignKey("subscriptions.Subscription", on_delete=models.PROTECT)
    sequence = models.IntegerField()
    kind = models.CharField(max_length=40)
    before = models.JSONField()
    after = models.JSONField()
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    actor_ref = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    source_id = models.CharField(max_length=200, null=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        db_table = "ledger_operation"
        constraints = [
            models.UniqueConstraint(fields=["subscription", "sequence"], name="operation_number"),
            models.UniqueConstraint(
                fields=["tenant_id", "source", "source_id"],
                condition=Q(source_id__isnull=False),
                name="operation_once_per_source",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in OperationKind]),
                name="operation_kind_known",
            ),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="operation_number_from_1"),
        ]
        indexes = [models.Index(fields=["tenant_id", "recorded_at"], name="operation_recorded")]


class Lane(models.Model):
    """The deliveries of one subscription on one connection, and what was last proved of its line.
    Others that are billed on the same line share it (``group_models``).

    ``token`` fences: whoever holds the lane knows its number, and a stale number can write nothing.
    ``reseller_id``: who had the subscription when it began. The database fills it in, and keeps it.
    """

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True, editable=False)
    subscription = models.ForeignKey("subscriptions.Subscription", on_delete=models.PROTECT)
    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)

    # False once the subscription is unmapped: history stays, nothing new is due.
    open = models.BooleanField(default=True)
    # The first day this lane bills, and when that day begins where the connection is: nothing is
    # read, compared or sent before. Null: from the start.
    begins_on = models.DateField(null=True)
    begins_at = models.DateTimeField(null=True)
    # From this day on another lane bills the subscription: its changes go there.
    ends_on = models.DateField(null=True)
    # That other lane bills another offer: a rate recorded since belongs to it, whatever its day.
    rates_ended = models.BooleanField(default=False, db_default=False)
    token = models.BigIntegerField(default=0)
    holder = models.BigIntegerField(null=True)
    leased_until = models.DateTimeField(null=True)
    # Turns in a row whose process died before it gave the lane back.
    turns_lost = models.PositiveIntegerField(default=0)
    open_attempt = models.OneToOneField(
        "Attempt", on_delete=models.PROTECT, null=True, related_name="+"
    )

    # What Autotask must show: set by proof, by adopting, by nothing else.
    expected_units = models.IntegerField(null=True)
    expected_unit_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    expected_unit_cost = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    expected_from = models.DateField(null=True)
    # Our first day on the line: a price of ours never begins before it.
    first_on = models.DateField(null=True)
    # What is expected before that day (``ledger/expected.py``).
    earlier = models.JSONField(default=list)
    # The day of the last adjustment: a second one on it is a case of its own.
    adjusted_on = models.DateField(null=True)
    proved_at = models.DateTimeField(null=True)

    # What the last sweep saw that is not what we expect.
    drift_units = models.IntegerField(null=True)
    drift_expected = models.IntegerField(null=True)
    drift_amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    drift_since = models.DateTimeField(null=True)
    # What the open difference comes to in a month, whichever way: the dearest is listed first.
    drift_stake = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    # The same of the charges of ours on its contract, in words.
    drift_charges = models.TextField(blank=True, default="", db_default="")
    # The open difference of a lane that nothing waits on, and the decision that silences it.
    drift = models.ForeignKey(Drift, on_delete=models.PROTECT, null=True, related_name="+")
    agreed = models.ForeignKey(DriftDecision, on_delete=models.PROTECT, null=True, related_name="+")

    # A person pressed Sync: the quiet time and the waits of this lane are over.
    sync_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_lane"
        constraints = [
            # One that goes on, and at most one that it takes over from.
            models.UniqueConstraint(
                fields=["subscription", "connection"],
                condition=Q(open=True, ends_on__isnull=True),
                name="lane_once",
            ),
            models.UniqueConstraint(
                fields=["subscription", "connection"],
                condition=Q(open=True, ends_on__isnull=False),
                name="lane_ending_once",
            ),
            models.CheckConstraint(
                condition=Q(begins_on__isnull=True, begins_at__isnull=True)
                | Q(begins_on__isnull=False, begins_at__isnull=False),
                name="lane_begins_at_of_its_day",
            ),
            models.CheckConstraint(
                condition=Q(expected_units__isnull=True) | Q(expected_units__gte=0),
                name="lane_expected_units_not_negative",
            ),
        ]
        indexes = [
            # What may be other than green, but for what waits or has not begun.
            models.Index(
                fields=["connection"],
                condition=Q(open=True)
                & (
                    Q(proved_at__isnull=True)
                    | Q(drift_units__isnull=False)
                    | ~Q(drift_charges="")
                    | Q(ends_on__isnull=False)
                ),
                name="lane_not_plain",
            ),
            models.Index(
                fields=["connection", "begins_at"],
                condition=Q(open=True, begins_at__isnull=False),
                name="lane_begins",
            ),
            models.Index(
                fields=["tenant_id", "-drift_stake", "-drift"],
                condition=Q(open=True, drift__isnull=False),
                name="lane_by_stake",
            ),
            # The oldest proof first.
            models.Index(
                fields=["connection", "proved_at"], condition=Q(open=True), name="lane_proof"
            ),
        ]


class Attempt(models.Model):
    """One intent to change a line, stored before any byte leaves. Never edited.

    What became of it is in its evidence, added line by line.
    """

    lane = models.ForeignKey(Lane, on_delete=models.PROTECT)
    number = models.IntegerField()
    kind = models.CharField(max_length=20)
    contract_id = models.BigIntegerField()
    line_id = models.BigIntegerField(null=True)
    effective_on = models.DateField()
    base = models.JSONField()
    target = models.JSONField()
    body = models.JSONField()
    request_text = models.TextField()  # exactly what goes on the wire
    resend_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True)
    # The wrong write this one is the opposite of.
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        db_table = "ledger_attempt"
        constraints = [
            models.UniqueConstraint(fields=["lane", "number"], name="attempt_number"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in AttemptKind]),
                name="attempt_kind_known",
            ),
        ]


class Evidence(models.Model):
    """One thing learnt about an attempt: the answer, a reading, the conclusion. Never edited."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    data = models.JSONField()

    class Meta:
        db_table = "ledger_evidence"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in EvidenceKind]),
                name="evidence_kind_known",
            ),
        ]
        indexes = [models.Index(fields=["attempt", "id"], name="evidence_of_attempt")]


class Sighting(models.Model):
    """Units of a line that changed without us, as a reading showed it. Never edited.

    Who did it cannot be known. ``effective_on``: the first day that shows ``units_after``.
    """

    tenant_id = models.BigIntegerField()
    lane = models.ForeignKey(Lane, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    contract_id = models.BigIntegerField()
    line_id = models.BigIntegerField()
    effective_on = models.DateField()
    units_before = models.IntegerField()
    units_after = models.IntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_sighting"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in SightingKind]),
                name="sighting_kind_known",
            ),
            models.CheckConstraint(
                condition=~Q(units_before=models.F("units_after")), name="sighting_is_a_change"
            ),
        ]
        indexes = [models.Index(fields=["lane", "id"], name="sighting_of_lane")]


class DealtWith(models.Model):
    """A named person has seen to a second writer, up to this sighting. Never edited."""

    tenant_id = models.BigIntegerField()
    sighting = models.OneToOneField(Sighting, on_delete=models.PROTECT)
    reason = models.TextField()
    person = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_dealt_with"
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="dealt_with_reason")]


class Delivery(models.Model):
    """One operation for one connection: where it stands on its way.

    ``sequence`` is the operation's number; on a lane that several subscriptions share, or have
    shared, the lane's own where that is higher.
    """

    tenant_id = models.BigIntegerField()
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT)
    lane = models.ForeignKey(Lane, on_delete=models.PROTECT)
    sequence = models.IntegerField()
    # What the others of its lane had when it was recorded: the line shows all of it.
    others = models.IntegerField(default=0, db_default=0)
    state = models.CharField(max_length=20)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, null=True)
    # The day it goes out with: the operation's, or moved by policy, with the reason.
    effective_on = models.DateField()
    moved_because = models.CharField(max_length=300, blank=True)
    # An amount that goes out otherwise than the policy says, or has begun to: how. Else empty.
    carrier = models.CharField(max_length=10, blank=True, default="", db_default="")
    tries = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    cause = models.TextField(blank=True)
    cause_code = models.CharField(max_length=40, blank=True)
    stopped_at = models.DateTimeField(null=True)
    # A conflict a person has looked at: the value they accepted as what Autotask has.
    accepted_units = models.IntegerField(null=True)
    accepted_amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    # Held for review: not sent before a named person has approved it.
    awaits_approval = models.BooleanField(default=False, db_default=False)
    approved_by = models.CharField(max_length=200, blank=True, default="", db_default="")
    approved_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_delivery"
        constraints = [
            models.UniqueConstraint(fields=["operation", "lane"], name="delivery_once"),
            models.UniqueConstraint(fields=["lane", "sequence"], name="delivery_number"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]),
                name="delivery_state_known",
            ),
            models.CheckConstraint(
                condition=Q(carrier__in=["", *(one.value for one in Carrier)]),
                name="delivery_carrier_known",
            ),
            # Waiting still, or taken out of the way by a person: never sent, never proved.
            models.CheckConstraint(
                condition=Q(awaits_approval=False)
                | Q(state__in=[State.PENDING.value, State.RESOLVED.value]),
                name="delivery_unapproved_is_not_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(s.value for s in IN_FLIGHT))
                | Q(attempt__isnull=False),
                name="delivery_in_flight_has_attempt",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(s.value for s in STOPPED)) | ~Q(cause=""),
                name="delivery_stopped_has_cause",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(s.value for s in SETTLED), settled_at__isnull=False)
                | (~Q(state__in=sorted(s.value for s in SETTLED)) & Q(settled_at__isnull=True)),
                name="delivery_settled_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SYNCED.value) | Q(proved_at__isnull=False),
                name="delivery_synced_is_proved",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "sequence"],
                condition=~Q(state__in=sorted(s.value for s in SETTLED)),
                name="delivery_unsettled",
            ),
            models.Index(
                fields=["tenant_id", "settled_at"],
                condition=Q(state=State.SYNCED.value),
                name="delivery_proved",
            ),
        ]


class Transition(models.Model):
    """The database's own copy of the transition table; a trigger refuses everything else."""

    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)

    class Meta:
        db_table = "ledger_transition"
        constraints = [models.UniqueConstraint(fields=["before", "after"], name="transition_once")]
