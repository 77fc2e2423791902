"""The file of a month's vendor invoice, compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tallystick.books.invoice_proof import HEADER, invoice_proof, proof_cells
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.sheet import sheet


def invoice_csv(context: Context, month: date) -> Iterator[bytes]:
    """A row for each subscription, the largest difference first. Raises NotAllowed."""
    context.require(Right.EXPORT, Right.APPROVE)
    return sheet(HEADER, proof_cells(invoice_proof(context, month)))
