"""Drift at the command line: listed, compared, looked at before, decided."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from harness import Line, World
from tallystick.cli.main import main
from tallystick.identity.models import Tenant
from tallystick.subscriptions.models import Subscription

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command itself, in this process."""
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    organisation = Tenant.objects.get(pk=world.tenancy.tenant_id).name

    def said(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["drift", *arguments, "--organisation", organisation])
        shown = capsys.readouterr()
        return code, shown.out.replace("\N{NO-BREAK SPACE}", " "), shown.err

    return said


@pytest.fixture
def edited(world: World) -> Line:
    line = world.line(units=10)
    line.hand_edit(13)
    world.sweep()
    return line


def name_of(line: Line) -> str:
    return Subscription.objects.get(pk=line.subscription_id).provider_id


def test_what_differs_is_listed_and_fails_a_script(world: World, say: Say) -> None:
    assert say("list")[0] == 0
    line = world.line(units=10)
    line.hand_edit(13)
    world.sweep()
    code, out, _ = say("list", "--format=json")
    (one,) = json.loads(out)
    assert (code, one["expected"], one["autotask"], one["a_month"]) == (1, 10, 13, "45.6000")
    assert say("list", "--agreed")[:2] == (0, "Nothing differs, as far as was compared.\n")


def test_ours_is_restored_after_a_look(world: World, edited: Line, say: Say) -> None:
    asked = ("restore", name_of(edited), "--reason", "ours counts")
    code, out, error = say(*asked, "--preview")
    assert code == 0, error
    assert "Restore ours (13 units back to 10). Nothing was recorded." in out
    assert "\N{MINUS SIGN}3 units from 11 May 2026" in out
    code, _, error = say(*asked)
    assert code == 2
    assert "repeat it with --yes" in error
    assert edited.badge == "out_of_sync"
    code, out, _ = say(*asked, "--yes")
    assert (code, out) == (0, "Decided: Restore ours. Recorded as operation 3.\n")
    world.work()
    assert (edited.badge, edited.changes()) == ("synced", [-3])
    code, _, error = say(*asked, "--yes")
    assert code == 1
    assert "Nothing is known to differ" in error


def test_it_is_kept_or_agreed_to(world: World, edited: Line, say: Say) -> None:
    name = name_of(edited)
    code, _, error = say("agree", name, "--until", "soon", "--reason", "x", "--yes")
    assert code == 2
    assert "until" in error
    code, out, _ = say("keep", name, "--reason", "x", "--record-quantity", "--yes")
    assert (code, out) == (0, "Decided: Keep Autotask's. Recorded as operation 3.\n")
    world.work()
    assert (edited.badge, edited.row().subscription.quantity) == ("synced", 13)


def test_lines_are_compared_in_the_background(world: World, edited: Line, say: Say) -> None:
    code, out, _ = say("look", str(world.connection_id))
    assert (code, out) == (0, "1 lines are compared in the background. Nothing is sent.\n")
    assert say("look", str(world.connection_id), name_of(edited))[0] == 0
