"""Faults: what can go wrong on the way, asked for one request or until removed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


class FaultError(ValueError):
    """There is no such fault, or its settings make no sense."""


#: Each kind, what it does, and whether the request is carried out when nobody says.
KINDS: Mapping[str, tuple[str, bool]] = {
    "lose_answer": ("carried out, then the connection is reset without an answer", True),
    "lose_before": ("the connection is reset, nothing is carried out", False),
    "cut_request": ("the connection is reset after the request's head", False),
    "apply_late": ("closed without an answer; carried out after `seconds` or on release", True),
    "refuse": ("500 with errors: `message`", False),
    "html_502": ("`status` 502 with a page in HTML, as gateways answer", False),
    "html_200": ("200 with a page in HTML", True),
    "empty_200": ("200 with no body", True),
    "not_json": ("200 with a body that is not JSON", True),
    "error_500_no_errors": ("500 without an errors list", False),
    "forbidden": ("403 with errors", False),
    "throttle": ("`status` 429 with the thread limit's text", False),
    "truncate": ("half of the answer, then closed", True),
    "hang": ("held for `seconds`, then answered if carried out, else closed", False),
    "slow": ("held for `seconds`, then answered", True),
    "huge_body": ("an answer of `megabytes`", True),
    "gzip_bomb": ("a compressed answer that grows to `megabytes`", True),
    "zone_move": ("the tenant moves to the next zone: 401 at the old address", False),
    "redirect": ("302 to `location`", False),
    "page_loop": ("a page whose nextPageUrl is its own address", True),
    "foreign_next_page": ("a page whose nextPageUrl is at `location`", True),
    "drop_row": ("a page with its last record left out; `silent` corrects the count", True),
    "empty_items": ("a page with no records, as a restricted security level answers", True),
}

_DEFAULT_SECONDS = {"hang": 30.0, "slow": 1.0}


@dataclass(slots=True)
class Fault:
    """One fault and the requests it is meant for.

    ``path`` is a regular expression searched in the path, in any letter case. ``times`` is how
    often it strikes (``None``: until removed), after ``skip`` matching requests were let through.
    """

    id: int
    kind: str
    method: str | None = None
    path: str | None = None
    contract_service_id: int | None = None
    contract_id: int | None = None
    times: int | None = 1
    skip: int = 0
    applied: bool = False
    seconds: float | None = None
    message: str = "The request was refused by a fault of the simulator."
    status: int | None = None
    megabytes: float = 50.0
    location: str = "https://another-origin.invalid/ATServicesRest/V1.0/"
    silent: bool = False
    hits: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_spent(self) -> bool:
        return self.times is not None and self.hits >= self.times

    def means(self, method: str, path: str, line_ids: frozenset[int], contract_id: object) -> bool:
        """Whether this request is one of those it is meant for."""
        if self.method is not None and self.method.upper() != method.upper():
            return False
        if self.contract_service_id is not None and self.contract_service_id not in line_ids:
            return False
        if self.contract_id is not None and self.contract_id != contract_id:
            return False
        return self.path is None or re.search(self.path, path, re.IGNORECASE) is not None


class Faults:
    """The faults in force, oldest first; the first that matches strikes."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def add(self, kind: str, **settings: Any) -> Fault:
        """Put a fault in force. Raises FaultError."""
        if kind not in KINDS:
            raise FaultError(f"there is no fault {kind!r}; there are {', '.join(KINDS)}")
        unknown = settings.keys() - (Fault.__dataclass_fields__.keys() - {"id", "kind", "hits"})
        if unknown:
            raise FaultError(f"a fault has no {', '.join(sorted(unknown))}")
        settings.setdefault("applied", KINDS[kind][1])
        if settings["applied"] is None:
            settings["applied"] = KINDS[kind][1]
        settings.setdefault("seconds", _DEFAULT_SECONDS.get(kind))
        _check(settings)
        self._last_id += 1
        fault = Fault(id=self._last_id, kind=kind, **settings)
        self._faults[fault.id] = fault
        return fault

    def strike(
        self,
        method: str,
        path: str,
        *,
        line_ids: frozenset[int] = frozenset(),
        contract_id: object = None,
        early: bool = False,
    ) -> Fault | None:
        """The fault that strikes this request, counted; ``early`` is before the body is read."""
        for fault in self._faults.values():
            if fault.is_spent or (fault.kind == "cut_request") is not early:
                continue
            if not fault.means(method, path, line_ids, contract_id):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.hits += 1
            return fault
        return None

    def all(self) -> list[Fault]:
        """Every fault not yet removed, spent ones included."""
        return list(self._faults.values())

    def remove(self, fault_id: int) -> bool:
        return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        self._faults.clear()


def _check(settings: dict[str, Any]) -> None:
    if settings.get("path") is not None:
        try:
            re.compile(settings["path"])
        except re.error:
            settings["path"] = re.escape(settings["path"])
    for name in (
        "times",
        "seconds",
        "skip",
        "megabytes",
        "status",
        "contract_service_id",
        "contract_id",
    ):
        value = settings.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or (
            not isinstance(value, int | float) and not _is_number(value)
        ):
            raise FaultError(f"{name} is a number, not {value!r}")
        settings[name] = float(value) if name in ("seconds", "megabytes") else int(value)
        if settings[name] < 0:
            raise FaultError(f"{name} is not negative")


def _is_number(value: object) -> bool:
    try:
        return math.isfinite(float(str(value)))
    except ValueError:
        return False
