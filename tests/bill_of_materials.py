"""``make sbom``: whether the bill of materials names exactly what is locked, and how much it is.

python tests/bill_of_materials.py dist/sbom.cdx.json requirements.lock
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.M)


def locked(text: str) -> set[tuple[str, str]]:
    return set(PIN.findall(text))


def billed(text: str) -> set[tuple[str, str]]:
    return {(one["name"], one["version"]) for one in json.loads(text)["components"]}


def main(bill: Path, lock: Path) -> int:
    wanted, there = locked(lock.read_text()), billed(bill.read_text())
    if wanted != there:
        print(f"{bill} and {lock} differ: {sorted(wanted ^ there)}", file=sys.stderr)
        return 1
    print(f"{bill}: {len(there)} packages, as in {lock}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
