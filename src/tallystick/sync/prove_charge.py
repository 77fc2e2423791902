"""Prove a charge, by reading it back under our reference; the only way to green.

As ``prove`` does for a line: the reading is kept, judged, and what follows is carried out in the
same transaction. A charge is found by our reference, so a lost answer is never repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction

from tallystick.connections.learn import note_read
from tallystick.connections.trouble import BillingError
from tallystick.ledger.amounts import KeptPortion
from tallystick.ledger.kinds import Carrier, EvidenceKind
from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.portions import keep_charge, keep_seen
from tallystick.ledger.profile import amount_from_text
from tallystick.ledger.settle import Act, Cause, add_evidence, charged, stopped, waiting
from tallystick.ledger.state import State
from tallystick.sync import charge_words, words
from tallystick.sync.charge_port import ShownCharge
from tallystick.sync.classify import Conclusion, Verdict, conclude
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.in_flight import known_of, riding
from tallystick.sync.load import Work, act_of
from tallystick.sync.port import Refused
from tallystick.sync.shown_charges import charge_as_json, is_as_kept, seen_of
from tallystick.sync.unproved import (
    conflict,
    could_not_read_back,
    look_later,
    not_landed,
    window_end,
)


def prove_charge(
    engine: Engine, lease: Lease, work: Work, attempt: Attempt, refused: Refused | None
) -> bool:
    """Read, judge, carry out. Answers whether the turn goes on.

    ``refused``: the change was refused; perhaps the charge has been billed meanwhile.
    """
    wanted = wanted_of(attempt)
    try:
        found = engine.billing(work.connection.id).find_charges(
            {wanted.reference: attempt.contract_id}
        )[wanted.reference]
    except BillingError as error:
        return could_not_read_back(engine, lease, work, attempt, error)
    engine.reached(Milestone.READ_BACK)
    with transaction.atomic():
        lane = hold(lease)
        act = act_of(engine, work)
        note_read(work.connection, now=act.now)
        lane.open_attempt = attempt  # it is: only what is proved or stopped is closed
        _judge(engine, lane, attempt, wanted, found, work, act, refused)
    engine.reached(Milestone.SETTLED)
    return True


def wanted_of(attempt: Attempt) -> KeptPortion:
    """What the charge must show once it has landed, as it was stored before it was sent."""
    target = attempt.target
    price = amount_from_text(target["price"])
    assert price is not None  # noqa: S101 - a charge always has one
    return KeptPortion(
        lane_id=attempt.lane_id,
        about=target["about"],
        carrier=Carrier.CHARGE,
        price=price,
        cost=amount_from_text(target["cost"]),
        day=date.fromisoformat(target["day"]),
        reference=target["reference"],
        contract_id=attempt.contract_id,
        charge_id=target["charge_id"],
        compared=True,
    )


def verdict_of(
    found: Sequence[ShownCharge], wanted: KeptPortion, before: dict[str, Any] | None
) -> Verdict:
    """``before``: what the charge showed, of one that was there already. Pure."""
    if is_as_kept(found, wanted):
        return Verdict.LANDED
    if len(found) > 1:
        return Verdict.DOUBLED
    if before is None:
        return Verdict.THIRD if found else Verdict.BASE
    shown = [charge_as_json(one) for one in found]
    same = all(shown[0][name] == before[name] for name in ("price", "cost")) if shown else False
    return Verdict.BASE if same else Verdict.THIRD


def _judge(
    engine: Engine,
    lane: Lane,
    attempt: Attempt,
    wanted: KeptPortion,
    found: Sequence[ShownCharge],
    work: Work,
    act: Act,
    refused: Refused | None,
) -> None:
    verdict = verdict_of(found, wanted, attempt.base["charge"])
    known = known_of(attempt)
    reading = {"verdict": verdict.value, "charges": [charge_as_json(one) for one in found]}
    add_evidence(attempt.pk, EvidenceKind.READING, reading, now=act.now)
    batch = riding(lane)
    if refused is not None and verdict is not Verdict.LANDED:
        _refused(lane, batch, found, refused, act)
        return
    conclusion = conclude(
        verdict,
        answered_yes=known.answered_yes,
        now=act.now,
        window_ends_at=window_end(engine, attempt),
        earlier_base_at=known.bases_at,
        recheck_seconds=engine.waits.recheck,
    )
    if conclusion is Conclusion.SYNCED:
        keep_charge(lane, replace(wanted, charge_id=found[0].charge_id), now=act.now)
        charged(lane, batch, reading, act=act)
    elif conclusion is Conclusion.LOOK_AGAIN:
        look_later(engine, attempt, batch, known, work, act)
    elif conclusion is Conclusion.NOT_LANDED:
        not_landed(lane, batch, act)
    else:
        keep_seen(lane, [seen_of(found, wanted)])
        conflict(lane, batch, _why_stopped(conclusion, wanted, found), reading, act)


def _refused(
    lane: Lane,
    batch: Sequence[Delivery],
    found: Sequence[ShownCharge],
    refused: Refused,
    act: Act,
) -> None:
    """Billed meanwhile: what is missing goes out as a charge of its own. Else a person looks."""
    if len(found) == 1 and found[0].billed:
        waiting(
            lane,
            batch,
            charge_words.billed_meanwhile(),
            now=act.now,
            retry_at=None,
            counts_as_try=False,
            conclusion="refused: billed meanwhile",
        )
    else:
        stopped(lane, batch, State.FAILED, words.refused(refused.reason), act=act)


def _why_stopped(
    conclusion: Conclusion, wanted: KeptPortion, found: Sequence[ShownCharge]
) -> Cause:
    if conclusion is Conclusion.YES_BUT_ABSENT:
        return words.yes_but_absent()
    if conclusion is Conclusion.DUPLICATE:
        return charge_words.two_charges(len(found))
    return charge_words.not_as_sent(wanted.price)
