"""``make test``: style, types, structure, then every test. Says what it is doing and how long.

python tests/all.py                everything
python tests/all.py --only-lint    without the tests
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", str(min(os.cpu_count() or 2, 8))]
# These start processes of their own, drive a browser, or search for minutes: each by itself, so
# that nothing slows down or measures the other tests meanwhile.
SEPARATE = ["tests/browser", "tests/commands", "tests/crash", "tests/machine"]

LINT = [
    ("Style", [str(BIN / "ruff"), "check", "src", "tests", "benchmarks"]),
    ("Format", [str(BIN / "ruff"), "format", "--check", "src", "tests", "benchmarks"]),
    ("Types", [str(BIN / "mypy")]),
    ("Imports", [str(BIN / "lint-imports"), "--no-cache"]),
]
TESTS = [
    (
        "Tests, with every branch of the ledger and the engine",
        [
            *PYTEST,
            *(f"--ignore={folder}" for folder in SEPARATE),
            "--cov=tallystick.ledger",
            "--cov=tallystick.sync",
            "--cov-branch",
            "--cov-report=term-missing:skip-covered",
            "--cov-fail-under=100",
            "--dist=worksteal",
        ],
    ),
    ("The pages, in a real browser", [*PYTEST, "-n", "0", "tests/browser"]),
    ("The commands, as a person runs them", [*PYTEST, "tests/commands"]),
    ("Crash tests: real processes killed at every step", [*PYTEST, "tests/crash"]),
    ("State machine over engine and simulator", [*PYTEST, "tests/machine"]),
]


def main() -> int:
    failed = []
    for name, command in LINT if "--only-lint" in sys.argv else LINT + TESTS:
        print(f"\n· {name}", flush=True)
        began = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        print(
            f"  {'ok' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True
        )
        if code:
            failed.append(name)
    if failed:
        print(f"\nFailed: {', '.join(failed)}", flush=True)
        return 1
    print("\nAll passed", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
