"""Run a command on the tests' own database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from factories import Tenancy
from tallystick.identity.models import Tenant


def tallystick(
    csp: Tenancy | None, *arguments: str | Path, input: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    who = ["--organisation", Tenant.objects.get(pk=csp.tenant_id).name] if csp else []
    done = subprocess.run(
        [sys.executable, "-m", "tallystick", *arguments, *who],
        env={
            **os.environ,
            "DATABASE_URL": os.environ["TALLYSTICK_TEST_DATABASE_URL"],
            "TALLYSTICK_LOG_LEVEL": "WARNING",
            **environment,
        },
        input=input.encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    # Decoded by hand: the line ends of a sheet are part of it.
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
