"""``make test``: style, types, structure, then every test. Says what it is doing and how long.

python tests/all.py                everything
python tests/all.py --only-lint    without the tests
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", str(min(os.cpu_count() or 2, 8))]
PYTEST += ["--dist=worksteal"]  # a long test at the end keeps only itself waiting
# Every branch of the ledger and the engine is reached by these alone, and counting branches makes a
# test a third slower: it is not done where a page, a connector or the simulator is tested.
COUNTED = ["tests/unit", "tests/rooms", "tests/scenarios"]
# These start processes of their own, drive a browser, or search for minutes: apart from the others,
# so that nothing slows down or measures those meanwhile.
SEPARATE = ["tests/browser", "tests/commands", "tests/crash", "tests/machine"]

Step = tuple[str, list[str]]
LINT: list[Step] = [
    ("Style", [str(BIN / "ruff"), "check", "src", "tests", "benchmarks"]),
    ("Format", [str(BIN / "ruff"), "format", "--check", "src", "tests", "benchmarks"]),
    ("Types", [str(BIN / "mypy")]),
    ("Imports", [str(BIN / "lint-imports"), "--no-cache"]),
]
ROOMS: Step = (
    "The rooms and their promises, with every branch of the ledger and the engine",
    [
        *PYTEST,
        *COUNTED,
        "--cov=tallystick.ledger",
        "--cov=tallystick.sync",
        "--cov-branch",
        "--cov-report=term-missing:skip-covered",
        "--cov-fail-under=100",
    ],
)
DOORS: Step = (
    "Pages, API, sources, connectors, the simulator, the house",
    [*PYTEST, *(f"--ignore={folder}" for folder in [*COUNTED, *SEPARATE])],
)
PAGES: Step = ("The pages, in a real browser", [*PYTEST, "-n", "0", "tests/browser"])
COMMANDS: Step = ("The commands, as a person runs them", [*PYTEST, "tests/commands"])
CRASH: Step = ("Crash tests: real processes killed at every step", [*PYTEST, "tests/crash"])
MACHINE: Step = ("State machine over engine and simulator", [*PYTEST, "tests/machine"])
# One row after another, the steps of a row side by side: a browser waits most of its time, the
# state machine computes. What waits for seconds to pass has the computer to itself.
ROWS = [[ROOMS], [DOORS], [COMMANDS], [CRASH], [PAGES, MACHINE]]


def run(step: Step, failed: list[str], *, apart: bool) -> None:
    """``apart``: what it says is told in one piece, when it has ended."""
    name, command = step
    began = time.monotonic()
    if apart:
        print(f"\n· Begun: {name}", flush=True)
        with tempfile.TemporaryFile("w+") as said:
            code = subprocess.run(command, cwd=ROOT, check=False, stdout=said, stderr=said)
            said.seek(0)
            print(f"\n· {name}\n{said.read()}", end="")
    else:
        print(f"\n· {name}", flush=True)
        code = subprocess.run(command, cwd=ROOT, check=False)
    how = "FAILED" if code.returncode else "ok"
    print(f"  {how} in {time.monotonic() - began:.0f} s", flush=True)
    if code.returncode:
        failed.append(name)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="tallystick-compiled-") as compiled:
        # Some machines keep no compiled modules. Hundreds of our processes would each compile all.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        return all_rows()


def all_rows() -> int:
    failed: list[str] = []
    rows = [[step] for step in LINT] + ([] if "--only-lint" in sys.argv else ROWS)
    for row in rows:
        threads = [
            threading.Thread(target=run, args=(step, failed), kwargs={"apart": len(row) > 1})
            for step in row
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failed:
        print(f"\nFailed: {', '.join(failed)}", flush=True)
        return 1
    print("\nAll passed", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
