"""The bar of calls and the steps of connecting, as the pages show them. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.connections.budget import Budget
from tallystick.connections.policies import BackDated, CancelRule, SameDay, SameDayPolicy
from tallystick.web.calls import bar
from tallystick.web.steps import steps


def calls(**different: Any) -> Budget:
    plain = {"threshold": 10_000, "allowed": 5000, "spent": 250, "others": 1500}
    return Budget(**{**plain, "reported_at": None, **different})


def widths(of: Budget) -> list[str]:
    return [one.width for one in bar(of).segments]


class TestBar:
    def test_ours_then_others_and_where_our_share_ends(self) -> None:
        shown = bar(calls())
        assert [(one.name, one.begins, one.width) for one in shown.segments] == [
            ("ours", "0.00%", "2.50%"),
            ("others", "2.50%", "15.00%"),
        ]
        assert shown.share == "50.00%"
        assert shown.words.startswith("250 calls of ours, 1\N{NARROW NO-BREAK SPACE}500 by others")
        assert shown.left.startswith("4\N{NARROW NO-BREAK SPACE}750 calls left of our")

    def test_others_that_nobody_has_asked_for_are_not_called_none(self) -> None:
        assert "others not known yet" in bar(calls(others=None)).words
        assert widths(calls(others=None)) == ["2.50%", "0.00%"]

    @pytest.mark.parametrize("spent", [5000, 9000, 20_000])
    def test_nothing_left_says_when_it_goes_on(self, spent: int) -> None:
        shown = bar(calls(spent=spent, others=9000))
        assert shown.left.startswith("Nothing is left of our")
        assert "an hour old" in shown.left

    def test_more_than_everybody_may_fills_the_bar_and_no_more(self) -> None:
        assert widths(calls(spent=12_000, others=9000)) == ["100.00%", "0.00%"]
        assert widths(calls(spent=4000, others=9000)) == ["40.00%", "60.00%"]
        assert widths(calls(threshold=0, allowed=0, spent=0, others=None)) == ["0.00%", "0.00%"]


class TestSteps:
    def test_before_anything_is_stored_only_the_first_can_be_gone_back_to(self) -> None:
        shown = steps("credentials", exists=False, tested=False)
        assert [one.title for one in shown if one.here] == ["Credentials"]
        assert [one.title for one in shown if one.done] == ["Before you begin"]
        assert not [one for one in shown if one.address]

    def test_from_then_on_every_step_has_its_address(self) -> None:
        shown = steps("test", exists=True, tested=False)
        assert [one.address for one in shown] == [
            "",
            "connect-credentials",
            "connect-test",
            "connect-defaults",
            "connect-done",
        ]
        assert [one.number for one in shown if one.done] == [1, 2]

    def test_a_test_is_done_when_it_passed(self) -> None:
        assert [one.done for one in steps("defaults", exists=True, tested=True)] == [
            True,
            True,
            True,
            False,
            False,
        ]


@pytest.mark.parametrize("policy", [SameDay, SameDayPolicy, BackDated, CancelRule])
def test_every_way_of_every_policy_says_what_follows_from_it(
    policy: type[SameDay | SameDayPolicy | BackDated | CancelRule],
) -> None:
    for way in policy:
        assert way.consequence.endswith(".")
        assert way.consequence != way.label
