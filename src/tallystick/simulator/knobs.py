"""The knobs: behaviours for which the evidence is missing, or conflicts, or differs by tenant.

Each has a name, a default and the reason it exists. ``docs/simulator.md`` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_SPOKEN: dict[bool | None, str] = {True: "on", False: "off", None: "null"}


class KnobError(ValueError):
    """There is no such knob, or it cannot be set to that value."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob. ``choices`` is empty for numbers; ``off`` marks a number that may be off."""

    name: str
    default: Any
    meaning: str
    choices: tuple[Any, ...] = ()
    number: str = ""  # "int", "float" or "decimal"
    minimum: int = 0
    may_be_off: bool = False

    def read(self, value: Any) -> Any:
        """``value`` (text or typed) as this knob's value. Raises KnobError."""
        if self.may_be_off and value in (None, "off", "Off", False, ""):
            return None
        if self.choices:
            value = _SPOKEN.get(value, value) if isinstance(value, bool | None) else value
            for choice in self.choices:
                if str(choice) == str(value).lower():
                    return choice
            wanted = ", ".join(str(choice) for choice in self.choices)
            raise KnobError(f"{self.name} is one of {wanted}, not {value!r}")
        return self._read_number(value)

    def _read_number(self, value: Any) -> Any:
        converters: dict[str, Callable[[str], Any]] = {
            "int": int,
            "float": float,
            "decimal": Decimal,
        }
        try:
            number = converters[self.number](str(value))
        except (ValueError, ArithmeticError) as why:
            raise KnobError(f"{self.name} is a number, not {value!r}") from why
        if not number == number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - only NaN differs from itself
            raise KnobError(f"{self.name} is a finite number, not {value!r}")
        if number < self.minimum:
            raise KnobError(f"{self.name} is at least {self.minimum}, not {value!r}")
        return number


def _choice(name: str, meaning: str, *choices: Any) -> Knob:
    return Knob(name=name, default=choices[0], meaning=meaning, choices=choices)


KNOBS: Mapping[str, Knob] = {
    knob.name: knob
    for knob in (
        _choice(
            "same_day",
            "A second adjustment of one line on one day: refused as a duplicate, added, or "
            "replacing the day's first (value at the start of the day + the new change).",
            "refuse",
            "add",
            "replace",
        ),
        _choice(
            "first_day_of_period",
            "An adjustment dated the first day of a billing period.",
            "allow",
            "refuse",
        ),
        _choice(
            "posted_period",
            "An adjustment in an approved and posted period.",
            "prorate",
            "refuse",
        ),
        _choice("negative_units", "A result below zero.", "refuse", "allow"),
        _choice("zero_units", "A result of zero.", "allow", "refuse"),
        _choice("inactive_contract", "A change of an inactive contract.", "refuse", "allow"),
        _choice(
            "reprice_scope",
            "Which rows a new rate reaches.",
            "all_later_rows",
            "that_row",
        ),
        _choice(
            "row_end",
            "Where a row ends that another one splits: on the next row's first day, or the day "
            "before.",
            "shared",
            "day_before",
        ),
        _choice(
            "split_row_amount",
            "Price and cost of a row shorter than its period: units x rate, or its share of days.",
            "full",
            "prorated",
        ),
        _choice("money_precision", "Decimals of rates and amounts.", 4, 2),
        _choice("cost_hidden", "The security level cannot read costs: they are null.", "off", "on"),
        _choice("automatic_note", "An API adjustment writes a ContractNote.", "on", "off"),
        _choice(
            "adjustment_item_id",
            "What a successful adjustment answers as itemId.",
            "null",
            "integer",
        ),
        Knob(
            "currency_scale",
            Decimal(1),
            "Internal currency for one unit of the customer's currency.",
            number="decimal",
        ),
        Knob(
            "units_delay_seconds",
            0.0,
            "Reads of unit rows show the old rows for so long after an adjustment.",
            number="float",
        ),
        _choice("body_401", "The body of a 401.", "empty", "webapi", "errors"),
        _choice("bad_credentials_status", "The status for a wrong secret.", 401, 500),
        Knob(
            "thread_limit", 3, "Concurrent requests per code and entity.", number="int", minimum=1
        ),
        _choice("thread_limit_status", "The status beyond the thread limit.", 429, 500),
        Knob("hourly_threshold", 10000, "Requests per rolling 60 minutes.", number="int"),
        _choice("hourly_status", "The status beyond the hourly threshold.", 429, 500),
        Knob(
            "retry_after",
            None,
            "Seconds in a Retry-After header of a 429, or off.",
            number="int",
            may_be_off=True,
        ),
        Knob(
            "other_integration_calls",
            0,
            "Calls of other integrations counted in the rolling hour.",
            number="int",
        ),
        Knob("latency_ms", 0.0, "Delay of every API request.", number="float"),
        _choice(
            "latency_tiers",
            "0.5 s more from 50 % of the threshold, 1 s from 75 %.",
            "on",
            "off",
        ),
        Knob(
            "zone",
            1,
            "The zone the tenant lives in; other zones' addresses answer 401.",
            number="int",
            minimum=1,
        ),
        _choice("patch_html_404", "Collection PATCH answers a 404 in HTML.", "off", "on"),
    )
}


class Knobs:
    """The current setting of every knob."""

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = {name: knob.default for name, knob in KNOBS.items()}
        self.set_many(initial or {})

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def is_on(self, name: str) -> bool:
        """Whether an on/off knob is on."""
        return bool(self._values[name] == "on")

    def set_many(self, values: Mapping[str, Any]) -> None:
        """Set several at once; all are checked first. Raises KnobError and sets none."""
        checked = {}
        for name, value in values.items():
            knob = KNOBS.get(name)
            if knob is None:
                raise KnobError(f"there is no knob {name!r}")
            checked[name] = knob.read(value)
        self._values.update(checked)

    def as_dict(self) -> dict[str, Any]:
        """Every knob as JSON-ready values; ``None`` is written as "off" where a knob may be off."""
        return {
            name: "off" if value is None and KNOBS[name].may_be_off else value
            for name, value in self._values.items()
        }
