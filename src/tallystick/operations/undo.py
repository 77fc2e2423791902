"""Whether an operation can be taken back, and what undoes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.ledger.kinds import OperationKind

UNDO: Mapping[OperationKind, str] = {
    OperationKind.SUSPEND: (
        "Reactivate undoes it from a later day; what was billed until then stays."
    ),
    OperationKind.REACTIVATE: (
        "Suspend undoes it from a later day; what was billed until then stays."
    ),
    OperationKind.RENEW: (
        "A renewal cannot be taken back. Another price or quantity corrects what is billed."
    ),
    OperationKind.END_PROMOTION: (
        "It cannot be taken back. Update price margin sets another price."
    ),
    OperationKind.CONVERT_TRIAL: (
        "It cannot be made a trial again. Update price margin sets another price."
    ),
    OperationKind.SET_END_OF_TERM: (
        "It can be chosen anew until the term ends. What has ended stays ended."
    ),
    OperationKind.RENAME: "It can be changed again at any time.",
    OperationKind.SET_PURCHASE_ORDER: "It can be changed again at any time.",
    OperationKind.DELETE: (
        "This cannot be undone: what has ended is not begun again. If it comes back, submit a new "
        "order."
    ),
}


def undo_of(kind: OperationKind) -> str:
    """Empty: apart from what is sent there is nothing to say."""
    return UNDO.get(kind, "")
