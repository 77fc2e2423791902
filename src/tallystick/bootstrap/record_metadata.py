"""Record what a connection's Autotask says of its fields, redacted, to a private file."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.bootstrap.clients import make_client
from tallystick.bootstrap.private_file import check_new, not_written, write_private
from tallystick.connections.queries import get_connection
from tallystick.connections.recorded import Recorded
from tallystick.connections.trouble import BillingError, Throttled
from tallystick.connectors.autotask import metadata
from tallystick.connectors.autotask.wire import Wire
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.clock import Clock
from tallystick.kit.problem import InvalidInput, Unreachable


def record_metadata(
    connection_id: int,
    *,
    target: Path,
    with_udf_names: bool,
    context: Context,
    now: datetime,
    correlation_id: str,
    clock: Clock | None = None,
    http: Wire | None = None,
) -> Recorded:
    """Reads Autotask and writes ``target``, a new file; answers what is in it.

    The file appears whole or not at all. Raises NotFound, NotAllowed, InvalidInput (the file) and
    Unreachable; then nothing was written.
    """
    context.require(Right.CONNECT)
    connection = get_connection(context, connection_id)
    check_new(target)
    failure: InvalidInput | Unreachable | None = None
    found: Recorded | None = None
    try:
        document = metadata.record(
            make_client(connection.id, clock=clock, http=http),
            recorded_by=f"Tallystick {version('tallystick')}",
            recorded_on=now.astimezone(UTC).date(),
            with_udf_names=with_udf_names,
        )
        write_private(target, metadata.as_text(document))
        found = metadata.contents(document)
    except BillingError as error:
        failure = Unreachable(f"{_sentence(error)} Nothing was recorded; no file was written.")
    except OSError as error:
        failure = not_written(str(error.strerror or error))
    record(
        Event.RECORD_METADATA,
        actor=context.actor,
        now=now,
        subject=Subject(
            tenant_id=connection.tenant_id,
            reseller_id=connection.reseller_id,
            connection_id=connection.id,
            connection_name=connection.name,
        ),
        correlation_id=correlation_id,
        status=Status.SUCCEEDED if found else Status.FAILED,
        summary=_summary(found) if found else str(failure)[:1000],
        details={"with_udf_names": with_udf_names, **(found.not_read if found else {})},
    )
    if found is None:
        assert failure is not None  # noqa: S101 - one of the two
        raise failure
    return found


def _summary(found: Recorded) -> str:
    missing = f", {len(found.not_read)} parts could not be read" if found.not_read else ""
    return f"{found.fields} fields of {found.entities} kinds of record{missing}"


def _sentence(error: BillingError) -> str:
    said = f"{str(error).rstrip('.')}."
    if isinstance(error, Throttled) and error.retry_after_seconds:
        said += f" Try again in {error.retry_after_seconds / 60:.0f} minutes."
    return said[:1].upper() + said[1:]
