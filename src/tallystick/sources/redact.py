"""What a source answered, without whose it is: an allow-list, not a list of secrets. Pure.

Its shape is kept: names of fields, kinds of values, how days and ids are written. Of the values
only those of the vendor's own lists get through. For a text, an id or a number that is not named
here stands a made-up one, for the same text or id the same; every day is the same day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

# Fields whose values are words of the vendor's.
WORDS: Final = frozenset(
    {
        "status",
        "billingtype",
        "billingcycle",
        "billingterm",
        "termduration",
        "renewaltermduration",
        "term",
        "unittype",
        "contracttype",
        "consumptiontype",
        "objecttype",
        "operationtype",
        "operationstatus",
        "resourcetype",
        "actiontype",
        "scheduletype",
        "relationshiptopartner",
        "currencycode",
        "method",
    }
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}", re.ASCII)
_FIELD = re.compile(r"(?:@odata\.)?[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DAY = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:. ]{0,24}(?:Z|[+-][0-9:]{4,5})?)?", re.ASCII
)
# ``product:sku:availability`` of Microsoft's public catalogue.
_OFFER = re.compile(r"[A-Z0-9]{12}:[A-Z0-9]{4}(?::[A-Z0-9]{12})?", re.ASCII)
# ``SubscriptionId-0``: the names in a record of the activity log.
_PAIR = re.compile(r"[A-Za-z]{2,40}-[0-9]{1,2}", re.ASCII)
_DEEPEST: Final = 20
LEFT_OUT: Final = "left out"


class Redaction:
    """One recording: what was told twice is told by the same made-up value twice."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def of(self, value: Any, *, field: str = "", depth: int = 0) -> Any:
        """The same shape."""
        if depth > _DEEPEST:
            return LEFT_OUT
        if isinstance(value, Mapping):
            return {
                self._name(name): self.of(part, field=str(name).lower(), depth=depth + 1)
                for name, part in value.items()
            }
        if isinstance(value, list):
            return [self.of(part, field=field, depth=depth + 1) for part in value]
        if isinstance(value, str):
            return self._text(value, field, depth)
        if isinstance(value, bool) or value is None:
            return value
        return 1.5 if isinstance(value, float) else 1

    def path(self, path: str) -> str:
        """Of an address; every id in it by its made-up one, and nothing behind a question mark."""
        return _GUID.sub(lambda found: self._id(found.group()), path.partition("?")[0])

    def _name(self, name: object) -> str:
        text = str(name)
        return text if _FIELD.fullmatch(text) and not _GUID.search(text) else self._made_up(text)

    def _text(self, value: str, field: str, depth: int) -> str:
        if not value:
            return value
        if _GUID.fullmatch(value):
            return self._id(value)
        if day := _DAY.fullmatch(value):
            return "2026-01-02" + re.sub("[0-9]", "0", day.group(1) or "")
        if value.lstrip()[:1] in {"{", "["}:
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                return self._made_up(value)
            return json.dumps(self.of(inner, depth=depth + 1))
        known = (
            (field in WORDS and _WORD.fullmatch(value))
            or (field == "offerid" and _OFFER.fullmatch(value))
            or (field == "key" and _PAIR.fullmatch(value))
        )
        return value if known else self._made_up(value)

    def _id(self, value: str) -> str:
        number = len(self._ids) + 1
        return self._ids.setdefault(value.lower(), f"11111111-1111-4111-8111-{number:012}")

    def _made_up(self, value: str) -> str:
        return self._texts.setdefault(value, f"text {len(self._texts) + 1}")
