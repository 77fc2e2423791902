"""The kinds of operations, attempts, evidence and sightings."""

from __future__ import annotations

from enum import StrEnum


class OperationKind(StrEnum):
    """What a user or a source can do to a subscription."""

    PURCHASE = "purchase"
    MAP = "map"
    UPDATE_QUANTITY = "update_quantity"
    UPDATE_PRICE_MARGIN = "update_price_margin"
    CANCEL = "cancel"
    EXPIRE = "expire"  # its term has ended, and it was not to go on
    DELETE = "delete"  # the vendor has deleted it
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    CONVERT_TRIAL = "convert_trial"
    RENEW = "renew"
    END_PROMOTION = "end_promotion"
    RENAME = "rename"
    SET_PURCHASE_ORDER = "set_purchase_order"
    SET_END_OF_TERM = "set_end_of_term"
    SCHEDULE_CHANGE = "schedule_change"
    CONTINUE = "continue"  # from a day on it is billed on another contract
    CHANGE_OFFER = "change_offer"  # from a day on it is another offer, billed on a line of that
    MOVE_TO_RESELLER = "move_to_reseller"  # another reseller has it from a day on
    END = "end"  # the line it was billed on before bills it no more
    AZURE_AMOUNTS = "azure_amounts"  # what an Azure plan came to in a month, final
    ONE_OFF_CHARGE = "one_off_charge"  # an amount to be billed once
    RESTORE = "restore"  # what somebody changed at the line is put back
    CORRECT = "correct"  # the opposite of a change that should not be there

    @property
    def label(self) -> str:
        return {
            OperationKind.PURCHASE: "Purchase",
            OperationKind.MAP: "Map to a contract",
            OperationKind.UPDATE_QUANTITY: "Update quantity",
            OperationKind.UPDATE_PRICE_MARGIN: "Update price margin",
            OperationKind.CANCEL: "Cancel",
            OperationKind.EXPIRE: "Expire",
            OperationKind.DELETE: "Deleted by the vendor",
            OperationKind.SUSPEND: "Suspend",
            OperationKind.REACTIVATE: "Reactivate",
            OperationKind.CONVERT_TRIAL: "Trial converts to paid",
            OperationKind.RENEW: "Renew",
            OperationKind.END_PROMOTION: "Promotion ends",
            OperationKind.RENAME: "Rename",
            OperationKind.SET_PURCHASE_ORDER: "Set purchase order",
            OperationKind.SET_END_OF_TERM: "Set end of term",
            OperationKind.SCHEDULE_CHANGE: "Schedule a change",
            OperationKind.CONTINUE: "Continue on another contract",
            OperationKind.CHANGE_OFFER: "Change offer",
            OperationKind.MOVE_TO_RESELLER: "Move to another reseller",
            OperationKind.END: "End on the earlier contract",
            OperationKind.AZURE_AMOUNTS: "Azure amounts",
            OperationKind.ONE_OFF_CHARGE: "One-off charge",
            OperationKind.RESTORE: "Restore ours",
            OperationKind.CORRECT: "Correct a change",
        }[self]


# What is billed by its own amount, whatever the line bills.
AMOUNTS = frozenset({OperationKind.AZURE_AMOUNTS, OperationKind.ONE_OFF_CHARGE})

# What leaves nothing to be billed.
ENDS = frozenset(
    {
        OperationKind.CANCEL,
        OperationKind.EXPIRE,
        OperationKind.DELETE,
        OperationKind.MOVE_TO_RESELLER,
        OperationKind.END,
    }
)

# They put a line back to a profile of their own, whatever the subscription holds.
PUT_BACK = frozenset({OperationKind.RESTORE, OperationKind.CORRECT})


class AttemptKind(StrEnum):
    ADJUST = "adjust"
    CREATE_LINE = "create_line"
    CREATE_CHARGE = "create_charge"
    CHANGE_CHARGE = "change_charge"
    NAME_LINE = "name_line"


# Attempts about a charge, not about the line.
ABOUT_CHARGES = frozenset({AttemptKind.CREATE_CHARGE.value, AttemptKind.CHANGE_CHARGE.value})


class Carrier(StrEnum):
    """How an amount is billed."""

    LINE = "line"  # set on the line for its month, and reset
    CHARGE = "charge"  # a charge on the contract
    HAND = "hand"  # a person billed it


class EvidenceKind(StrEnum):
    ANSWER = "answer"  # what the billing system said to the write
    READING = "reading"  # what a read-back showed
    CONCLUSION = "conclusion"  # what was concluded, and why


class SightingKind(StrEnum):
    """What was seen of a line that nobody here wrote."""

    BEFORE_MAPPING = "before_mapping"  # its units had been changed lately when it was mapped
    CHANGED = "changed"  # it shows other units than were proved
    OUR_CHANGE = "our_change"  # somebody made the very change that was about to be sent

    @property
    def label(self) -> str:
        return {
            SightingKind.BEFORE_MAPPING: "Before it was mapped",
            SightingKind.CHANGED: "Changed, and not by us",
            SightingKind.OUR_CHANGE: "Our own change, made before us",
        }[self]


class DriftKind(StrEnum):
    """What a difference most likely is."""

    HAND_EDIT = "hand_edit"  # nothing we sent explains it
    DUPLICATE = "duplicate"  # a change of ours is there twice

    @property
    def label(self) -> str:
        return {
            DriftKind.HAND_EDIT: "A hand edit in Autotask",
            DriftKind.DUPLICATE: "A change of ours is there twice",
        }[self]


class DriftEnd(StrEnum):
    """What became of a difference."""

    KEPT = "kept"
    RESTORED = "restored"
    AGREED = "agreed"  # it stays open, and silent until a day
    CORRECTED = "corrected"
    CHANGED = "changed"  # another difference took its place
    GONE = "gone"  # the line shows what is expected, or something else is expected now

    @property
    def label(self) -> str:
        return {
            DriftEnd.KEPT: "Autotask's kept",
            DriftEnd.RESTORED: "Ours restored",
            DriftEnd.AGREED: "Agreed",
            DriftEnd.CORRECTED: "Corrected",
            DriftEnd.CHANGED: "Changed again",
            DriftEnd.GONE: "Gone",
        }[self]


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


class RoundScope(StrEnum):
    """What Sync was pressed on."""

    ROW = "row"
    SELECTION = "selection"
    CUSTOMER = "customer"
    CONNECTION = "connection"

    @property
    def label(self) -> str:
        return {
            RoundScope.ROW: "One subscription",
            RoundScope.SELECTION: "A selection",
            RoundScope.CUSTOMER: "A customer",
            RoundScope.CONNECTION: "A connection",
        }[self]
