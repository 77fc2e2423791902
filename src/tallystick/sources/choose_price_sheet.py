"""Say which price sheet of a source is read, once a month and now: its market, what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.catalog.price_asked import require_csp
from tallystick.catalog.price_words import PriceIsFor
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import FieldError, InvalidInput, NotFound
from tallystick.kit.secrets import Secret
from tallystick.sources.add_source import note_source
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source
from tallystick.sources.sealing import open_secrets, seal_secrets

REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - the name of a field
LONGEST_TOKEN: Final = 8000
_MARKET = re.compile(r"[A-Z]{2}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class PriceSheetChoice:
    """``market`` empty: no price sheet is read, and the refresh token is forgotten.
    ``refresh_token`` empty: as it was."""

    market: str
    is_for: str
    refresh_token: Secret


def choose_price_sheet(
    source_id: int,
    choice: PriceSheetChoice,
    *,
    context: Context,
    keys: KeyRing,
    now: datetime,
    correlation_id: str,
) -> None:
    """Nothing is called; it is read soon. Raises NotFound, NotAllowed, InvalidInput, CannotOpen."""
    context.require(Right.CONNECT)
    market = choice.market.strip().upper()
    with transaction.atomic():
        rows = Source.objects.select_for_update(no_key=True)
        row = with_price_sheets(rows.filter(**context.scope(), pk=source_id).first())
        require_csp(context, Right.CONNECT)
        _check(choice, market)
        if not market:
            _forget_refresh_token(row, keys)
        elif choice.refresh_token.reveal().strip():
            keep_refresh_token(row, choice.refresh_token, keys)
        row.price_sheet = {"market": market, "is_for": choice.is_for} if market else {}
        row.prices_next_at = now if market else None
        row.save(update_fields=["price_sheet", "prices_next_at", "secret_sealed", "key_id"])
        which = f"the price sheet of {market}, figures for a {choice.is_for}"
        words = f"{row.name}: {which if market else 'no price sheet'} is read"
        note_source(Event.UPDATE_SOURCE, row, words, context, now, correlation_id)


def with_price_sheets(row: Source | None) -> Source:
    """Raises NotFound, InvalidInput: only a Partner Center has them."""
    if row is None:
        raise NotFound("There is no such source.")
    if row.kind != SourceKind.PARTNER_CENTER.value:
        raise InvalidInput.one("source", "has no price sheets: a Partner Center has")
    return row


def keep_refresh_token(row: Source, token: Secret, keys: KeyRing) -> None:
    """Put on the row, which is not saved. In a transaction that holds it. Raises CannotOpen."""
    kept = Secret(token.reveal().strip())
    seal_secrets(row, {**open_secrets(row, keys), REFRESH_TOKEN: kept}, keys)


def _forget_refresh_token(row: Source, keys: KeyRing) -> None:
    """As ``keep_refresh_token``."""
    kept = dict(open_secrets(row, keys))
    if kept.pop(REFRESH_TOKEN, None) is not None:
        seal_secrets(row, kept, keys)


def _check(choice: PriceSheetChoice, market: str) -> None:
    errors, token = [], choice.refresh_token.reveal().strip()
    if market and not _MARKET.match(market):
        errors.append(FieldError("market", "must be two letters, like DE"))
    if market and choice.is_for not in {one.value for one in PriceIsFor}:
        words = "must be said, term or cycle: what the figures of its price sheets buy"
        errors.append(FieldError("price_is_for", words))
    if len(token) > LONGEST_TOKEN or not (token.isascii() and (token + "x").isprintable()):
        errors.append(FieldError("refresh_token", "is not a refresh token: copy it whole"))
    if errors:
        raise InvalidInput(errors)
