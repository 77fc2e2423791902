"""What can be done to a subscription, on the wire: one body a kind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tallystick.api.schemas_kit import Amount, Body, Currency, Day, Id, Quantity
from tallystick.api.schemas_places import LineIn
from tallystick.connections.policies import PriceDay
from tallystick.kit.problem import InvalidInput
from tallystick.operations.move_line import ChosenLine
from tallystick.operations.renew import NewPrice
from tallystick.operations.schedule import Plan
from tallystick.subscriptions.azure_amounts import AmountKind
from tallystick.subscriptions.status import EndOfTerm


class Dated(Body):
    effective_on: Day | None = Field(None, description="Today when it is left out.")


class Priced(Body):
    """What sets a price; a quantity does under a promotion."""

    accept_large_change: bool = Field(
        False, description="A price or cost that moves by more than a factor 3 needs it."
    )


class UpdateQuantity(Dated, Priced):
    kind: Literal["update_quantity"]
    quantity: Quantity


class UpdatePriceMargin(Dated, Priced):
    kind: Literal["update_price_margin"]
    unit_price: Amount = Field(description="Per unit per billing cycle, taxes excluded.")
    unit_cost: Amount | None = Field(None, description="Left as it is when it is left out.")
    currency: Currency | None = Field(None, description="Of a subscription's first price.")
    price_from: PriceDay | None = Field(
        None, strict=False, description="The connection's policy when it is left out."
    )
    gap_charge: bool = Field(
        False,
        description="Record a one-off charge for the days until the price is billed, when it has "
        "to wait for the next period.",
    )


class Cancel(Dated):
    kind: Literal["cancel"]


class Suspend(Dated):
    kind: Literal["suspend"]


class Reactivate(Dated):
    """The amounts of an Azure plan that were held meanwhile are in the answer's ``after.held``."""

    kind: Literal["reactivate"]
    months: list[str] = Field(
        default_factory=list, description="Of an Azure plan: the held months to bill, like 2026-05."
    )


class AzureAmountsIn(Body):
    """What an Azure plan came to in a month, final. Below 0 is a credit."""

    kind: Literal["azure_amounts"]
    month: str = Field(description="Like 2026-05.")
    price: Amount
    cost: Amount
    currency: Currency
    cost_currency: Currency | None = Field(None, description="The price's when it is left out.")
    amount_kind: AmountKind = Field(AmountKind.USAGE, strict=False)


class DeletedByVendor(Dated):
    kind: Literal["delete"]


class Renew(Priced):
    """The next term begins the day after this one's last."""

    kind: Literal["renew"]
    quantity: Quantity | None = None
    unit_price: Amount | None = Field(None, description="Left as it is when it is left out.")
    unit_cost: Amount | None = None
    ends_on: Day | None = Field(None, description="As long as this term when it is left out.")


class WithLine(Body):
    """Which line is to bill another offer; without ``contract_id`` the only one that fits."""

    contract_id: Id | None = None
    line: Literal["use", "own"] | None = None
    contract_service_id: Id | None = None

    def chosen(self) -> ChosenLine | None:
        """Raises InvalidInput when what is said of the line does not fit together."""
        if self.contract_id is None:
            if self.line is not None or self.contract_service_id is not None:
                raise InvalidInput.one("contract_id", "is needed to say which line")
            return None
        if self.line is None:
            raise InvalidInput.one("line", "is needed with a contract: use or own")
        there = LineIn(
            contract_id=self.contract_id,
            line=self.line,
            contract_service_id=self.contract_service_id,
        )
        return ChosenLine(there.contract_id, there.line_id())


class ChangeOffer(WithLine, Dated, Priced):
    """From that day it is another offer, billed on a line of that offer's service. A later day is
    scheduled: the answer is that operation, and on the day it is carried out by itself.

    Without ``contract_id`` the only line that fits is taken; with it ``line`` says which: ``use``
    the one of ``contract_service_id``, or ``own``, which is created. Where none fits it is recorded
    all the same, and the subscription is Out of Sync until one is chosen.
    """

    kind: Literal["change_offer"]
    offer_id: Id
    quantity: Quantity | None = Field(None, description="Left as it is when it is left out.")
    unit_price: Amount | None = Field(
        None,
        description="Of the new billing cycle; left as it is when it is left out and the cycle "
        "stays.",
    )
    unit_cost: Amount | None = None
    ends_on: Day | None = Field(
        None, description="The last day of the term that begins; the running term's when left out."
    )


class EndPromotion(Dated, Priced):
    kind: Literal["end_promotion"]
    unit_price: Amount
    unit_cost: Amount | None = None


class ConvertTrial(Dated, Priced):
    kind: Literal["convert_trial"]
    unit_price: Amount
    unit_cost: Amount | None = None
    currency: Currency | None = Field(None, description="Of a trial that has no price yet.")


class Rename(Body):
    kind: Literal["rename"]
    friendly_name: str = Field(max_length=300)


class SetPurchaseOrder(Body):
    kind: Literal["set_purchase_order"]
    purchase_order: str = Field(max_length=100)


class SetEndOfTerm(Body):
    kind: Literal["set_end_of_term"]
    end_of_term: EndOfTerm = Field(strict=False)


class ScheduleChange(WithLine, Priced):
    """What it becomes with its next term, or on a day of its own: nothing is sent before, and then
    it is carried out by itself. It takes the place of what was scheduled before.

    ``change``: in words only, where it is not to be carried out; then nothing else.
    """

    kind: Literal["schedule_change"]
    change: str | None = Field(None, max_length=300)
    effective_on: Day | None = Field(None, description="With its next term when it is left out.")
    end_of_term: EndOfTerm | None = Field(None, strict=False)
    offer_id: Id | None = None
    quantity: Quantity | None = Field(None, description="Left as it is when it is left out.")
    unit_price: Amount | None = Field(
        None, description="Of the new billing cycle; what the price rules come to when left out."
    )
    unit_cost: Amount | None = None

    def plan(self) -> Plan:
        """Raises InvalidInput."""
        return Plan(
            on=self.effective_on,
            then=self.end_of_term,
            offer_id=self.offer_id,
            quantity=self.quantity,
            price=NewPrice.read(self.unit_price, self.unit_cost, accepted=self.accept_large_change),
            line=self.chosen(),
        )

    def says_more(self) -> bool:
        return bool(self.model_fields_set - {"kind", "change"})


class TakeBackScheduledChange(Body):
    """What is scheduled is not carried out."""

    kind: Literal["take_back_scheduled_change"]


AnyOperation = (
    UpdateQuantity
    | UpdatePriceMargin
    | Cancel
    | Suspend
    | Reactivate
    | AzureAmountsIn
    | DeletedByVendor
    | Renew
    | ChangeOffer
    | EndPromotion
    | ConvertTrial
    | Rename
    | SetPurchaseOrder
    | SetEndOfTerm
    | ScheduleChange
    | TakeBackScheduledChange
)
OperationIn = Annotated[AnyOperation, Field(discriminator="kind")]
