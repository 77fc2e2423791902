"""Everything running at once, with a stand-in for Autotask: what the demo and the story play on."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tallystick.bootstrap.binaries import CannotStart
from tallystick.bootstrap.database import migrate_in_child
from tallystick.bootstrap.embedded import Embedded
from tallystick.bootstrap.ports import answers, reserved
from tallystick.bootstrap.stand_in import StandIn
from tallystick.bootstrap.supervise import Part, Supervisor

HOST = "127.0.0.1"
STARTS_WITHIN = 60.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Addresses and hands of a running installation."""

    web: str
    simulator: StandIn
    supervisor: Supervisor
    user: str
    secret: str
    code: str


@contextmanager
def stage(
    home: Path,
    *,
    say: Say,
    port: int,
    simulator_port: int,
    knobs: Sequence[str] = (),
) -> Iterator[Stage]:
    """A database, the simulator, a worker and the web server, each a process, on loopback.

    The embedded database is used whatever DATABASE_URL says: what is played here must never
    happen in a real installation. Raises CannotStart.
    """
    with (
        reserved(HOST, port) as web_port,
        reserved(HOST, simulator_port) as autotask_port,
        _stage(home, say, web_port, autotask_port, knobs) as made,
    ):
        yield made


@contextmanager
def _stage(
    home: Path, say: Say, web_port: int, autotask_port: int, knobs: Sequence[str]
) -> Iterator[Stage]:
    origin = f"http://{HOST}:{autotask_port}"
    user, secret, code = "api@northwind.example", secrets.token_urlsafe(18), "TALLYSTICKDEMO"
    ours = {
        "TALLYSTICK_HOME": str(home),
        "TALLYSTICK_AUTOTASK_ORIGINS": origin,
        "TALLYSTICK_AUTOTASK_DISCOVERY_URL": origin,
        "TALLYSTICK_APP_ROLE": "tallystick_app",
        "TALLYSTICK_LOG_LEVEL": os.environ.get("TALLYSTICK_LOG_LEVEL", "WARNING"),
    }
    with (
        _environment(ours),
        Embedded.start(home, say=say) as server,
        _environment({"DATABASE_URL": server.url}),
        Supervisor(say=say) as supervisor,
    ):
        simulator = Part(
            "the Autotask simulator",
            simulator_arguments(autotask_port, user, secret, code, knobs),
            quiet=True,
        )
        say("Starting the Autotask simulator")
        supervisor.start(simulator)
        say("Making the tables")
        migrate_in_child()
        say("Starting the worker and the web server")
        worker = Part("the worker", ["worker"])
        web = Part("the web server", ["web", "--port", str(web_port)], patience=15.0)
        supervisor.start(worker)
        supervisor.start(web)
        _ready(supervisor, simulator, autotask_port, "/simulator/state")
        _ready(supervisor, web, web_port, "/readyz")
        with StandIn(origin) as stand_in:
            yield Stage(f"http://{HOST}:{web_port}", stand_in, supervisor, user, secret, code)


def _ready(supervisor: Supervisor, part: Part, port: int, path: str) -> None:
    if not supervisor.wait_until(lambda: answers(HOST, port, path), part, seconds=STARTS_WITHIN):
        if supervisor.stopping:
            raise KeyboardInterrupt
        raise CannotStart(f"{part.name} did not come up within {STARTS_WITHIN:.0f} s")


def simulator_arguments(
    port: int, user: str, secret: str, code: str, knobs: Sequence[str]
) -> list[str]:
    """The command line. With ``=``: a secret made of random letters may begin with a dash."""
    arguments = ["simulator", f"--port={port}", f"--user={user}", f"--secret={secret}"]
    return [*arguments, f"--code={code}", *(f"--knob={knob}" for knob in knobs)]


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
