"""Connections on the wire. Secrets come in and never go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import BeforeValidator, Field, PlainSerializer, SecretStr, WithJsonSchema

from tallystick.api.schemas_kit import At, Body, Currency
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.checks import Check
from tallystick.connections.edit import Changes
from tallystick.connections.policies import (
    BackDated,
    CancelRule,
    ChangeDay,
    InvoiceName,
    Mode,
    PostedQuantity,
    PriceDay,
    SameDay,
    SameDayPolicy,
    SuspendRule,
)
from tallystick.connections.queries import ConnectionView
from tallystick.kit.secrets import Secret

DAY = 86_400


def _share(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a JSON number, like 0.5")
    return Decimal(str(value))


Share = Annotated[
    Decimal,
    BeforeValidator(_share),
    WithJsonSchema({"type": "number", "minimum": 0.05, "maximum": 0.9, "examples": [0.5]}),
]
ShareOut = Annotated[Decimal, PlainSerializer(float, return_type=float)]


class ConnectionIn(Body):
    name: str
    price_currency: Currency
    cost_currency: Currency
    user_name: str = Field(max_length=200)
    secret: SecretStr = Field(strict=False)
    code: SecretStr = Field(strict=False, description="The API tracking identifier.")
    time_zone: str = Field("UTC", max_length=60)
    web_url: str = Field("", max_length=300, pattern=r"^(https?://[^\s]+)?$")
    quiet_seconds: int = Field(60, ge=0, le=DAY)


def _left_out(**more: Any) -> Any:
    """Not required, and null is no value for it."""
    return Field(default_factory=lambda: None, **more)


class ConnectionChangesIn(Body):
    """Only what is given is changed. What is given of the credentials replaces them."""

    name: str = _left_out()
    budget_share: Share = _left_out(
        description="Our share of the calls that Autotask allows in an hour."
    )
    quiet_seconds: int = _left_out(ge=0, le=DAY)
    same_day: SameDay = _left_out(strict=False)
    same_day_policy: SameDayPolicy = _left_out(strict=False)
    back_dated: BackDated = _left_out(strict=False)
    cancel_rule: CancelRule = _left_out(strict=False)
    increase_day: ChangeDay = _left_out(strict=False)
    decrease_day: ChangeDay = _left_out(strict=False)
    posted_quantity: PostedQuantity = _left_out(strict=False)
    price_day: PriceDay = _left_out(strict=False)
    suspend_nce: SuspendRule = _left_out(strict=False)
    suspend_other: SuspendRule = _left_out(strict=False)
    azure_amounts: AzureAmounts = _left_out(strict=False)
    charge_code: int = _left_out()
    mode: Mode = _left_out(strict=False)
    invoice_name: InvoiceName = _left_out(strict=False)
    user_name: str = _left_out()
    secret: SecretStr = _left_out(strict=False)
    code: SecretStr = _left_out(strict=False, description="The API tracking identifier.")

    def changes(self) -> Changes:
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        for name, value in given.items():
            if isinstance(value, SecretStr):
                given[name] = Secret(value.get_secret_value())
        return Changes(**given)


class PauseIn(Body):
    reason: str = Field(min_length=1, max_length=1000)


class ConnectionOut(Schema):
    id: int
    name: str
    connector: str
    price_currency: str
    cost_currency: str
    time_zone: str
    user_name: str
    web_url: str
    quiet_seconds: int
    budget_share: ShareOut
    same_day: SameDay
    same_day_policy: SameDayPolicy
    back_dated: BackDated
    cancel_rule: CancelRule
    increase_day: ChangeDay
    decrease_day: ChangeDay
    posted_quantity: PostedQuantity
    price_day: PriceDay
    suspend_nce: SuspendRule
    suspend_other: SuspendRule
    azure_amounts: AzureAmounts
    charge_code: int | None
    mode: Mode
    invoice_name: InvoiceName
    paused: bool
    paused_at: At | None
    paused_because: str
    resume_at: At | None
    last_read_at: At | None
    last_write_at: At | None
    last_swept_at: At | None

    @classmethod
    def of(cls, view: ConnectionView, *, share: Decimal, now: datetime) -> ConnectionOut:
        # Field by field: what is not named here cannot go out.
        return cls(
            id=view.id,
            name=view.name,
            connector=view.connector,
            price_currency=view.price_currency,
            cost_currency=view.cost_currency,
            time_zone=view.time_zone,
            user_name=view.user_name,
            web_url=view.web_url,
            quiet_seconds=view.quiet_seconds,
            budget_share=share,
            same_day=view.same_day,
            same_day_policy=view.same_day_policy,
            back_dated=view.back_dated,
            cancel_rule=view.cancel_rule,
            increase_day=view.increase_day,
            decrease_day=view.decrease_day,
            posted_quantity=view.posted_quantity,
            price_day=view.price_day,
            suspend_nce=view.suspend_nce,
            suspend_other=view.suspend_other,
            azure_amounts=view.azure_amounts,
            charge_code=view.charge_code,
            mode=view.mode,
            invoice_name=view.invoice_name,
            paused=view.is_paused(now),
            paused_at=view.paused_at,
            paused_because=view.paused_because,
            resume_at=view.resume_at,
            last_read_at=view.last_read_at,
            last_write_at=view.last_write_at,
            last_swept_at=view.last_swept_at,
        )


class ConnectionMadeOut(ConnectionOut):
    warning: str = Field(
        default="",
        description="What to look at first: another connection bills the same contracts. Else "
        "empty.",
    )

    @classmethod
    def made(cls, shown: ConnectionOut, seen: Check) -> ConnectionMadeOut:
        return cls(**dict(shown), warning="" if seen.ok else f"{seen.words} {seen.todo}")


class CheckOut(Schema):
    """``words``: what was seen. ``todo``: what you can do, empty when nothing."""

    name: str
    title: str
    ok: bool
    words: str
    todo: str


class TestedOut(Schema):
    """``ok`` when every check is."""

    ok: bool
    checks: list[CheckOut]

    @classmethod
    def of(cls, checks: Sequence[Check]) -> TestedOut:
        return cls(
            ok=all(check.ok for check in checks),
            checks=[
                CheckOut(
                    name=check.name,
                    title=check.title,
                    ok=check.ok,
                    words=check.words,
                    todo=check.todo,
                )
                for check in checks
            ],
        )
