"""The seed article as a program: it plays, it can be read by machines, and it can fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processes import run
from tallystick.bootstrap.story import NotAsTold, _must


def test_the_story_goes_as_the_article_says(tmp_path: Path) -> None:
    done = run("story", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert len(told["steps"]) == 8
    assert told["steps"][5]["seen"]["autotask"][0]["unit_change"] == 2
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_a_story_that_goes_otherwise_exits_with_one(tmp_path: Path) -> None:
    """An Autotask that takes changes of inactive contracts: nothing is refused in step 3."""
    done = run("story", "--knob=inactive_contract=allow", "--patience=5", home=tmp_path)
    assert done.returncode == 1
    assert "Step 3 is not as told" in done.stderr


def test_what_is_not_so_is_not_told() -> None:
    with pytest.raises(NotAsTold, match="seen: 3"):
        _must(False, "it was to be 2", 3)
