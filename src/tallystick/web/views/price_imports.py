"""Import a price list: choose the file, look at what it would change, then import it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.catalog.price_asked import require_csp
from tallystick.catalog.price_queries import list_imports
from tallystick.catalog.price_uploads import forget_upload, keep_upload, kept_upload
from tallystick.catalog.price_words import PriceIsFor
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.sources.import_prices import PriceFile, PricesImported, file_name, import_prices
from tallystick.web.addresses import Address
from tallystick.web.forms import Field
from tallystick.web.uploads import MOST_OF_A_LIST
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted, error_sentence

_LABELS = {
    "file": "The file",
    "price_is_for": "What the figures are for",
    "currency": "Currency",
    "market": "Market",
}
_IS_FOR = [
    (PriceIsFor.TERM.value, "The whole term"),
    (PriceIsFor.CYCLE.value, "One billing cycle"),
]


@screen("GET", "POST")
def price_imports(visit: Visit) -> HttpResponse:
    """What was imported, newest first, and the form. A POST shows what the file would change."""
    require_csp(visit.context)
    if visit.request.method != "POST":
        return _form(visit, {})
    require_csp(visit.context, Right.OPERATE)
    values = {name: visit.request.POST.get(name, "").strip()[:40] for name in _LABELS}
    try:
        name, content = _sent(visit)
        file = _file(name, values)
        tried = import_prices(io.BytesIO(content), file, by=visit.by(), dry_run=True)
    except InvalidInput as problem:
        return _form(visit, values, problem.errors)
    except Conflicting as problem:
        return _form(visit, values, [FieldError("file", f": {problem}")])
    upload_id = keep_upload(file.name, values, content, by=visit.by())
    return _preview(visit, upload_id, file.name, tried)


@screen("POST")
def price_import(visit: Visit, upload_id: int) -> HttpResponse:
    """Import what was looked at; held prices only when they are accepted."""
    try:
        kept = kept_upload(upload_id, by=visit.by())
    except NotFound as problem:
        messages.warning(visit.request, str(problem))
        return redirect("price-imports")
    accepted = visit.request.POST.get("accept_large_moves") == "yes"
    file = _file(kept.name, kept.asked, accept=accepted)
    try:
        done = import_prices(kept.content, file, by=visit.by())
    except InvalidInput:
        # Held (the tick is missing), or somebody imported in between: look again.
        kept.content.seek(0)
        tried = import_prices(kept.content, file, by=visit.by(), dry_run=True)
        return _preview(visit, upload_id, file.name, tried, missing_tick=True)
    forget_upload(upload_id, by=visit.by())
    changed = counted(done.added + done.replaced, "price")
    messages.success(visit.request, f"Imported {file.name}: {changed} new or changed.")
    return redirect("price-imports")


def _sent(visit: Visit) -> tuple[str, bytes]:
    """Raises InvalidInput."""
    sent = visit.request.FILES.get("file")
    if sent is None:
        raise InvalidInput.one("file", "must be chosen")
    if (sent.size or 0) > MOST_OF_A_LIST:
        raise InvalidInput.one("file", "is larger than 50 MB: zip it, or import it by command")
    return file_name(sent.name or ""), sent.read()


def _file(name: str, values: Mapping[str, str], *, accept: bool = False) -> PriceFile:
    """Raises InvalidInput."""
    if values.get("price_is_for") not in {one.value for one in PriceIsFor}:
        raise InvalidInput.one("price_is_for", "must be chosen")
    is_for = PriceIsFor(values["price_is_for"])
    return PriceFile(name, is_for, values["currency"], values["market"], accept)


def _form(
    visit: Visit, values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> HttpResponse:
    known = {error.field for error in errors} & set(_LABELS)
    address = Address.read(visit.request.GET, ())
    page = list_imports(visit.context, cursor=address.cursor or None)
    return visit.render(
        "web/prices/imports.html",
        rail="prices",
        status=400 if errors else 200,
        fields={
            name: Field(
                name=name,
                label=label,
                value=values.get(name, ""),
                errors=[error_sentence(label, one) for one in errors if one.field == name],
                focus=bool(known) and name == next(one for one in _LABELS if one in known),
            )
            for name, label in _LABELS.items()
        },
        lines=[_line(one) for one in errors if one.field not in known],
        is_for=_IS_FOR,
        rows=page.items,
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


def _line(error: FieldError) -> str:
    """``Line 7, UnitPrice: “x” is not an amount.``"""
    text = re.sub(r"^line", "Line", str(error)) if hasattr(error, "line") else error.message
    return text if text.endswith(".") else f"{text}."


def _preview(
    visit: Visit, upload_id: int, name: str, tried: PricesImported, *, missing_tick: bool = False
) -> HttpResponse:
    return visit.render(
        "web/prices/preview.html",
        rail="prices",
        status=400 if missing_tick else 200,
        upload_id=upload_id,
        name=name,
        tried=tried,
        changes=tried.added + tried.replaced,
        missing_tick=missing_tick,
    )
