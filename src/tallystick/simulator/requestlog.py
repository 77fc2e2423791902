"""The last requests and what became of them. Secrets never get in: headers are not kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallystick.simulator.messages import Request

KEPT = 10_000
_READ_EXCERPT = 600
_WRITE_EXCERPT = 4000


@dataclass(slots=True)
class Entry:
    """One request. ``status`` is ``None`` while it is open and when nothing was answered."""

    seq: int
    time: datetime
    method: str
    path: str
    code: str
    body: str
    status: int | None = None
    answer: str = ""
    ending: str = "open"
    fault: str | None = None
    fault_id: int | None = None
    contract_service_id: int | None = None
    applied_late: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class RequestLog:
    """A ring of entries, newest last. ``hide`` is text that must never be kept."""

    def __init__(self, *, hide: tuple[str, ...]) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._hide = tuple(text for text in hide if text)
        self._last_seq = 0

    def __len__(self) -> int:
        return len(self._entries)

    def begin(self, request: Request, now: datetime) -> Entry:
        self._last_seq += 1
        code = request.headers.get("apiintegrationcode", "")
        entry = Entry(
            seq=self._last_seq,
            time=now,
            method=request.method,
            path=self._clean(_without_user(request.target)),
            code=f"{code[:3]}…" if code else "",
            body=self._excerpt(request.body, request),
        )
        self._entries.append(entry)
        return entry

    def excerpt(self, text: bytes, path: str) -> str:
        most = _READ_EXCERPT if "query" in path.lower() else _WRITE_EXCERPT
        return self._clean(text[:most].decode("utf-8", "replace"))

    def _excerpt(self, body: bytes, request: Request) -> str:
        return self.excerpt(body, request.target) if body else ""

    def _clean(self, text: str) -> str:
        for hidden in self._hide:
            if hidden in text:
                text = text.replace(hidden, "***")
        return text

    def after(self, seq: int = 0, limit: int | None = None) -> list[Entry]:
        """Entries newer than ``seq``, oldest first, at most ``limit``."""
        found = [entry for entry in self._entries if entry.seq > seq]
        return found if limit is None else found[:limit]

    def newest(self, limit: int) -> list[Entry]:
        """The newest entries, newest first."""
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if len(found) == limit:
                break
            found.append(entry)
        return found

    @property
    def last_seq(self) -> int:
        return self._last_seq


def _without_user(target: str) -> str:
    path, mark, query = target.partition("?")
    if not mark or "user=" not in query.lower():
        return target
    kept = [part for part in query.split("&") if not part.lower().startswith("user=")]
    return f"{path}?{'&'.join([*kept, 'user=***'])}"
