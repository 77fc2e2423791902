"""The kinds of operations, attempts and evidence."""

from __future__ import annotations

from enum import StrEnum


class OperationKind(StrEnum):
    """What a user or a source can do to a subscription."""

    PURCHASE = "purchase"
    MAP = "map"
    UPDATE_QUANTITY = "update_quantity"
    CANCEL = "cancel"

    @property
    def label(self) -> str:
        return {
            OperationKind.PURCHASE: "Purchase",
            OperationKind.MAP: "Map to a contract",
            OperationKind.UPDATE_QUANTITY: "Update quantity",
            OperationKind.CANCEL: "Cancel",
        }[self]


class AttemptKind(StrEnum):
    ADJUST = "adjust"
    CREATE_LINE = "create_line"


class EvidenceKind(StrEnum):
    ANSWER = "answer"  # what the billing system said to the write
    READING = "reading"  # what a read-back showed
    CONCLUSION = "conclusion"  # what was concluded, and why


class Resolution(StrEnum):
    """The ways past a stopped operation that settle it without sending it."""

    DONE_BY_HAND = "done_by_hand"
    SKIP = "skip"
    ADOPT = "adopt"

    @property
    def label(self) -> str:
        return {
            Resolution.DONE_BY_HAND: "Done by hand",
            Resolution.SKIP: "Skipped",
            Resolution.ADOPT: "Autotask's value adopted",
        }[self]
