"""Twenty askers who start together, by the product's verbs and through its API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from django.db import connections
from django.test import Client

from tallystick.kit.problem import Conflicting

CROWD = 20
ROOT = "/api/v1"
DONE = ""
Act = Callable[[], str]


class Crowd:
    """Each thread keeps its own connection to the database from round to round."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(CROWD)
        self._start = Barrier(CROWD)

    def do(self, acts: Sequence[Act]) -> list[str]:
        """All at once; answers ``DONE`` for who has done it, and why not for the others."""
        assert len(acts) == CROWD

        def one(act: Act) -> str:
            self._start.wait(60)
            return act()

        return list(self._pool.map(one, acts))

    def go_home(self) -> None:
        def leave() -> str:
            connections.close_all()
            return DONE

        self.do([leave] * CROWD)
        self._pool.shutdown()


@contextmanager
def crowd() -> Iterator[Crowd]:
    made = Crowd()
    try:
        yield made
    finally:
        made.go_home()


def by_verb(verb: Callable[[], object]) -> Act:
    """Only a refusal is an answer; everything else fails the test."""

    def act() -> str:
        try:
            verb()
        except Conflicting as problem:
            return str(problem)
        return DONE

    return act


def by_api(
    token: str, method: str, address: str, body: object = None, *, also: Sequence[int] = ()
) -> Act:
    """The same through the API: 2xx, or 409 with its sentence. ``also``: other fair refusals."""

    def act() -> str:
        said = Client(raise_request_exception=False).generic(
            method,
            ROOT + address,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        if said.status_code in {200, 201, 204}:
            return DONE
        assert said.status_code in {409, *also}, (said.status_code, said.content.decode())
        return str(said.json()["detail"])

    return act


def winners(said: Sequence[str]) -> int:
    return sum(1 for one in said if one == DONE)


def refusals(said: Sequence[str]) -> set[str]:
    return {one for one in said if one != DONE}
