"""Connections on the wire. Secrets come in and never go out."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from pydantic import Field, SecretStr

from tallystick.api.schemas_kit import At, Body, Currency
from tallystick.connections.policies import BackDated, CancelRule, SameDay, SameDayPolicy
from tallystick.connections.queries import ConnectionView

DAY = 86_400


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
    same_day: SameDay
    same_day_policy: SameDayPolicy
    back_dated: BackDated
    cancel_rule: CancelRule
    paused: bool
    paused_at: At | None
    paused_because: str
    resume_at: At | None
    last_read_at: At | None
    last_write_at: At | None
    last_swept_at: At | None

    @classmethod
    def of(cls, view: ConnectionView, *, now: datetime) -> ConnectionOut:
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
            same_day=view.same_day,
            same_day_policy=view.same_day_policy,
            back_dated=view.back_dated,
            cancel_rule=view.cancel_rule,
            paused=view.is_paused(now),
            paused_at=view.paused_at,
            paused_because=view.paused_because,
            resume_at=view.resume_at,
            last_read_at=view.last_read_at,
            last_write_at=view.last_write_at,
            last_swept_at=view.last_swept_at,
        )
