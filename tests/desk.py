"""A connection whose directory was read from a simulator of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from factories import Tenancy, tenancy
from harness import wire_to
from tallystick.bootstrap.clients import make_client
from tallystick.connectors.autotask.directory import AutotaskDirectory
from tallystick.directory.port import Directory
from tallystick.directory.refresh import refresh
from tallystick.kit.ids import correlation_id
from tallystick.mappings.choose import Chosen
from tallystick.mappings.suggest import suggest_companies
from tallystick.simulator.running import Simulator, running_simulator


@dataclass
class Desk:
    """``refs``: the ids of what was loaded, by the names the test gave."""

    simulator: Simulator
    of: Tenancy
    connection_id: int
    refs: dict[str, int]

    @property
    def directory(self) -> Directory:
        client = make_client(
            self.connection_id, clock=self.of.clock, http=wire_to(self.simulator.origin)
        )
        return AutotaskDirectory(client)

    def load(self, **wanted: Any) -> None:
        self.refs.update(self.simulator.load(**wanted)["refs"])

    def read(self) -> None:
        """As the worker does it: the directory, then the suggestions."""
        self.of.later(seconds=1)
        refresh(self.connection_id, self.directory, clock=self.of.clock)
        suggest_companies(self.connection_id, now=self.of.clock.now())

    def by(self) -> Chosen:
        return Chosen(
            context=self.of.context, now=self.of.clock.now(), correlation_id=correlation_id()
        )


@contextmanager
def desk(of: Tenancy | None = None) -> Iterator[Desk]:
    of = of or tenancy()
    with running_simulator() as simulator:
        connection_id = of.connection(
            user_name=simulator.user, secret=simulator.secret, code=simulator.code
        )
        yield Desk(simulator, of, connection_id, {})
