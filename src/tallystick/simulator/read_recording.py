"""Read a recording of a tenant's metadata: the file ``tallystick doctor --record`` writes.

Written from the format's description in the manual, not from the code that writes it. Everything
in the file is looked at before any of it is used; what is wrong is named by its place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tallystick.simulator.entities import ENTITIES
from tallystick.simulator.jsontext import read
from tallystick.simulator.recording import COSTS, NotRead, RecordedEntity, Recording

FORMAT = "Autotask metadata recorded by Tallystick"
VERSION = 1
ACCESS = ("All", "Restricted", "None")
MOST_BYTES = 16 * 1024 * 1024
_LONGEST_WINDOW = 24 * 60

T = TypeVar("T")
Check = Callable[[Any, str], Any]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class RecordingError(ValueError):
    """Not a recording this version can read; the words name what is wrong, and where."""


def read_recording_file(path: Path) -> Recording:
    """Raises RecordingError, also when the file cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as why:
        raise RecordingError(f"{path} cannot be read: {why.strerror or why}") from why
    if len(text) > MOST_BYTES:
        raise RecordingError(f"{path} is larger than {MOST_BYTES // 1024**2} MB")
    try:
        document = read(text)
    except (ValueError, RecursionError) as why:
        raise RecordingError(f"{path} is not JSON: {why}") from why
    try:
        return read_recording(document)
    except RecordingError as why:
        raise RecordingError(f"{path}: {why}") from why


