"""Small pieces of HTML; everything that comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any


@cache
def _template(name: str) -> Template:
    return Template(template_text(name))


@cache
def template_text(name: str) -> str:
    """A file of ``templates/`` as text."""
    return (files("tallystick.simulator") / "templates" / name).read_text("utf-8")


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def safe(value: Any) -> Markup:
    """``value`` as HTML: escaped unless it is Markup; ``None`` is a dash."""
    if isinstance(value, Markup):
        return value
    return Markup("–" if value is None else escape(str(value)))


def fill(template: str, /, **values: Any) -> Markup:
    """A template with its places filled, each escaped unless it is Markup."""
    return Markup(
        _template(template).substitute({key: safe(value) for key, value in values.items()})
    )


def joined(parts: Iterable[Markup]) -> Markup:
    return Markup("".join(parts))


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[int] = (),
    texts: Sequence[int] = (),
    marked: int | None = None,
    empty: str = "None.",
) -> Markup:
    """A table; columns in ``numbers`` are right-aligned, row ``marked`` stands out."""

    def kind(column: int) -> str:
        if column in numbers:
            return ' class="number"'
        return ' class="text"' if column in texts else ""

    lines = [
        ('<tr class="now">' if index == marked else "<tr>")
        + "".join(f"<td{kind(c)}>{safe(value)}</td>" for c, value in enumerate(row))
        + "</tr>"
        for index, row in enumerate(rows)
    ]
    if not lines:
        return Markup(f'<p class="quiet">{safe(empty)}</p>')
    head = "".join(f"<th{kind(c)}>{safe(text)}</th>" for c, text in enumerate(heads))
    return Markup(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>")


def hidden(values: Mapping[str, Any]) -> Markup:
    """Hidden form fields."""
    return joined(
        Markup(f'<input type="hidden" name="{safe(name)}" value="{safe(value)}">')
        for name, value in values.items()
    )


def button(label: str, action: str, values: Mapping[str, Any], *, plain: bool = False) -> Markup:
    """A form of its own with one button."""
    look = ' class="plain"' if plain else ""
    return Markup(
        f'<form class="inline" method="post" action="/simulator/act/{safe(action)}">'
        f"{hidden(values)}<button{look}>{safe(label)}</button></form>"
    )


def options(choices: Iterable[Any], chosen: Any = None) -> Markup:
    return joined(
        Markup(f"<option{' selected' if choice == chosen else ''}>{safe(choice)}</option>")
        for choice in choices
    )


def link(address: str, text: Any) -> Markup:
    return Markup(f'<a href="{safe(address)}">{safe(text)}</a>')
