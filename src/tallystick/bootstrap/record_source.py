"""Record a few answers of a source, redacted, to a private file: what tests are made of."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from tallystick.audit.events import Event
from tallystick.bootstrap.private_file import check_new, not_written, write_private
from tallystick.bootstrap.source_clients import recording_reader_of
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Unreachable
from tallystick.kit.secrets import CannotOpen
from tallystick.sources.add_source import note_source
from tallystick.sources.read_sources import visible_source
from tallystick.sources.record_traffic import Traffic
from tallystick.sources.wire import SourceTrouble


def record_source(
    source_id: int, *, target: Path, context: Context, now: datetime, correlation_id: str
) -> int:
    """How many answers are in it; nothing is recorded here of what they say.

    Raises NotFound, NotAllowed, InvalidInput (the file) and Unreachable; then there is no file.
    """
    context.require(Right.CONNECT)
    source = visible_source(context, source_id)
    check_new(target)
    traffic = Traffic()
    try:
        recording_reader_of(source, traffic).sample(now)
    except (SourceTrouble, CannotOpen) as trouble:
        raise Unreachable(f"{trouble} Nothing was recorded; no file was written.") from None
    document = {
        "recorded_by": f"Tallystick {version('tallystick')}",
        "kind": source.kind,
        "answers": traffic.answers,
    }
    try:
        write_private(target, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise not_written(str(error.strerror or error)) from None
    words = f"{source.name}: {len(traffic.answers)} answers, redacted, to a file"
    note_source(Event.RECORD_SOURCE, source, words, context, now, correlation_id)
    return len(traffic.answers)
