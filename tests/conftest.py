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

from tallystick.bootstrap.embedded import Embedded
from tallystick.bootstrap.setup import setup

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

# Django reads its settings only after this: a home of the session's own, and a database in it.
# (All of it here: pytest-django would read them before this file, conftests of the folders after.)
_home = tempfile.TemporaryDirectory(prefix="tallystick-tests-")
# Root's server works as another user: it can enter the home, so the home takes its data along.
Path(_home.name).chmod(0o755)
os.environ.setdefault("TALLYSTICK_HOME", _home.name)
os.environ["TALLYSTICK_SECRET_KEY"] = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="
os.environ["TALLYSTICK_AUTOTASK_ORIGINS"] = ""
os.environ["DJANGO_SETTINGS_MODULE"] = "tallystick.settings"
_server: Embedded | None = None
if "DATABASE_URL" not in os.environ:  # the processes of pytest-xdist find it there
    # What is killed here is always one of our processes, never this server or its machine.
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    _server = Embedded.start(Path(_home.name), settings={"max_connections": "300", **quick})
    os.environ["DATABASE_URL"] = _server.url
_begun_here = "TALLYSTICK_TEST_RUN" not in os.environ
os.environ.setdefault("TALLYSTICK_TEST_RUN", str(os.getpid()))
# As worker and command line: for all tenants. A request to pages or API begins with none.
setup(log_level="WARNING")
from django.conf import settings  # noqa: E402 - not before the environment is set

settings.PASSWORD_HASHERS = ["quick_hash.QuickArgon2"]
# A test asks as quickly as it can; those of the limits themselves set some.
settings.REQUESTS_A_MINUTE = settings.HEAVY_A_MINUTE = 0


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None:
        _server.stop()
    elif _begun_here:
        from database import drop_template

        drop_template()
    _home.cleanup()


@pytest.fixture(scope="session", autouse=True)
def quiet_log() -> None:
    """Only warnings; the tests of the log itself set their own level."""
    from tallystick.kit.log import configure

    configure(level="WARNING")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: object, worker_id: str = "") -> Iterator[None]:
    """A fresh database for this test process, used by the application."""
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


@pytest.fixture
def looked_at(simulator: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages, API and commands of this process look at the simulator, as a server would."""
    from tallystick.bootstrap.clients import quick_wire

    for name in ("ORIGINS", "DISCOVERY_URL"):
        origin = simulator.origin  # type: ignore[attr-defined]
        monkeypatch.setenv(f"TALLYSTICK_AUTOTASK_{name}", origin)
    quick_wire.cache_clear()
    yield
    quick_wire.cache_clear()
