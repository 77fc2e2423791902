"""What a test of a connection answers: each thing by itself, with what a person can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """``name`` is for programs, ``title`` for pages. ``words``: what was seen. ``todo``: what a
    person can do, a sentence; empty when nothing has to be done."""

    name: str
    title: str
    ok: bool
    words: str
    todo: str = ""
