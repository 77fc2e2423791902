"""How changes are billed for one customer or one subscription, on the wire."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import Body, Day, Id
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.overrides import AllTold, Says, Told
from tallystick.connections.policies import (
    BackDated,
    CancelRule,
    ChangeDay,
    InvoiceName,
    Mode,
    PostedQuantity,
    PriceDay,
    SameDayPolicy,
    SuspendRule,
)


class Whose(Schema):
    """Exactly one of the two."""

    customer: Id | None = None
    subscription: Id | None = None


class WhoseOne(Whose):
    policy: str = Field("", max_length=30, description="Only this one; left out: all of them.")


class PoliciesIn(Body):
    """Only what is given is changed; null sets it back."""

    same_day_policy: SameDayPolicy | None = Field(None, strict=False)
    back_dated: BackDated | None = Field(None, strict=False)
    cancel_rule: CancelRule | None = Field(None, strict=False)
    increase_day: ChangeDay | None = Field(None, strict=False)
    decrease_day: ChangeDay | None = Field(None, strict=False)
    posted_quantity: PostedQuantity | None = Field(None, strict=False)
    price_day: PriceDay | None = Field(None, strict=False)
    suspend_nce: SuspendRule | None = Field(None, strict=False)
    suspend_other: SuspendRule | None = Field(None, strict=False)
    azure_amounts: AzureAmounts | None = Field(None, strict=False)
    mode: Mode | None = Field(None, strict=False)
    invoice_name: InvoiceName | None = Field(None, strict=False)
    included_units: int | None = Field(
        None, description="Units the contract's price contains. Of a subscription only."
    )
    effective_on: Day | None = Field(
        None, description="From when another number of included units counts; left out: today."
    )

    def policies(self) -> dict[str, str | None]:
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return {
            name: None if value is None else value.value
            for name, value in given.items()
            if name not in {"included_units", "effective_on"}
        }

    def units(self) -> str | None:
        return None if self.included_units is None else str(self.included_units)

    @property
    def speaks_of_units(self) -> bool:
        return "included_units" in self.model_fields_set


class PolicyOut(Schema):
    """``told_by``: who says so. ``otherwise``: what would count if that were set back."""

    policy: str
    value: str
    label: str
    told_by: Says
    otherwise: str

    @classmethod
    def of(cls, told: Told) -> PolicyOut:
        return cls(
            policy=told.name,
            value=told.value.value,
            label=told.value.label,
            told_by=told.by,
            otherwise=told.otherwise.value,
        )


class PoliciesOut(Schema):
    """``operation_id``: of the operation that brings the line to what is billed from now on."""

    connection_id: int
    customer_id: int
    subscription_id: int | None
    policies: list[PolicyOut]
    included_units: int
    operation_id: int | None

    @classmethod
    def of(
        cls,
        told: AllTold,
        *,
        connection_id: int,
        customer_id: int,
        subscription_id: int | None,
        operation_id: int | None = None,
    ) -> PoliciesOut:
        return cls(
            connection_id=connection_id,
            customer_id=customer_id,
            subscription_id=subscription_id,
            policies=[PolicyOut.of(one) for one in told.policies],
            included_units=told.included_units,
            operation_id=operation_id,
        )
