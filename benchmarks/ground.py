"""What every figure is measured on: a database of its own, the stand-in, the worker."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Running, started
from benchmarks.remote import Remote, remote
from tallystick.bootstrap.database import migrate_in_child
from tallystick.bootstrap.embedded import Embedded


@dataclass(frozen=True, slots=True)
class Ground:
    """Django is set up here, in the measuring process, as the application's role."""

    folder: Path
    server: Embedded
    remote: Remote

    @contextmanager
    def worker(self) -> Iterator[Running]:
        """The worker as an installation runs it."""
        log = self.folder / "worker.log"
        log.write_bytes(b"")
        with started("tallystick", "worker", log=log) as running:
            running.wait_for("Worker ready")
            yield running

    @contextmanager
    def web(self, port: int) -> Iterator[Running]:
        log = self.folder / "web.log"
        with started("tallystick", "web", "--port", str(port), log=log) as running:
            yield running


@contextmanager
def ground() -> Iterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="tallystick-bench-"))
    folder.chmod(0o755)  # the database's own account must get in
    try:
        for name in [name for name in os.environ if name.startswith("TALLYSTICK_")]:
            del os.environ[name]
        os.environ.pop("DATABASE_URL", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tallystick.settings"
        os.environ["TALLYSTICK_HOME"] = str(folder)
        with Embedded.start(folder) as server, remote(folder) as stand_in:
            os.environ["DATABASE_URL"] = server.url
            os.environ["TALLYSTICK_AUTOTASK_ORIGINS"] = stand_in.origin
            os.environ["TALLYSTICK_AUTOTASK_DISCOVERY_URL"] = stand_in.origin
            migrate_in_child()
            from tallystick.bootstrap.setup import setup

            setup(log_level="WARNING")
            try:
                yield Ground(folder, server, stand_in)
            finally:
                from django.db import connections

                connections.close_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
