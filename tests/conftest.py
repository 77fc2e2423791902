"""One PostgreSQL for the session, never emptied: every test makes its own tenant.

Facts cannot be deleted, not even by a test; so tests do not clean up, they stay apart.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

# Before Django reads its settings: a home of the session's own, and a database in it.
_home = tempfile.TemporaryDirectory(prefix="tallystick-tests-")
os.environ.setdefault("TALLYSTICK_HOME", _home.name)
os.environ["TALLYSTICK_SECRET_KEY"] = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="
os.environ["TALLYSTICK_AUTOTASK_ORIGINS"] = ""
_server: object | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start the database before pytest-django loads the settings (once, in the controller)."""
    global _server  # noqa: PLW0603 - the session's own server
    if "DATABASE_URL" not in os.environ:
        from tallystick.bootstrap.embedded import Embedded

        _server = running = Embedded.start(Path(_home.name), settings={"max_connections": "300"})
        os.environ["DATABASE_URL"] = running.url


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None:
        _server.stop()  # type: ignore[attr-defined]
    _home.cleanup()


@pytest.fixture(scope="session", autouse=True)
def quiet_log() -> None:
    """Only warnings; the tests of the log itself set their own level."""
    from tallystick.kit.log import configure

    configure(level="WARNING")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: object, worker_id: str = "") -> Iterator[None]:
    """A fresh database for this test process, migrated by the owner, used by the application."""
    from database import fresh_database

    with fresh_database(django_db_blocker):
        yield


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Real transactions: what a test commits stays, in its own tenant."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture
def transactional_db(db: None) -> None:
    """pytest-django's name for the same: there is only one way here."""


@pytest.fixture(scope="session")
def stand_in() -> Iterator[object]:
    """One simulator for the session; every test has its own contracts in it."""
    from tallystick.simulator.running import running_simulator

    with running_simulator(knobs={"hourly_threshold": 10_000_000}) as simulator:
        yield simulator


@pytest.fixture
def simulator(stand_in: object) -> Iterator[object]:
    """The session's simulator with its knobs and faults as they were."""
    before = dict(stand_in.knobs())  # type: ignore[attr-defined]
    yield stand_in
    stand_in.clear_faults()  # type: ignore[attr-defined]
    stand_in.set_knobs(**before)  # type: ignore[attr-defined]


@pytest.fixture
def world(db: None, simulator: object) -> Iterator[object]:
    """A simulator, a tenant with one connection to it, an engine."""
    from harness import world_on

    with world_on(simulator) as made:  # type: ignore[arg-type]
        yield made
