"""Edit a connection: its name, policies, quiet time, share of the calls, credentials; and, until
something is mapped to it, its currencies and its time zone.

A worker keeps a connector per connection; it asks ``credentials_version`` when a turn begins and
makes a new connector when the stored credentials are no longer the ones it was made with. So new
credentials need no restart and no message.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.connections.create import wrong_currency, wrong_time_zone
from tallystick.connections.models import Connection
from tallystick.connections.policies import POLICIES
from tallystick.connections.queries import living
from tallystick.connections.sealing import SEALED, seal, unseal
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import FieldError, InvalidInput, NotFound
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, SealingKey, Secret
from tallystick.ledger.models import Lane

LONGEST_NAME = 200
LONGEST_QUIET = 86_400
LARGEST_ID = 2**63
LEAST_SHARE, LARGEST_SHARE = Decimal("0.05"), Decimal("0.9")
SHARE_PLACES = 3
# The widths of the column and of what a connector can send.
LONGEST_CREDENTIAL = {"user_name": 200, "secret": 500, "code": 500}
# They say what amounts and days mean: fixed from the first mapping on.
FIXED_ONCE_MAPPED = ("price_currency", "cost_currency", "time_zone")
WORDS = {
    "name": "name",
    "price_currency": "price currency",
    "cost_currency": "cost currency",
    "time_zone": "time zone",
    "budget_share": "share of the calls",
    "quiet_seconds": "quiet time",
    "same_day": "second change on one day",
    "same_day_policy": "when a day has a change already",
    "back_dated": "back-dated changes",
    "cancel_rule": "cancellations",
    "increase_day": "more units",
    "decrease_day": "fewer units",
    "posted_quantity": "units in a posted period",
    "price_day": "prices",
    "suspend_nce": "suspended NCE licences",
    "suspend_other": "other suspended subscriptions",
    "azure_amounts": "Azure amounts",
    "charge_code": "billing code of charges",
    "mode": "review",
    "invoice_name": "invoice description",
    "user_name": "API user",
    "secret": "secret",
    "code": "integration code",
}
_ONE_LINE = re.compile(r"[!-~](?:[ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be changed; None leaves it. Policies by their value, the share as 0.05 to 0.9."""

    name: str | None = None
    price_currency: str | None = None
    cost_currency: str | None = None
    time_zone: str | None = None
    budget_share: Decimal | None = None
    quiet_seconds: int | None = None
    same_day: str | None = None
    same_day_policy: str | None = None
    back_dated: str | None = None
    cancel_rule: str | None = None
    increase_day: str | None = None
    decrease_day: str | None = None
    posted_quantity: str | None = None
    price_day: str | None = None
    suspend_nce: str | None = None
    suspend_other: str | None = None
    azure_amounts: str | None = None
    mode: str | None = None
    charge_code: int | None = None
    invoice_name: str | None = None
    user_name: str | None = field(default=None, repr=False)
    secret: Secret | None = None
    code: Secret | None = None

    def settings(self) -> dict[str, Any]:
        """What is given, as the columns hold it, credentials left out."""
        given = {
            "name": None if self.name is None else self.name.strip(),
            "price_currency": self.price_currency,
            "cost_currency": self.cost_currency,
            "time_zone": self.time_zone,
            "budget_share": self.budget_share,
            "quiet_seconds": self.quiet_seconds,
            "charge_code": self.charge_code,
            **{policy: getattr(self, policy) for policy in POLICIES},
        }
        return {name: value for name, value in given.items() if value is not None}

    def credentials(self) -> dict[str, Secret]:
        """What is given of them, each masked."""
        given = {
            "user_name": None if self.user_name is None else Secret(self.user_name),
            "secret": self.secret,
            "code": self.code,
        }
        return {name: value for name, value in given.items() if value is not None}


def edit_connection(
    connection_id: int,
    changes: Changes,
    *,
    context: Context,
    keys: KeyRing,
    now: datetime,
    correlation_id: str,
) -> Sequence[str]:
    """All of it or nothing; answers the names of what is another now than before.

    A secret that is given counts as replaced, also by itself: whether it is the same is not told.
    Raises NotAllowed, NotFound, InvalidInput.
    """
    context.require(Right.CONNECT)
    errors = _check(changes)
    if errors:
        raise InvalidInput(errors)
    with transaction.atomic():
        key = key_to_seal(keys)
        row = living(context).select_for_update(no_key=True).filter(pk=connection_id).first()
        if row is None:
            raise NotFound("There is no such connection.")
        before = {name: getattr(row, name) for name in changes.settings()}
        after = {name: to for name, to in changes.settings().items() if to != before[name]}
        _refuse_what_is_fixed(row, after)
        replaced = _replace_credentials(row, changes.credentials(), key, keys)
        if not after and not replaced:
            return ()
        for name, value in after.items():
            setattr(row, name, value)
        _save(row, [*after, *replaced])
        record(
            Event.UPDATE_CONNECTION,
            actor=context.actor,
            now=now,
            subject=Subject(
                tenant_id=row.tenant_id,
                reseller_id=row.reseller_id,
                connection_id=row.pk,
                connection_name=row.name,
            ),
            correlation_id=correlation_id,
            summary=in_words([*after, *replaced]),
            details=_details({name: before[name] for name in after}, after, replaced),
        )
    return (*after, *replaced)


