"""May I Approve & Post in Autotask up to a day? Pure.

*Yes* is said only when nothing is known that the bills of these days would miss, and when it was
looked at. The order of the reasons is the order in which a person deals with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tallystick.kit.days import add_months, in_words

LATE_IN_THE_MONTH = 16


class Why(StrEnum):
    """What stands in the way."""

    NO_WORKER = "no_worker"
    NOT_SETTLED = "not_settled"
    TO_APPROVE = "to_approve"
    DRIFT = "drift"
    NOT_READ = "not_read"
    NOT_MAPPED = "not_mapped"
    AZURE_AMOUNTS = "azure_amounts"
    NOT_RECORDED = "not_recorded"
    UNDECIDED = "undecided"
    NOT_LOOKED_AT = "not_looked_at"


class MayPostAnswer(StrEnum):
    YES = "yes"
    NOT_YET = "not_yet"
    NOTHING = "nothing"  # nothing is mapped or held: there is nothing to say

    @property
    def tone(self) -> str:
        return {"yes": "green", "not_yet": "yellow", "nothing": "secondary"}[self.value]


@dataclass(frozen=True, slots=True)
class State:
    """What is so now. ``not_settled`` and ``to_approve`` count operations dated up to the day,
    each in one of the two; ``not_recorded``: what sources told and nobody recorded or ignored;
    ``undecided``: subscriptions of which something was refused on its day or nobody said what then;
    ``not_looked_at`` names the connections of which no look at every line has ended, or one is
    under way; ``sent_since`` those where a change was sent after the last one had begun."""

    day: date
    lines: int
    worker_is_there: bool
    not_settled: int
    to_approve: int
    drifted: int
    not_read: int
    not_mapped: int
    azure_plans_without_amounts: int
    not_looked_at: Sequence[str]
    sent_since: Sequence[str]
    not_recorded: int = 0
    undecided: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing in the way: how many, and a sentence."""

    why: Why
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class MayPost:
    day: date
    answer: MayPostAnswer
    reasons: Sequence[Reason] = ()

    @property
    def words(self) -> str:
        """``Safe to Approve & Post in Autotask up to 31 May 2026: yes.``"""
        end = {
            MayPostAnswer.YES: "yes.",
            MayPostAnswer.NOT_YET: "not yet.",
            MayPostAnswer.NOTHING: "nothing to say, because nothing is mapped.",
        }
        return f"Safe to Approve & Post in Autotask up to {in_words(self.day)}: {end[self.answer]}"


def may_post(state: State) -> MayPost:
    """Decide."""
    reasons = [reason for reason in _reasons(state) if reason.number]
    if reasons and (state.lines or state.not_mapped):
        return MayPost(state.day, MayPostAnswer.NOT_YET, reasons)
    return MayPost(state.day, MayPostAnswer.YES if state.lines else MayPostAnswer.NOTHING)


def _reasons(state: State) -> Sequence[Reason]:
    upto = f"dated up to {in_words(state.day)}"
    month = azure_month(state.day)
    return [
        Reason(
            Why.NO_WORKER,
            0 if state.worker_is_there else 1,
            "no worker is there, so nothing is read from Autotask or sent to it",
        ),
        Reason(
            Why.NOT_SETTLED,
            state.not_settled,
            f"{_counted(state.not_settled, 'operation')} {upto} "
            f"{'is' if state.not_settled == 1 else 'are'} not settled",
        ),
        Reason(
            Why.TO_APPROVE,
            state.to_approve,
            f"{_counted(state.to_approve, 'operation')} {upto} "
            f"{'waits' if state.to_approve == 1 else 'wait'} for approval",
        ),
        Reason(
            Why.DRIFT,
            state.drifted,
            f"{_counted(state.drifted, 'line')} "
            f"{'shows' if state.drifted == 1 else 'show'} something else in Autotask than expected",
        ),
        Reason(
            Why.NOT_READ,
            state.not_read,
            f"{_counted(state.not_read, 'line')} "
            f"{'was' if state.not_read == 1 else 'were'} not read back yet",
        ),
        Reason(
            Why.NOT_MAPPED,
            state.not_mapped,
            f"{_counted(state.not_mapped, 'active subscription')} "
            f"{'is' if state.not_mapped == 1 else 'are'} not mapped, so nothing bills "
            f"{'it' if state.not_mapped == 1 else 'them'}",
        ),
        Reason(
            Why.AZURE_AMOUNTS,
            state.azure_plans_without_amounts,
            f"the amounts of {month:%Y-%m} are not in, or not final, for "
            f"{_counted(state.azure_plans_without_amounts, 'Azure plan')}",
        ),
        Reason(
            Why.NOT_RECORDED,
            state.not_recorded,
            f"{_counted(state.not_recorded, 'change')} that a source told "
            f"{'is' if state.not_recorded == 1 else 'are'} neither recorded nor ignored",
        ),
        Reason(
            Why.UNDECIDED,
            state.undecided,
            f"{_counted(state.undecided, 'subscription')} "
            f"{'waits' if state.undecided == 1 else 'wait'} for a word on what happens now, under "
            "Renewals",
        ),
        Reason(
            Why.NOT_LOOKED_AT,
            len(state.not_looked_at) + len(state.sent_since),
            _not_looked_at(state),
        ),
    ]


def _not_looked_at(state: State) -> str:
    said = []
    if state.not_looked_at:
        said.append(f"not every line was looked at yet: {', '.join(state.not_looked_at)}")
    if state.sent_since:
        names = ", ".join(state.sent_since)
        said.append(f"a change was sent after the last look at every line had begun: {names}")
    return "; ".join(said)


def azure_month(day: date) -> date:
    """The first day of the last month that has ended by then: its amounts are billed."""
    ends_month = (day + timedelta(days=1)).day == 1
    return day.replace(day=1) if ends_month else add_months(day.replace(day=1), -1)


def usual_day(today: date) -> date:
    """The day people mean: the month's last, and in a month's first half the last month's."""
    this = today.replace(day=1)
    begins = add_months(this, 1) if today.day >= LATE_IN_THE_MONTH else this
    return begins - timedelta(days=1)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
