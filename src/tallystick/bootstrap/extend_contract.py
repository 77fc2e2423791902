"""Give a contract a later last day in Autotask. Never an earlier one.

The day is absolute: sent twice it is the same, so an answer that was lost is settled by reading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.bootstrap.clients import make_contracts
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.connections.trouble import BillingError
from tallystick.connectors.autotask.contracts import AutotaskContracts
from tallystick.directory.port import Contract
from tallystick.directory.queries import contracts_by_id
from tallystick.directory.refresh import note_last_day
from tallystick.identity.roles import Right
from tallystick.kit.clock import monotonic
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound, Unreachable
from tallystick.mappings.resolve import forget_facts
from tallystick.operations.finish import Asked
from tallystick.sync.port import Applied, NoClearAnswer

MOST_YEARS = 10
ContractsOf = Callable[[int], AutotaskContracts]


@dataclass(frozen=True, slots=True)
class Extended:
    """The last day before and after, as Autotask was read."""

    contract: Contract
    before: date
    after: date


def known_contract(connection: ConnectionView, contract_id: int) -> Contract:
    """Raises NotFound when the directory does not have it."""
    contract = contracts_by_id(connection.id, [contract_id]).get(contract_id)
    if contract is None:
        raise NotFound("Autotask has no such contract, as it was last read. Refresh the list.")
    return contract


def extend_contract(
    contract_id: int,
    connection_id: int,
    *,
    until: date,
    asked: Asked,
    contracts: ContractsOf = make_contracts,
) -> Extended:
    """Read, set, read back. Reads and writes Autotask; never inside a transaction.

    Raises NotFound, NotAllowed, InvalidInput, Conflicting, Unreachable; each says what was sent.
    """
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    contract = known_contract(connection, contract_id)
    if connection.is_paused(asked.now):
        raise Conflicting(f"{connection.name} is paused: nothing was sent. Resume it first.")
    try:
        there = contracts(connection.id)
        before = there.last_day(contract_id)
        _check(before, until)
        assert before is not None  # noqa: S101 - _check has raised otherwise
        answer = there.extend(
            contract_id, until=until, now=before, deadline=monotonic() + settings.SEND_SECONDS
        )
    except BillingError as error:
        raise Unreachable(f"{error} Nothing was sent.") from error
    if not isinstance(answer, Applied | NoClearAnswer):
        said = f"Autotask did not take it: {answer.reason}"
        _note(connection, contract, before, until, asked, Status.FAILED, said)
        raise Conflicting(f"{said} The contract is as it was.")
    try:
        after = there.last_day(contract_id)
    except BillingError as error:
        said = f"It was sent, and could not be read back. {error}"
        _note(connection, contract, before, until, asked, Status.FAILED, said)
        raise Unreachable(f"{said} Sending the same day again is harmless.") from error
    if after != until:
        shown = in_words(after) if after is not None else "no last day"
        said = f"It was sent, and Autotask shows {shown}."
        _note(connection, contract, before, until, asked, Status.FAILED, said)
        raise Unreachable(f"{said} Sending the same day again is harmless.")
    words = f"{contract.name} ends on {in_words(until)} instead of {in_words(before)}"
    with transaction.atomic():
        note_last_day(connection.id, contract_id, until)
        forget_facts(connection.id, contract_id)
        _note(connection, contract, before, until, asked, Status.SUCCEEDED, words)
    return Extended(contract, before, until)


def _check(before: date | None, until: date) -> None:
    if before is None:
        raise Conflicting(
            "Autotask shows no such contract with a last day any more. Nothing was sent. Refresh "
            "the list."
        )
    if until <= before:
        raise InvalidInput.one(
            "ends_on",
            f"must be later than {in_words(before)}, its last day in Autotask now. A contract is "
            "never shortened: that would delete what is billed after it",
        )
    if until.year > before.year + MOST_YEARS:
        raise InvalidInput.one("ends_on", f"must be within {MOST_YEARS} years of its last day")


def _note(
    connection: ConnectionView,
    contract: Contract,
    before: date,
    until: date,
    asked: Asked,
    status: Status,
    words: str,
) -> None:
    record(
        Event.EXTEND_CONTRACT,
        actor=asked.context.actor,
        now=asked.now,
        subject=Subject(
            tenant_id=connection.tenant_id,
            reseller_id=connection.reseller_id,
            connection_id=connection.id,
            connection_name=connection.name,
        ),
        correlation_id=asked.correlation_id,
        status=status,
        summary=words[:1000],
        details={
            "contract_id": contract.id,
            "contract": contract.name,
            "before": before.isoformat(),
            "after": until.isoformat(),
        },
    )
