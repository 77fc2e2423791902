"""``tallystick import reconciliation`` and ``months invoice``."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from factories import Tenancy, tenancy
from reconciliation_files import charged, sheet
from tallystick.cli.main import main
from tallystick.identity.models import Tenant

pytestmark = pytest.mark.usefixtures("db")
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


@pytest.fixture
def say(csp: Tenancy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command itself, in this process: one of its own takes seconds to start."""
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    organisation = Tenant.objects.get(pk=csp.tenant_id).name

    def said(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*(str(one) for one in arguments), "--organisation", organisation])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return said


def test_a_file_is_imported_and_compared(say: Say, tmp_path: Path) -> None:
    file, out = tmp_path / "May.csv.gz", tmp_path / "proof.csv"
    file.write_bytes(gzip.compress(sheet([charged(SubscriptionId="unknown")])))
    code, shown, _ = say("months", "invoice", "2026-05")
    assert code == 1
    assert "Nothing to compare" in shown
    code, shown, _ = say("import", "reconciliation", file, "--dry-run")
    assert (code, shown.startswith("Dry run, nothing was stored; would import 1 lines")) == (
        0,
        True,
    )
    code, shown, _ = say("import", "reconciliation", file)
    assert code == 0
    assert "Imported 1 lines of 2026-05, invoice G000000501, file 1" in shown
    assert "  121.00 EUR" in shown
    code, shown, _ = say("import", "reconciliation", file)
    assert "The very same was imported before" in shown
    code, shown, _ = say("months", "invoice", "2026-05", "--csv", out)
    assert code == 1
    assert "2026-05: Different" in shown
    assert "Not in our ledger" in shown
    assert out.read_bytes().count(b"\r\n") == 2
    code, shown, _ = say("months", "invoice", "2026-05", "--json")
    assert json.loads(shown)["outcome"] == "different"


def test_a_wrong_file_is_refused_with_its_lines(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "May.csv"
    file.write_bytes(sheet([charged(Subtotal="much")]))
    code, _, complained = say("import", "reconciliation", file)
    assert code == 2
    assert "line 2, Subtotal: “much” is not a number" in complained
    assert "nothing was imported" in complained
    code, shown, _ = say("import", "reconciliation", file, "--json")
    assert json.loads(shown)["errors"][0]["field"] == "Subtotal"
