"""What pydantic found wrong, as fields and sentences; never the value, which may be a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind

_TAGS = {kind.value for kind in OperationKind}
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be text",
    "int_type": "must be a whole JSON number, like 12",
    "bool_type": "must be true or false",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "list_type": "must be a JSON list",
}


def errors_of(found: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    return [FieldError(_field(one), _message(one)) for one in found]


def _field(error: Mapping[str, Any]) -> str:
    # ("query", "limit") or ("body", "body", "update_quantity", "quantity"): the first says where,
    # the second in a body is our parameter's name. Before a field may stand the kind of operation
    # that was recognised; it is no part of what was sent.
    where, *parts = (str(part) for part in error["loc"])
    if where == "body":
        parts = parts[1:]
    parts = [part for part in parts[:-1] if part not in _TAGS] + parts[-1:]
    if error["type"].startswith("union_tag"):
        parts.append("kind")
    return ".".join(parts) or "body"


def _message(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "union_tag_not_found":
        return "is missing"
    if kind == "union_tag_invalid":
        return f"must be one of {context.get('expected_tags', '').replace(chr(39), '')}"
    if kind == "value_error":
        return str(context.get("error", "is not valid"))
    if kind in _WORDS:
        return _WORDS[kind]
    words = str(error["msg"])
    words = words.replace("Input should be ", "must be ").replace("String should ", "should ")
    return words[:1].lower() + words[1:]
