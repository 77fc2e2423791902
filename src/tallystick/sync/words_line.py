"""Why a contract or a line is not written to: what is wrong with it, before anything is sent."""

from __future__ import annotations

from tallystick.ledger.settle import Cause
from tallystick.sync.words import stop

PERIODS = {1: "monthly", 12: "yearly"}


def contract_gone(contract_id: int) -> Cause:
    return Cause(
        "contract_missing",
        f"Not sent: the mapping points to contract {contract_id}, which Autotask does not show. "
        "The operations behind it wait. Give the API user the right to see the contract and press "
        "Sync; or decide on what waits, unmap the subscription, and map it again.",
    )


def contract_inactive(name: str) -> Cause:
    return Cause(
        "contract_inactive",
        f"Not sent: the contract {name} is not active in Autotask. The operations behind it wait. "
        "Activate it there and press Sync; or decide on what waits, unmap the subscription, and "
        "map it to another contract.",
    )


def line_gone(line_id: int) -> Cause:
    return Cause(
        "line_missing",
        f"Not sent: the contract no longer has the line {line_id} this subscription is mapped to "
        "(Autotask would silently add another). The operations behind it wait. Decide on "
        "what waits, unmap the subscription, and map it again.",
    )


def other_company(contract: str, company: str) -> Cause:
    return Cause(
        "other_company",
        f"Not sent: in Autotask the contract {contract} does not belong to {company}, to which "
        "this subscription is mapped. The operations behind it wait. Decide on what waits, unmap "
        "the subscription, and map it to a contract of that company.",
    )


def other_service(service: str) -> Cause:
    return Cause(
        "other_service",
        f"Not sent: in Autotask the line this subscription is mapped to is not for {service}. The "
        "operations behind it wait. Decide on what waits, unmap the subscription, and map it to "
        "a line of that service.",
    )


def not_mapped() -> Cause:
    return Cause(
        "not_mapped",
        "Not sent: the subscription is no longer mapped to a contract. The operations behind it "
        "wait. Map it, then press Sync.",
    )


def needs_line(period: str, why: str, do: str) -> Cause:
    """``period``: ``monthly`` or ``yearly``."""
    return Cause(
        f"needs_{period}_line",
        f"Not sent: it needs a {period} line. {stop(why)} Its earlier line bills on as it was, "
        f"and the operations behind it wait. {do}",
    )


def other_period(contract: str, months: int) -> Cause:
    period = PERIODS[months]
    return needs_line(
        period,
        f"In Autotask {contract} is not billed {period}, and a price of one billing cycle is never "
        "sent to a line of another.",
        f"Decide on what waits, unmap the subscription, and map it to a {period} line.",
    )
