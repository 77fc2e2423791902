"""The control desk over HTTP: JSON under ``/simulator/``, for loopback clients only.

No credentials, because only programs of the same machine are let in, and not counted in any limit.
A browser page of another origin is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tallystick.simulator.control import Control
from tallystick.simulator.jsontext import read
from tallystick.simulator.messages import Answer, Request, as_json
from tallystick.simulator.pages import Pages

_EDIT_KEYS = {"enddate": "endDate", "end_date": "endDate", "startdate": "startDate"}


class ControlRoutes:
    """Answers everything under ``/simulator``: JSON here, pages by ``Pages``."""

    def __init__(self, control: Control, *, open_to_all: bool = False) -> None:
        self._control = control
        self._pages = Pages(control)
        self._open_to_all = open_to_all
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "state"): lambda _: control.state(),
            ("GET", "knobs"): lambda _: control.knobs(),
            ("POST", "knobs"): lambda request: control.set_knobs(_object(request)),
            ("GET", "faults"): lambda _: control.faults(),
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "release"): lambda _: {"released": control.release()},
            ("POST", "approve-and-post"): self._approve_and_post,
            ("POST", "hand-edits"): self._hand_edit,
            ("POST", "load"): lambda request: control.load(_object(request)),
            ("POST", "metadata"): lambda request: control.load_metadata(_object(request)),
            ("GET", "requests"): self._requests,
            ("GET", "effects"): self._effects,
            ("GET", "rows"): self._rows,
            ("POST", "clock"): self._clock,
            ("POST", "reset"): self._reset,
        }

    def __call__(self, request: Request) -> Answer:
        """Answer a control request. Never raises for what a caller can get wrong."""
        if not (self._open_to_all or _is_loopback(request.peer)):
            return as_json({"error": "the control desk answers this machine only"}, 403)
        if _is_foreign(request):
            return as_json({"error": "requests of other origins are refused"}, 403)
        words = [word for word in request.path.split("/") if word][1:]
        try:
            return self._answer(request, words)
        except (ValueError, KeyError, TypeError, ArithmeticError) as why:
            return as_json({"error": _words_of(why)}, 400)

    def _answer(self, request: Request, words: list[str]) -> Answer:
        if len(words) == 1:
            act = self._routes.get((request.method, words[0]))
            if act is not None:
                return as_json(act(request))
        if len(words) == 2 and words[1].isdigit():  # noqa: PLR2004 - "{noun}/{id}"
            number = int(words[1])
            if request.method == "DELETE" and words[0] == "faults":
                removed = self._control.remove_fault(number)
                return as_json({"removed": removed}, 200 if removed else 404)
            if request.method == "POST" and words[0] == "contracts":
                fields = {_EDIT_KEYS.get(k.lower(), k): v for k, v in _object(request).items()}
                return as_json(self._control.edit_contract(number, fields))
        page = self._pages.answer(request, words)
        return page or as_json({"error": f"nothing at {request.method} {request.path}"}, 404)

    def _add_fault(self, request: Request) -> Any:
        settings = _object(request)
        return self._control.add_fault(str(settings.pop("kind", "")), settings)

    def _clear_faults(self, _: Request) -> Any:
        self._control.clear_faults()
        return {"removed": True}

    def _approve_and_post(self, request: Request) -> Any:
        body = _object(request)
        items = self._control.approve_and_post(int(body["contract_id"]), _day(body["up_to"]))
        return {"billing_items": items}

    def _hand_edit(self, request: Request) -> Any:
        body = _object(request)
        price = body.get("unit_price")
        units = body.get("units")
        return self._control.hand_edit(
            int(body["contract_service_id"]),
            _day(body["on"]),
            units=None if units is None else int(units),
            unit_price=None if price is None else Decimal(str(price)),
        )

    def _requests(self, request: Request) -> Any:
        parameters = request.parameters()
        limit = parameters.get("limit")
        found = self._control.requests(
            int(parameters.get("after", 0)), None if limit is None else int(limit)
        )
        return {"requests": found}

    def _effects(self, request: Request) -> Any:
        line_id = request.parameters().get("contract_service_id")
        return {"effects": self._control.effects(None if line_id is None else int(line_id))}

    def _rows(self, request: Request) -> Any:
        return {"rows": self._control.rows(int(request.parameters()["contract_service_id"]))}

    def _clock(self, request: Request) -> Any:
        body = _object(request)
        if "freeze_at" in body:
            at = body["freeze_at"]
            now = self._control.freeze(None if at is None else datetime.fromisoformat(at))
        else:
            now = self._control.advance(float(body["advance_seconds"]))
        return {"now": now}

    def _reset(self, _: Request) -> Any:
        self._control.reset()
        return {"reset": True}


def _words_of(why: Exception) -> str:
    return f"{why.args[0]} is missing" if isinstance(why, KeyError) else str(why)


def _object(request: Request) -> dict[str, Any]:
    body = read(request.body) if request.body else {}
    if not isinstance(body, dict):
        raise ValueError("an object is expected")
    return body


def _day(text: Any) -> date:
    return date.fromisoformat(str(text)[:10])


def _is_loopback(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_foreign(request: Request) -> bool:
    origin = request.headers.get("origin")
    if request.method == "GET" or origin is None:
        return False
    return urlsplit(origin).netloc != request.headers.get("host")
