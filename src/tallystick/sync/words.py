"""The sentences people read when something does not go through.

Each says what happened, whether anything was sent, what happens next and when, and what you can
do; the screen puts the operation in front. Times are of the connection's calendar.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from tallystick.kit.days import in_words
from tallystick.ledger.settle import Cause

# The code of a cause that is over as soon as Autotask could be read again.
UNREADABLE = "cannot_read_back"
UNREACHABLE = "unreachable"
# What passes by itself.
NOTHING_TO_DO = "The operations behind it wait; nothing needs to be done."


def clock_time(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")


def refused(reason: str) -> Cause:
    return Cause(
        "refused",
        f"Autotask refused it: {stop(reason)} Nothing was changed. The operations behind it "
        "wait. Mend the cause in Autotask, then press Sync.",
    )


def outside_contract(day: date, starts_on: date | None, ends_on: date | None) -> Cause:
    if ends_on is not None and day > ends_on:
        what = f"the date {in_words(day)} is after the contract's end ({in_words(ends_on)})"
    elif starts_on is not None and day < starts_on:
        what = f"the date {in_words(day)} is before the contract's start ({in_words(starts_on)})"
    else:
        what = f"the date {in_words(day)} is outside the contract"
    return Cause(
        "outside_contract",
        f"Not sent: {what}. The operations behind it wait. Extend the contract in Autotask and "
        "press Sync; or decide on what waits, unmap the subscription, and map it to the next "
        "contract.",
    )


def no_rows() -> Cause:
    return Cause(
        "no_rows",
        "Not sent: Autotask shows no units for this line on that day, which may be a missing right "
        "of the API user. Nothing is assumed. The operations behind it wait. Check the line "
        "and the rights, then press Sync.",
    )


def approved_period(day: date) -> Cause:
    return Cause(
        "approved_period",
        f"Not sent: the billing period of {in_words(day)} is already approved and posted, and a "
        "price cannot be changed in it. The operations behind it wait. Choose a day in an open "
        "period: skip this one and record it anew.",
    )


_BY_HAND = "it by hand and mark it as done."
# By whether nothing else came with the price, so that it may begin later by itself.
_PAST_THE_DAY = {
    True: "The operations behind it wait. Let it begin with the next billing period, or set "
    + _BY_HAND,
    False: f"The operations behind it wait. Set {_BY_HAND}",
}


def price_day_is_used(day: date, *, may_wait: bool) -> Cause:
    return Cause(
        "price_same_day",
        f"Not sent: Autotask already has a change of this line on {in_words(day)} and refuses a "
        f"second one, so the price cannot begin there. {_PAST_THE_DAY[may_wait]}",
    )


def price_day_taken(day: date, *, may_wait: bool) -> Cause:
    return Cause(
        "price_same_day",
        f"Autotask refused it: it already has a change of this line on {in_words(day)}, so the "
        "price cannot begin there. What was sent for earlier days of it is proved. "
        f"{_PAST_THE_DAY[may_wait]}",
    )


def other_currency(currency: str) -> Cause:
    return Cause(
        "other_currency",
        f"Not sent: the amounts are in another currency than the connection's ({currency}), and "
        "are not converted. The operations behind it wait. Set the amounts by hand and mark it as "
        "done, or skip it.",
    )


def landed_in_part() -> Cause:
    return Cause(
        "in_part",
        "Sent and proved for its first days. Later ones do not have their price yet: they follow, "
        f"one by one. {NOTHING_TO_DO}",
    )


def hand_edit(*, observed: str, expected: str) -> Cause:
    return Cause(
        "hand_edit",
        f"Not sent: Autotask shows {observed}, but {expected} was last proved. Somebody changed it "
        "there, and it is not overwritten. The operations behind it wait. Set it back in Autotask "
        "and press Sync, or decide what counts.",
    )


def changed_since(*, observed: str) -> Cause:
    return Cause(
        "hand_edit",
        f"Not sent: Autotask shows {observed}, and not any more what was decided on. The "
        "operations behind it wait. Skip it and decide on what is there now, on the page Drift.",
    )


def not_one_change(*, observed: str) -> Cause:
    return Cause(
        "not_one_change",
        f"Not sent: Autotask shows {observed}, and one change cannot put that back. The operations "
        "behind it wait. Set it right in Autotask and press Sync; or skip it and keep or agree to "
        "what is there, on the page Drift.",
    )


def already_used_day(day: date) -> Cause:
    return Cause(
        "same_day",
        f"Not sent: Autotask already has a change of this line on {in_words(day)} and refuses a "
        "second one. The operations behind it wait. Let the connection's settings send it for the "
        "next day and press Sync, or set it by hand and mark it as done.",
    )


def day_taken(day: date) -> Cause:
    return Cause(
        "same_day",
        f"Autotask refused it: it already has a change of this line on {in_words(day)}. Nothing "
        "was changed. The operations behind it wait. Let the connection's settings send it for the "
        "next day and press Sync, or set it by hand and mark it as done.",
    )


def replaces(day: date, *, observed: int, target: int) -> Cause:
    return Cause(
        "replaces",
        f"Sent once, but Autotask shows {observed} units instead of {target}: it replaced the "
        f"change that was already there on {in_words(day)}. Nothing more is sent. "
        "Confirm on the connection that this Autotask replaces the day's change; then press Sync "
        "and it is put right.",
    )


def no_day_before(day: date) -> Cause:
    return Cause(
        "same_day",
        f"Not sent: Autotask replaces a day's change, and what the line had before {in_words(day)} "
        "cannot be seen. The operations behind it wait. Set it by hand, and mark it as done.",
    )


def only_takes_back(day: date, target: int) -> Cause:
    return Cause(
        "same_day",
        f"Not sent: Autotask replaces its first change of {in_words(day)} by a second one, and a "
        "change that only takes the first one back needs a price, which is not known of this line. "
        f"The operations behind it wait. Set {target} units by hand, and mark it as done.",
    )


def back_dated(day: date, proved_from: date, *, next_period: bool = False) -> Cause:
    """``next_period``: that change is of the same period, and began with the next one by policy."""
    why = ": it began with the next billing period, by policy" if next_period else ""
    return Cause(
        "back_dated",
        f"Not sent: it is dated {in_words(day)}, before the change of {in_words(proved_from)} that "
        f"is already in Autotask{why}. The operations behind it wait. Let the "
        "connection's settings move such changes and press Sync, or set it by hand and mark it as "
        "done.",
    )


def unreachable(reason: str, retry_at: datetime, zone: str) -> Cause:
    return Cause(
        UNREACHABLE,
        f"Autotask could not be reached: {stop(reason)} Nothing was sent. It is tried again at "
        f"{clock_time(retry_at, zone)}; Sync tries at once.",
    )


def throttled(reason: str, retry_at: datetime, zone: str) -> Cause:
    return Cause(
        "throttled",
        f"Autotask asks to wait: {stop(reason)} Nothing was sent. It goes on by itself at "
        f"{clock_time(retry_at, zone)}. {NOTHING_TO_DO}",
    )


def access_refused(reason: str) -> Cause:
    return Cause(
        "access_refused",
        f"Autotask refused the connection's credentials: {stop(reason)} Nothing was sent, and "
        "nothing is sent on this connection until somebody corrects and resumes it.",
    )


def not_opened(reason: str) -> Cause:
    return Cause(
        "not_opened",
        f"{stop(reason)} Nothing was sent, and nothing is sent on this connection until somebody "
        "corrects and resumes it.",
    )


def read_refused(reason: str) -> Cause:
    return Cause(
        "read_refused",
        f"Not sent: Autotask does not let the line be read: {stop(reason)} What cannot be read "
        "back is not sent, and the operations behind it wait. Give the API user the right, "
        "then press Sync.",
    )


def unreadable(reason: str, retry_at: datetime, zone: str) -> Cause:
    return Cause(
        "unreadable",
        f"Autotask's answer could not be understood: {stop(reason)} Nothing was sent. It is tried "
        f"again at {clock_time(retry_at, zone)}; Sync tries at once.",
    )


def no_clear_answer(what: str, until: datetime, zone: str) -> Cause:
    return Cause(
        "no_clear_answer",
        f"Sent, but without a clear answer: {stop(what)} It is not sent again before Autotask has "
        f"been looked at; checking until {clock_time(until, zone)}. {NOTHING_TO_DO}",
    )


def died_while_sending(until: datetime, zone: str) -> Cause:
    return Cause(
        "died_while_sending",
        "The program stopped while it was sending. Nobody knows yet whether Autotask got it, so it "
        f"is not sent again before Autotask has been looked at; checking until "
        f"{clock_time(until, zone)}. {NOTHING_TO_DO}",
    )


def not_visible_yet(until: datetime, zone: str) -> Cause:
    return Cause(
        "not_visible_yet",
        "Autotask said yes, and does not show it yet. It is not sent again; checking until "
        f"{clock_time(until, zone)}. {NOTHING_TO_DO}",
    )


def not_seen_so_far(until: datetime, zone: str) -> Cause:
    return Cause(
        "no_clear_answer",
        "Sent, but without a clear answer, and Autotask does not show it so far. It is not sent "
        f"again before Autotask has been looked at; checking until {clock_time(until, zone)}. "
        f"{NOTHING_TO_DO}",
    )


def cannot_read_back(reason: str, retry_at: datetime, zone: str) -> Cause:
    return Cause(
        UNREADABLE,
        f"Sent, and Autotask cannot be read at the moment: {stop(reason)} It is not sent again "
        f"before it has been looked at; the next look is at {clock_time(retry_at, zone)}. "
        f"{NOTHING_TO_DO}",
    )


def not_landed() -> Cause:
    return Cause(
        "not_landed",
        "It was sent without an answer, and Autotask has been read twice since: it did not arrive. "
        f"It is sent once more, unchanged. {NOTHING_TO_DO}",
    )


def yes_but_absent() -> Cause:
    return Cause(
        "yes_but_absent",
        "Autotask said yes, but does not show it after the whole waiting time. A yes is never sent "
        "again, and the operations behind it wait. Look at the contract in Autotask; set "
        "it by hand and mark it as done, or push ours.",
    )


def duplicate(observed: int, target: int, others: str = "") -> Cause:
    """``others``: what somebody else did to the line lately, in words."""
    likely = (
        f"Somebody else changes this line too ({others}) and has probably made the same change: "
        "stop the other tool's sync for this contract first. "
    )
    return Cause(
        "duplicate",
        f"Duplicate in Autotask: {observed} units, expected {target}. The change is there twice. "
        f"Nothing more is sent. {likely if others else ''}The opposite change "
        "is prepared: look at the ways past it and decide that ours is right; or make it in "
        "Autotask, then press Sync.",
    )


def third_value(*, observed: str, target: str, base: str) -> Cause:
    return Cause(
        "third_value",
        f"Sent once, and Autotask shows {observed}: neither {target} (after) nor {base} (before). "
        "Somebody else changed it too. Nothing more is sent, and the operations behind it wait. "
        "Decide what counts.",
    )


def third_name(*, observed: str, target: str, base: str) -> Cause:
    return Cause(
        "third_value",
        f"Sent once, and Autotask's invoice description is “{observed}”: neither “{target}” "
        f"(after) nor “{base}” (before). Somebody else changed it too. Nothing more is sent. "
        "Decide what counts.",
    )


def two_lines(count: int) -> Cause:
    return Cause(
        "duplicate",
        f"Duplicate in Autotask: {count} lines carry this subscription's reference, expected one. "
        "Nothing more is sent, and the operations behind it wait. Remove one in Autotask and press "
        "Sync.",
    )


def put_aside(turns: int, retry_at: datetime, zone: str) -> Cause:
    return Cause(
        "put_aside",
        f"{turns} worker processes in a row ended while they worked on this. It is left alone "
        f"until {clock_time(retry_at, zone)}, so that the other subscriptions go on; what was "
        "being sent is looked at before anything is sent again. See the worker's log and the "
        "machine's memory; Sync tries at once.",
    )


def bug(correlation_id: str) -> Cause:
    return Cause(
        "bug",
        "Tallystick met a fault of its own and stopped here; the other subscriptions go on. "
        f"Nothing more is sent. Report it with the number {correlation_id}, then press Sync.",
    )


def stop(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."
