"""``tallystick import``, as a person runs it: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from csv_files import GOOD, csv_file, good

from factories import Tenancy, tenancy
from price_files import GOOD as PRICE
from price_files import good as price
from price_files import sheet
from tallystick.identity.models import Tenant
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


def tallystick(
    csp: Tenancy | None, *arguments: str | Path, what: str = "subscriptions"
) -> subprocess.CompletedProcess[str]:
    who = ["--tenant", Tenant.objects.get(pk=csp.tenant_id).name] if csp else []
    return subprocess.run(
        [sys.executable, "-m", "tallystick", "import", what, *arguments, *who],
        env={
            **os.environ,
            "DATABASE_URL": os.environ["TALLYSTICK_TEST_DATABASE_URL"],
            "TALLYSTICK_LOG_LEVEL": "WARNING",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_import_again_and_change(csp: Tenancy, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.csv"
    file.write_bytes(csv_file([GOOD]))
    done = tallystick(csp, file, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Dry run, nothing was stored; would import 1 rows:")
    assert not Subscription.objects.filter(tenant_id=csp.tenant_id).exists()

    done = tallystick(csp, file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 subscriptions added (1 customers and 1 offers new)" in done.stdout

    file.write_bytes(csv_file([good(quantity="12", unit_price="30")]))
    done = tallystick(csp, file, "--effective-on", "2027-01-01")
    assert "1 quantity changes" in done.stdout
    assert "Not imported by this version: 1 row differs in unit_price" in done.stdout
    assert "  line 2: 30.0000 EUR in the file, 26.4000 EUR here" in done.stdout

    done = tallystick(csp, file, "--format", "json")
    answer = json.loads(done.stdout)
    assert (answer["only_left_out"], answer["stored"]) == (1, True)
    assert answer["not_imported"][0]["line"] == 2
    operations = Operation.objects.filter(tenant_id=csp.tenant_id).order_by("pk")
    assert [(o.kind, o.actor) for o in operations] == [
        ("purchase", "tallystick import"),
        ("update_quantity", "tallystick import"),
    ]


def test_a_refused_file(csp: Tenancy, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.csv"
    file.write_bytes(csv_file([GOOD, good(subscription_id="s-2", quantity="1,000", term="x")]))
    done = tallystick(csp, file, "--format", "json")
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert said[0].startswith("tallystick: line 3, term: “x” is not one of: P1M,")
    assert said[1].startswith("tallystick: line 3, quantity: “1,000” is not a whole number")
    assert said[2:] == ["tallystick: nothing was imported"]
    answer = json.loads(done.stdout)
    assert [error["line"] for error in answer["errors"]] == [3, 3]
    assert not Operation.objects.filter(tenant_id=csp.tenant_id).exists()


def test_files_that_cannot_be_read(csp: Tenancy, tmp_path: Path) -> None:
    for file, why in [(tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory")]:
        done = tallystick(csp, file)
        assert done.returncode == 2
        assert done.stderr.startswith(f"tallystick: file: cannot be read: {why}")


def test_wrong_use(csp: Tenancy, tmp_path: Path) -> None:
    done = tallystick(csp, tmp_path, "--effective-on", "1.1.2027")
    assert done.returncode == 2
    assert "is not a day: write it like 2026-05-03" in done.stderr
    tenancy()
    done = tallystick(None, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tallystick: organisation: must be one of ")


def test_import_prices(csp: Tenancy, tmp_path: Path) -> None:
    file = tmp_path / "May.csv"
    file.write_bytes(sheet([PRICE | {"ChangeIndicator": "New"}]))
    done = tallystick(csp, file, what="prices")
    assert done.returncode == 2
    assert done.stderr.startswith("tallystick: price-is-for: must be said, term or cycle")
    asked = (file, "--price-is-for", "term")
    done = tallystick(csp, *asked, "--dry-run", what="prices")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Dry run, nothing was stored; would import 1 rows:\n  1 added")
    assert "Columns passed by: ChangeIndicator" in done.stdout
    assert "1 added" in tallystick(csp, *asked, what="prices").stdout
    assert "1 unchanged" in tallystick(csp, *asked, what="prices").stdout
    file.write_bytes(sheet([price(UnitPrice="12.10")]))
    held = tallystick(csp, *asked, "--format", "json", what="prices")
    assert held.returncode == 2
    assert "line 2, UnitPrice: Microsoft 365 Business Premium: 12.1000 becomes" in held.stderr
    assert json.loads(held.stdout)["stored"] is False
    done = tallystick(csp, *asked, "--accept-large-moves", what="prices")
    assert "1 that move by more than a factor 3" in done.stdout


def test_import_azure_costs(csp: Tenancy, tmp_path: Path) -> None:
    customer = csp.customer("Alder & Ash Architects")
    assert customer
    file = tmp_path / "azure.csv"
    file.write_text("customer,month,cost,price\nAlder & Ash Architects,2026-05,10,12.5\n")
    done = tallystick(csp, file, "--currency", "EUR", what="azure-costs")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 added" in done.stdout
    refused = tallystick(csp, file, what="azure-costs")
    assert refused.returncode == 2
    assert "line 2, currency: is needed" in refused.stderr


def test_a_list_of_a_source(csp: Tenancy, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(csv_file([GOOD]))
    done = tallystick(csp, file, what="snapshot")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Compared 1 subscriptions: 0 as before, 1 differences" in done.stdout

    file.write_bytes(csv_file([good(quantity="12")]))
    done = tallystick(csp, file, "--dry-run", what="snapshot")
    assert done.stdout.startswith("Dry run, nothing was stored; compared 1 subscriptions")
    assert "quantity changed (quantity 12)" in done.stdout
    done = tallystick(csp, file, "--format", "json", what="snapshot")
    answer = json.loads(done.stdout)
    assert (answer["stored"], answer["answers"]) == (True, {"accepted": 1})
    assert "1 as before" in tallystick(csp, file, what="snapshot").stdout

    file.write_bytes(csv_file([good(quantity="12.5")]))
    done = tallystick(csp, file, what="snapshot")
    assert done.returncode == 2
    assert "tallystick: line 2, quantity:" in done.stderr
    assert done.stderr.endswith("tallystick: nothing was stored\n")
    done = tallystick(csp, file, "--absent", "cancelled", what="snapshot")
    assert done.returncode != 0
    assert "complete" in done.stderr
    held = Subscription.objects.get(tenant_id=csp.tenant_id)
    assert (held.quantity, held.status) == (12, "active")