def in_words(names: Sequence[str]) -> str:
    """``Quiet time, secret``."""
    text = ", ".join(WORDS[name] for name in names)
    return text[:1].upper() + text[1:]


def budget_shares(context: Context) -> Mapping[int, Decimal]:
    """Each connection's share of the hour's calls, by its id."""
    return dict(living(context).values_list("pk", "budget_share"))


def is_fixed(connection_id: int) -> bool:
    """Whether something was ever mapped to it: its currencies and its time zone stay."""
    return Lane.objects.filter(connection_id=connection_id).exists()


def _refuse_what_is_fixed(row: Connection, after: Mapping[str, Any]) -> None:
    """Raises InvalidInput."""
    fixed = [name for name in FIXED_ONCE_MAPPED if name in after]
    if fixed and is_fixed(row.pk):
        why = "cannot be changed any more: subscriptions were mapped with it. Make a new connection"
        raise InvalidInput([FieldError(name, why) for name in fixed])


def credentials_version(connection_id: int) -> bytes:
    """Another one whenever any of the stored credentials is another. One small query."""
    found = Connection.objects.values_list("user_name", "key_id", "secret_sealed", "code_sealed")
    digest = hashlib.sha256()
    for part in found.get(pk=connection_id):
        content = part.encode() if isinstance(part, str) else bytes(part)
        digest.update(len(content).to_bytes(4, "big") + content)
    return digest.digest()


def _replace_credentials(
    row: Connection, given: Mapping[str, Secret], key: SealingKey, keys: KeyRing
) -> Sequence[str]:
    """Put them on the row; answers which. Raises InvalidInput."""
    # The user name is replaced without being named in the audit log either.
    sealed = [name for name in given if name in SEALED]
    if sealed:
        kept = {} if row.key_id == key.key_id else _kept(row, SEALED.keys() - sealed, keys)
        seal(row, {**kept, **{name: given[name] for name in sealed}}, key)
    user_name = given.get("user_name")
    if user_name is None or user_name.reveal() == row.user_name:
        return sealed
    row.user_name = user_name.reveal()
    return ["user_name", *sealed]


def _kept(row: Connection, names: Collection[str], keys: KeyRing) -> Mapping[str, Secret]:
    """What is not replaced and is under another key than the rest will be: two values under two
    keys could never be opened together. Raises InvalidInput when it does not open."""
    try:
        return unseal(row, names, keys)
    except CannotOpen:
        raise InvalidInput(
            [
                FieldError(name, "does not open with this server's keys: enter it as well")
                for name in sorted(names)
            ]
        ) from None


def _save(row: Connection, names: Sequence[str]) -> None:
    columns = {name for name in names if name not in SEALED}
    if len(columns) < len(names):
        columns |= {"key_id", *SEALED.values()}
    try:
        with transaction.atomic():
            row.save(update_fields=columns)
    except IntegrityError:
        if "name" not in names:
            raise
        raise InvalidInput.one("name", "is the name of another connection already") from None


def _details(
    before: Mapping[str, Any], after: Mapping[str, Any], replaced: Sequence[str]
) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if after:
        details["before"] = {name: _plain(value) for name, value in before.items()}
        details["after"] = {name: _plain(value) for name, value in after.items()}
    if replaced:
        details["replaced"] = list(replaced)
    return details


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case StrEnum():
            return value.value
        case _:
            return value


def _check(changes: Changes) -> list[FieldError]:
    errors = [
        FieldError(name, message)
        for name, value in changes.settings().items()
        if (message := _wrong_setting(name, value))
    ]
    for name, secret in changes.credentials().items():
        text, longest = secret.reveal(), LONGEST_CREDENTIAL[name]
        if not _ONE_LINE.fullmatch(text) or len(text) > longest:
            errors.append(
                FieldError(
                    name,
                    f"must be 1 to {longest} plain characters on one line, without a blank before "
                    "or after",
                )
            )
    return errors


def _wrong_setting(name: str, value: Any) -> str:
    """What is wrong with it, or nothing."""
    if name in POLICIES:
        known = [one.value for one in POLICIES[name]]
        return "" if value in known else f"must be one of {', '.join(known)}"
    if name == "name":
        # A line of text: no control characters, no halves of characters.
        fits = 1 <= len(value) <= LONGEST_NAME and not any(
            unicodedata.category(one) in ("Cc", "Cs") for one in value
        )
        return "" if fits else f"must have 1 to {LONGEST_NAME} characters on one line"
    if name in ("price_currency", "cost_currency"):
        return wrong_currency(value)
    if name == "time_zone":
        return wrong_time_zone(value)
    if name == "quiet_seconds":
        fits = type(value) is int and 0 <= value <= LONGEST_QUIET
        return "" if fits else f"must be a whole number of seconds, 0 to {LONGEST_QUIET}"
    if name == "charge_code":
        fits = type(value) is int and 0 < value < LARGEST_ID
        return "" if fits else "must be the id of a billing code in Autotask"
    fits = (
        value.is_finite()
        and LEAST_SHARE <= value <= LARGEST_SHARE
        and value == round(value, SHARE_PLACES)
    )
    return "" if fits else "must be 5 to 90 percent (0.05 to 0.9), in tenths of a percent"
