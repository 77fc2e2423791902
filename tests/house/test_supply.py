"""What we depend on: locked, billed exactly, and under licences that somebody has allowed."""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bill_of_materials import billed, locked, main  # noqa: E402 - of the folder above

# What may be used by, and shipped beside, a program under Apache-2.0. The LGPL is for psycopg,
# which is imported as it is; the MPL for files that are not changed.
ALLOWED = {
    "MIT",
    "MIT-0",
    "MIT License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD License",
    "Apache-2.0",
    "Apache Software License",
    "PSF-2.0",
    "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)",
    "LGPL-3.0-only",
}
OF_THE_LGPL = {"psycopg", "psycopg-binary", "psycopg-pool"}
PACKAGES = sorted(name for name, _ in locked((ROOT / "requirements.lock").read_text()))


def licences(about: metadata.PackageMetadata) -> set[str]:
    """Any one of them may be chosen; of what a package says in several places, the most exact."""
    said = about.get("License-Expression") or ""
    if not said and len(about.get("License") or "") in range(1, 40):
        said = about["License"]
    if said:
        return set(re.split(r"\s+OR\s+", said))
    named = [one for one in about.get_all("Classifier") or [] if one.startswith("License")]
    return {one.split(" :: ")[-1] for one in named}


@pytest.mark.parametrize("name", PACKAGES)
def test_its_licence_is_allowed(name: str) -> None:
    about = metadata.metadata(name)
    chosen = licences(about) & ALLOWED
    assert chosen, f"{name}: {licences(about) or 'says no licence'} is not in ALLOWED"
    assert chosen != {"LGPL-3.0-only"} or name in OF_THE_LGPL


def test_a_licence_that_nobody_allowed_is_seen() -> None:
    about = metadata.metadata("django")
    del about["License-Expression"]
    about["License-Expression"] = "AGPL-3.0-only"
    assert licences(about) & ALLOWED == set()


def test_a_bill_that_lacks_or_adds_one_is_refused(tmp_path: Path) -> None:
    lock, bill = tmp_path / "requirements.lock", tmp_path / "sbom.json"
    lock.write_text("a==1 \\\n    --hash=sha256:0\nb[extra]==2.0 \\\n    --hash=sha256:0\n")
    parts = [{"name": "a", "version": "1"}, {"name": "b", "version": "2.0"}]
    bill.write_text(json.dumps({"components": parts}))
    assert billed(bill.read_text()) == {("a", "1"), ("b", "2.0")}
    assert main(bill, lock) == 0
    for wrong in (parts[:1], [*parts, {"name": "c", "version": "1"}]):
        bill.write_text(json.dumps({"components": wrong}))
        assert main(bill, lock) == 1
