"""Decide later on a first sync; continue on another contract; extend a contract."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from tallystick.api.auth import MAP, READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_continuing import (
    MOST_AT_ONCE,
    AheadOut,
    BillingContractOut,
    ContinuedOut,
    ContinueIn,
    ContinueManyIn,
    ExtendedOut,
    ExtendIn,
    FirstSyncIn,
)
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.api.schemas_mappings import MappingOut
from tallystick.api.schemas_places import LineIn
from tallystick.bootstrap.choose_line import choose_and_sync
from tallystick.bootstrap.continuing import continue_many, continue_one, look_ahead
from tallystick.bootstrap.extend_contract import extend_contract
from tallystick.bootstrap.first_sync import decide_first_sync
from tallystick.bootstrap.mapping import FirstSync
from tallystick.connections.queries import get_connection
from tallystick.mappings.contracts import billed_by, list_contracts
from tallystick.mappings.next_place import take_back
from tallystick.mappings.rows import mapping_row

router = Router(tags=["Mappings"])
FIRST_SYNC = "map-subscription-first-sync"
CONTINUE_LOOK = "continue-look"
EXTEND = "extend-contract"
_AT = "/connections/{int:connection_id}"
_ONE = f"{_AT}/subscription-mappings/{{int:subscription_id}}"
_CONTRACT = f"{_AT}/contracts/{{int:contract_id}}"


class BillingFilter(Paging):
    search: str = Field("", max_length=200)
    attention: bool = False


@router.post(
    f"{_ONE}/first-sync",
    auth=MAP,
    response=answers(200, MappingOut),
    summary="Decide on a line that was left as it is",
    url_name=FIRST_SYNC,
)
def first_sync(
    request: HttpRequest, connection_id: int, subscription_id: int, body: FirstSyncIn
) -> MappingOut:
    """409 when it is compared and sent already."""
    who = caller(request)
    decide_first_sync(
        subscription_id,
        connection_id,
        first_sync=FirstSync(body.first_sync),
        effective_on=body.effective_on,
        today=who.today,
        asked=who.asked(),
        seen_units=body.seen_units,
    )
    return MappingOut.of(mapping_row(who.context, connection_id, subscription_id, now=who.now))


@router.post(
    f"{_ONE}/continue/look",
    auth=MAP,
    response=answers(200, AheadOut),
    summary="Look at both contracts before continuing",
    url_name=CONTINUE_LOOK,
)
def look(
    request: HttpRequest, connection_id: int, subscription_id: int, body: ContinueIn
) -> AheadOut:
    """Reads the line in Autotask; stores nothing, sends nothing."""
    who = caller(request)
    ahead = look_ahead(
        subscription_id,
        connection_id,
        contract_id=body.contract_id,
        line_id=body.line_id(),
        from_on=body.from_on,
        asked=who.asked(),
    )
    return AheadOut.of(ahead)


@router.post(
    f"{_ONE}/continue",
    auth=MAP,
    response=answers(201, MappingOut),
    summary="Continue a subscription on another contract",
)
def continue_subscription(
    request: HttpRequest, connection_id: int, subscription_id: int, body: ContinueIn
) -> Status[MappingOut]:
    """Nothing is read or sent before its first day."""
    who = caller(request)
    continue_one(
        subscription_id,
        get_connection(who.context, connection_id).id,
        contract_id=body.contract_id,
        line_id=body.line_id(),
        from_on=body.from_on,
        today=who.today,
        asked=who.asked(),
    )
    row = mapping_row(who.context, connection_id, subscription_id, now=who.now)
    return Status(201, MappingOut.of(row))


@router.delete(
    f"{_ONE}/continue", auth=MAP, response=answers(204, None), summary="Stay on the contract"
)
def stay(request: HttpRequest, connection_id: int, subscription_id: int) -> Status[None]:
    """409 from its first day on."""
    who = caller(request)
    take_back(
        subscription_id,
        get_connection(who.context, connection_id).id,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(204, None)


@router.post(
    f"{_ONE}/line-of-offer",
    auth=MAP,
    response=answers(200, MappingOut),
    summary="Choose the line that bills a changed offer",
)
def choose_line(
    request: HttpRequest, connection_id: int, subscription_id: int, body: LineIn
) -> MappingOut:
    """Where none was clear. It is sent as if Sync had been pressed. 404 when none is wanted."""
    who = caller(request)
    choose_and_sync(
        subscription_id,
        connection_id,
        contract_id=body.contract_id,
        line_id=body.line_id(),
        asked=who.asked(),
    )
    return MappingOut.of(mapping_row(who.context, connection_id, subscription_id, now=who.now))


@router.get(
    f"{_AT}/billing-contracts", auth=READ, response=answers(200, PageOut[BillingContractOut])
)
def billing_contracts(
    request: HttpRequest, connection_id: int, asked: Query[BillingFilter]
) -> PageOut[BillingContractOut]:
    """The contracts that bill mapped subscriptions; the one that ends first comes first."""
    no_other(request, BillingFilter)
    who = caller(request)
    page = list_contracts(
        who.context,
        connection_id,
        today=who.today,
        attention=asked.attention,
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [BillingContractOut.of(row) for row in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post(
    f"{_CONTRACT}/continue",
    auth=MAP,
    response=answers(200, ContinuedOut),
    summary="Continue what a contract bills on another one",
)
def continue_contract(
    request: HttpRequest, connection_id: int, contract_id: int, body: ContinueManyIn
) -> ContinuedOut:
    """What does not fit is left as it is, with the reason."""
    who = caller(request)
    here = get_connection(who.context, connection_id).id
    ids = billed_by(who.context, here, contract_id, limit=MOST_AT_ONCE)
    if body.subscription_ids is not None:
        ids = [one for one in ids if one in set(body.subscription_ids)]
    done = continue_many(
        ids,
        here,
        contract_id=body.contract_id,
        from_on=body.from_on,
        today=who.today,
        asked=who.asked(),
    )
    return ContinuedOut.of(done)


@router.post(
    f"{_CONTRACT}/extend",
    auth=MAP,
    response=answers(200, ExtendedOut),
    summary="Give a contract a later last day in Autotask",
    url_name=EXTEND,
)
def extend(
    request: HttpRequest, connection_id: int, contract_id: int, body: ExtendIn
) -> ExtendedOut:
    """Sent once and read back; the same day again is harmless. Never an earlier one."""
    who = caller(request)
    done = extend_contract(contract_id, connection_id, until=body.ends_on, asked=who.asked())
    return ExtendedOut(contract_id=contract_id, before_on=done.before, after_on=done.after)
