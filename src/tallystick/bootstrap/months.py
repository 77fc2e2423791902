"""Close a month with the billing system the server's settings say; and the file of a proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime

from tallystick.books.close_month import BillingOf, close_month
from tallystick.books.month_queries import HEADER, every_line, get_proof
from tallystick.bootstrap.look_before import billing_of
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.sheet import sheet


def close(
    connection_id: int,
    month: date,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
    billing: BillingOf = billing_of,
) -> int:
    """As ``close_month``."""
    return close_month(
        connection_id,
        month,
        context=context,
        now=now,
        correlation_id=correlation_id,
        billing=billing,
    )


def as_csv(context: Context, proof_id: int) -> Iterator[bytes]:
    """A row for each line. Raises NotFound, NotAllowed."""
    context.require(Right.EXPORT, Right.APPROVE)
    proof = get_proof(context, proof_id)
    lines = every_line(context, proof_id)
    return sheet(HEADER, (line.cells(proof.currency) for line in lines))


def as_json(context: Context, proof_id: int) -> Iterator[bytes]:
    """One object: the proof, and ``lines``. Amounts and days as text.

    Raises NotFound, NotAllowed.
    """
    context.require(Right.EXPORT, Right.APPROVE)
    proof = get_proof(context, proof_id)
    lines = every_line(context, proof_id)

    def pieces() -> Iterator[bytes]:
        head = {**asdict(proof), "difference": proof.difference, "outcome": proof.outcome}
        yield json.dumps(head, default=str, ensure_ascii=False)[:-1].encode() + b', "lines": ['
        glue = b""
        for line in lines:
            one = {**asdict(line), "difference": line.difference}
            yield glue + json.dumps(one, default=str, ensure_ascii=False).encode()
            glue = b", "
        yield b"]}"

    return pieces()