def read_recording(document: Any) -> Recording:
    """Read and check a whole recording. Raises RecordingError."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RecordingError(f"this is not a recording: its format is not “{FORMAT}”")
    version = document.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RecordingError("format_version is a number from 1")
    if version > VERSION:
        raise RecordingError(
            f"format_version {version} is of a newer Tallystick ({document.get('recorded_by')!r}); "
            f"this one reads up to {VERSION}"
        )
    whole = _object(document, "the recording", _WHOLE)
    return Recording(
        recorded_by=whole["recorded_by"],
        recorded_on=whole["recorded_on"],
        api_versions=whole["api_versions"],
        threshold=whole["threshold"],
        costs=whole["costs"],
        entities=whole["entities"],
    )


# What each part of the file has to be. A check is given a value and its place in the file.


def _object(value: Any, at: str, parts: Mapping[str, Check]) -> dict[str, Any]:
    """Exactly these parts, each as its check wants it."""
    if not isinstance(value, dict):
        raise RecordingError(f"{at} is not an object")
    inside = "" if at == "the recording" else f"{at}."
    for name in parts:
        if name not in value:
            raise RecordingError(f"{inside}{name} is missing")
    for name in value:
        if name not in parts:
            raise RecordingError(f"{inside}{name} is not part of this format")
    return {name: check(value[name], f"{inside}{name}") for name, check in parts.items()}


def _list_of(check: Callable[[Any, str], T]) -> Callable[[Any, str], list[T]]:
    def checked(value: Any, at: str) -> list[T]:
        if not isinstance(value, list):
            raise RecordingError(f"{at} is not a list")
        return [check(item, f"{at}[{number}]") for number, item in enumerate(value)]

    return checked


def _or_not_read(check: Check) -> Check:
    def checked(value: Any, at: str) -> Any:
        if isinstance(value, dict) and "not_read" in value:
            return NotRead(_object(value, at, {"not_read": _text})["not_read"])
        return check(value, at)

    return checked


def _or_null(check: Check) -> Check:
    return lambda value, at: None if value is None else check(value, at)


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise RecordingError(f"{at} is not a text")
    return value


def _day(value: Any, at: str) -> str:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise RecordingError(f"{at} is not a day like 2026-05-03")
    return value


def _flag(value: Any, at: str) -> bool:
    if not isinstance(value, bool):
        raise RecordingError(f"{at} is neither true nor false")
    return value


def _whole(value: Any, at: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RecordingError(f"{at} is not a whole number")
    return value


def _from_to(least: int, most: int) -> Check:
    def checked(value: Any, at: str) -> int:
        if not least <= _whole(value, at) <= most:
            raise RecordingError(f"{at} is not between {least} and {most}")
        return int(value)

    return checked


def _one_of(words: tuple[str, ...]) -> Check:
    def checked(value: Any, at: str) -> Any:
        if value not in words:
            raise RecordingError(f"{at} is one of {', '.join(words)}, not {value!r}")
        return value

    return checked


_may_text, _may_flag, _may_whole = _or_null(_text), _or_null(_flag), _or_null(_whole)
_access = _or_null(_one_of(ACCESS))

_INFORMATION: Mapping[str, Check] = {
    "name": _may_text,
    "canCreate": _may_flag,
    "canDelete": _may_flag,
    "canQuery": _may_flag,
    "canUpdate": _may_flag,
    "userAccessForCreate": _access,
    "userAccessForDelete": _access,
    "userAccessForQuery": _access,
    "userAccessForUpdate": _access,
    "hasUserDefinedFields": _may_flag,
    "supportsWebhookCallouts": _may_flag,
}
_VALUE: Mapping[str, Check] = {
    "value": _text,
    "label": _text,
    "isDefaultValue": _may_flag,
    "sortOrder": _may_whole,
    "parentValue": _may_text,
    "isActive": _may_flag,
    "isSystem": _may_flag,
}
_OF_EVERY_FIELD: Mapping[str, Check] = {
    "name": _text,
    "length": _or_null(_from_to(0, 10**9)),
    "isRequired": _may_flag,
    "isReadOnly": _may_flag,
    "isQueryable": _may_flag,
    "isReference": _may_flag,
    "referenceEntityType": _may_text,
    "isPickList": _may_flag,
    "picklistValues": _or_null(_list_of(lambda value, at: _object(value, at, _VALUE))),
    "picklistParentValueField": _may_text,
    "isSupportedWebhookField": _may_flag,
}
_FIELD: Mapping[str, Check] = {**_OF_EVERY_FIELD, "dataType": _may_text}
_UDF: Mapping[str, Check] = {**_OF_EVERY_FIELD, "label": _may_text, "type": _may_text}


def _named(parts: Mapping[str, Check]) -> Check:
    """A list of fields, no name twice."""

    def checked(value: Any, at: str) -> list[dict[str, Any]]:
        fields = _list_of(lambda item, place: _object(item, place, parts))(value, at)
        seen: set[str] = set()
        for field in fields:
            if field["name"].lower() in seen:
                raise RecordingError(f"{at} has {field['name']} twice")
            seen.add(field["name"].lower())
        return fields

    return checked


def _fields(value: Any, at: str) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = _named(_FIELD)(value, at)
    if not any(field["name"] == "id" for field in fields):
        raise RecordingError(f"{at} has no id")
    return fields


def _entities(value: Any, at: str) -> dict[str, RecordedEntity]:
    if not isinstance(value, dict):
        raise RecordingError(f"{at} is not an object")
    entities = {}
    for name, facts in value.items():
        if name not in ENTITIES:
            raise RecordingError(f"{at}.{name}: the simulator has no entity of that name")
        entities[name] = RecordedEntity(**_object(facts, f"{at}.{name}", _ENTITY))
    return entities


_ENTITY: Mapping[str, Check] = {
    "information": _or_not_read(lambda value, at: _object(value, at, _INFORMATION)),
    "fields": _or_not_read(_fields),
    "user_defined_fields": _or_not_read(_named(_UDF)),
}
_THRESHOLD: Mapping[str, Check] = {
    "limit": _from_to(0, 10**9),
    "minutes": _from_to(1, _LONGEST_WINDOW),
}
_WHOLE: Mapping[str, Check] = {
    "format": _text,
    "format_version": _whole,
    "recorded_by": _text,
    "recorded_on": _day,
    "api_versions": _or_not_read(_list_of(_text)),
    "threshold": _or_not_read(lambda value, at: _object(value, at, _THRESHOLD)),
    "costs": _one_of(COSTS),
    "entities": _entities,
}
