"""Autotask's side of a demo or a story: the simulator's control desk, over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

import httpx

from tallystick.bootstrap.binaries import CannotStart

CONTRACT_ACTIVE, CONTRACT_INACTIVE = 1, 0


class StandIn:
    """What a person could do at Autotask by hand, and the truth of what took effect there.

    Any refusal of the control desk raises CannotStart with its words: a demo that cannot be set up
    must say so.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._http = httpx.Client(base_url=origin, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def state(self) -> dict[str, Any]:
        return self._ask("GET", "state")

    def load(self, **things: list[dict[str, Any]]) -> dict[str, Any]:
        """Companies, services, contracts, lines; answers the ids given to their ``ref``."""
        return dict(self._ask("POST", "load", body=things)["refs"])

    def set_contract(self, contract_id: int, *, active: bool) -> None:
        status = CONTRACT_ACTIVE if active else CONTRACT_INACTIVE
        self._ask("POST", f"contracts/{contract_id}", body={"status": status})

    def hand_edit(self, line_id: int, on: date, *, units: int) -> None:
        body = {"contract_service_id": line_id, "on": on.isoformat(), "units": units}
        self._ask("POST", "hand-edits", body=body)

    def effects(self, line_id: int | None = None) -> list[dict[str, Any]]:
        """Every adjustment (of the line) that took effect, in order."""
        asked = "" if line_id is None else f"?contract_service_id={line_id}"
        return list(self._ask("GET", f"effects{asked}")["effects"])

    def _ask(self, method: str, path: str, *, body: object = None) -> dict[str, Any]:
        try:
            answer = self._http.request(method, f"/simulator/{path}", json=body)
        except httpx.HTTPError as error:
            raise CannotStart(f"The simulator at {self.origin} did not answer: {error}") from error
        if answer.is_error:
            raise CannotStart(f"The simulator refused {method} {path}: {answer.text[:500]}")
        return dict(answer.json())
