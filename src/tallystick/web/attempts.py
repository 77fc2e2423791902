"""What was tried at Autotask, told step by step. Pure.

An attempt comes from the ledger as a mapping: what was sent, and its evidence in order (the
answer, the readings, the conclusion). Unknown words are shown as they stand, never swallowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallystick.ledger.kinds import AttemptKind
from tallystick.web.labels import Fact, facts, plain

_ANSWERS = {
    "applied": ("check", "green", "Autotask's answer: yes"),
    "refused": ("ban", "red", "Autotask's answer: no"),
    "not_sent": ("clock", "yellow", "It did not leave"),
    "postponed": ("clock", "yellow", "Autotask's answer: wait"),
    "no_clear_answer": ("alert-triangle", "yellow", "No clear answer"),
    "access_refused": ("ban", "red", "Autotask refused the credentials"),
}
_VERDICTS = {
    "landed": ("check", "green", "Read back: it is there"),
    "base": ("eye", "yellow", "Read back: it is not there, or not yet"),
    "doubled": ("alert-triangle", "red", "Read back: it is there twice"),
    "replaced": ("alert-triangle", "red", "Read back: it replaced the day's first change"),
    "third": ("alert-triangle", "red", "Read back: another value than before or after"),
    "not_read": ("alert-triangle", "yellow", "It could not be read back"),
}
_CONCLUSIONS = {
    "landed": ("check", "green", "Proved: Autotask shows what we sent"),
    "line created": ("check", "green", "The line was created"),
    "failed": ("ban", "red", "Stopped here"),
    "conflict": ("alert-triangle", "red", "Stopped here: it does not match"),
    "did not land": ("refresh", "secondary", "It did not arrive: sent once more, unchanged"),
    "refused: billed meanwhile": ("ban", "secondary", "It has been billed meanwhile"),
    "not sent": ("clock", "secondary", "Nothing was sent"),
}
_TITLES = {
    AttemptKind.CREATE_LINE.value: "Create the line",
    AttemptKind.CREATE_CHARGE.value: "Create a charge",
    AttemptKind.CHANGE_CHARGE.value: "Change the charge",
}
_WORDS = ("said", "reason", "what", "error", "cause")
# Said by the step's title already, or only meant for the machine.
_SAID = (
    "kind",
    "at",
    "answer",
    "verdict",
    "conclusion",
    "created_id",
    "retry_after_seconds",
    "rows",
    "rows_in_all",
    "reading",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of what Autotask showed."""

    starts_on: str
    until: str
    units: str
    price: str
    cost: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing learnt, in order. ``rows`` is what was read; ``unshown`` counts the rest of it."""

    at: datetime | None
    icon: str
    tone: str
    title: str
    words: str
    facts: Sequence[Fact]
    rows: Sequence[Reading] = ()
    unshown: int = 0


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt: what was sent, and what became of it."""

    number: int
    title: str
    at: datetime
    asked_by: str
    sent: str
    steps: Sequence[Step]


_TITLES = {
    AttemptKind.CREATE_LINE.value: "Create the line",
    AttemptKind.NAME_LINE.value: "Write the invoice description",
}


def tried(attempts: Sequence[Mapping[str, Any]]) -> list[Tried]:
    """As the ledger gives them: the last one first."""
    return [_tried(attempt) for attempt in attempts]


def _tried(attempt: Mapping[str, Any]) -> Tried:
    return Tried(
        number=attempt["number"],
        title=_TITLES.get(attempt["kind"]) or _adjustment(attempt["body"]),
        at=attempt["started_at"],
        asked_by=attempt["asked_by"],
        sent=attempt["request_text"],
        steps=[step_of(evidence) for evidence in attempt["evidence"]],
    )


def _adjustment(body: Mapping[str, Any]) -> str:
    change = body.get("unit_change")
    if not isinstance(change, int):
        return "Change the line"
    if change == 0:
        return "Change the price, no units"
    return f"Change the units by {change:+d}"


def step_of(evidence: Mapping[str, Any]) -> Step:
    """An answer, a reading or a conclusion, in words."""
    icon, tone, title = _meaning(evidence)
    words = " ".join(str(evidence[key]) for key in _WORDS if evidence.get(key))
    rows = _readings(evidence.get("rows"))
    return Step(
        at=evidence.get("at"),
        icon=icon,
        tone=tone,
        title=title,
        words=words,
        facts=facts(evidence, leave_out=(*_SAID, *_WORDS)),
        rows=rows,
        unshown=max(0, int(evidence.get("rows_in_all") or 0) - len(rows)),
    )


def _readings(rows: Any) -> list[Reading]:
    keys = ("from", "until", "units", "price", "cost")
    return [
        Reading(*(plain(row.get(key), key=key) for key in keys))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
    ]


def _meaning(evidence: Mapping[str, Any]) -> tuple[str, str, str]:
    # Looked at in this order: a refusal carries a kind of its own beside its answer.
    for key, known in (
        ("answer", _ANSWERS),
        ("conclusion", _CONCLUSIONS),
        ("verdict", _VERDICTS),
    ):
        if key in evidence:
            value = str(evidence[key])
            return known.get(value, ("info-circle", "secondary", value.capitalize()))
    title = str(evidence.get("kind") or "Read back").capitalize()
    return ("info-circle", "secondary", title)
