"""The words for what can be done to a subscription, and for the ways past a stopped operation."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tallystick.ledger.kinds import (
    AttemptKind,
    DriftEnd,
    DriftKind,
    EvidenceKind,
    OperationKind,
    Resolution,
    RoundScope,
)
from tallystick.ledger.queries import OperationView


def operation(kind: OperationKind, before: dict[str, Any], after: dict[str, Any]) -> OperationView:
    return OperationView(
        id=1,
        subscription_id=1,
        sequence=1,
        kind=kind,
        before=before,
        after=after,
        effective_on=date(2026, 5, 10),
        recorded_at=datetime(2026, 5, 10, 9, tzinfo=UTC),
        actor="Ada Admin",
        source="test",
        source_id=None,
        correlation_id="c",
    )


@pytest.mark.parametrize(
    ("kind", "before", "after", "words"),
    [
        ("purchase", {"quantity": 0}, {"quantity": 10}, "Purchase of quantity 10"),
        ("map", {}, {"quantity": 10}, "First sync of quantity 10"),
        ("update_quantity", {"quantity": 10}, {"quantity": 15}, "Update quantity 10 to 15"),
        (
            "update_price_margin",
            {"unit_price": "15.2000"},
            {"unit_price": "16.4025"},
            "Update price margin (unit price 15.20 to 16.4025)",
        ),
        ("cancel", {"quantity": 10}, {"quantity": 0}, "Cancel (quantity 10 to 0)"),
        (
            "continue",
            {"quantity": 10, "contract": "Cloud 2026"},
            {"quantity": 10, "contract": "Cloud 2027"},
            "Continue quantity 10 on Cloud 2027",
        ),
        (
            "end",
            {"quantity": 10, "contract": "Cloud 2026"},
            {"quantity": 0, "contract": "Cloud 2027"},
            "End on Cloud 2026 (quantity 10 to 0)",
        ),
        (
            "azure_amounts",
            {"month": "2026-05", "price": None},
            {"month": "2026-05", "price": "120.0000"},
            "Azure amounts of 2026-05 (price 120.00)",
        ),
        (
            "azure_amounts",
            {"month": "2026-05", "price": "120.0000"},
            {"month": "2026-05", "price": "130.0000"},
            "Azure amounts of 2026-05, corrected (price 120.00 to 130.00)",
        ),
        (
            "one_off_charge",
            {},
            {"price": "14.2000", "price_currency": "EUR"},
            "One-off charge of 14.20 EUR",
        ),
        (
            "change_offer",
            {"quantity": 10, "unit_price": "15.2"},
            {"offer": "M365 · 1 year · Annual", "unit_price": "182.4"},
            "Change offer to M365 · 1 year · Annual (quantity 10, unit price 15.20 to 182.40)",
        ),
        (
            "move_to_reseller",
            {"quantity": 10},
            {"quantity": 10},
            "Move to another reseller (billed units to 0)",
        ),
        ("restore", {"line_units": 13}, {"line_units": 10}, "Restore ours (13 units back to 10)"),
        (
            "restore",
            {"line_units": 10},
            {"line_units": 10},
            "Restore ours (10 units at the price that was proved)",
        ),
        (
            "correct",
            {"line_units": 14},
            {"line_units": 12},
            "Correct a change (14 units back to 12)",
        ),
    ],
)
def test_an_operation_in_words(
    kind: str, before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    assert operation(OperationKind(kind), before, after).in_words() == words


def test_every_kind_of_operation_has_words() -> None:
    both = {"quantity": 1, "contract": "Cloud", "value": "renew", "month": "2026-05"}
    both |= {"price": "1.0000", "price_currency": "EUR", "offer": "M365", "line_units": 1}
    assert all(operation(kind, both, both).in_words() for kind in OperationKind)


def test_a_kind_nobody_knows_is_a_fault_and_not_an_empty_word() -> None:
    unknown: Any = "swap"
    with pytest.raises(AssertionError):
        operation(unknown, {}, {}).in_words()


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("purchase", "Purchase"),
        ("map", "Map to a contract"),
        ("update_quantity", "Update quantity"),
        ("cancel", "Cancel"),
        ("continue", "Continue on another contract"),
        ("end", "End on the earlier contract"),
    ],
)
def test_the_names_of_operations(kind: str, label: str) -> None:
    assert OperationKind(kind).label == label


@pytest.mark.parametrize(
    ("way", "label"),
    [
        ("done_by_hand", "Done by hand"),
        ("skip", "Skipped"),
        ("adopt", "Autotask's value adopted"),
    ],
)
def test_the_names_of_the_ways_past_a_stopped_operation(way: str, label: str) -> None:
    assert Resolution(way).label == label


def test_the_closed_sets_the_database_knows_too() -> None:
    assert [kind.value for kind in OperationKind] == [
        "purchase",
        "map",
        "update_quantity",
        "update_price_margin",
        "cancel",
        "expire",
        "delete",
        "suspend",
        "reactivate",
        "convert_trial",
        "renew",
        "end_promotion",
        "rename",
        "set_purchase_order",
        "set_end_of_term",
        "schedule_change",
        "continue",
        "change_offer",
        "move_to_reseller",
        "end",
        "azure_amounts",
        "one_off_charge",
        "restore",
        "correct",
    ]
    assert [kind.value for kind in AttemptKind] == [
        "adjust",
        "create_line",
        "create_charge",
        "change_charge",
        "name_line",
    ]
    assert [kind.value for kind in EvidenceKind] == ["answer", "reading", "conclusion"]
    assert [way.value for way in Resolution] == ["done_by_hand", "skip", "adopt"]


@pytest.mark.parametrize("kinds", [DriftKind, DriftEnd, RoundScope])
def test_each_has_words_of_its_own(kinds: type[DriftKind | DriftEnd | RoundScope]) -> None:
    words = [one.label for one in kinds]
    assert len(set(words)) == len(words)
    assert all(word[0].isupper() and "_" not in word for word in words)
