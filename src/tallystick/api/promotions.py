"""Promotions: added, corrected, taken back; what was once said is kept."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import OPERATE, READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.api.schemas_promotions import PromotionIn, PromotionOut
from tallystick.api.schemas_subscriptions import Search
from tallystick.catalog.price_queries import get_promotion, list_promotions
from tallystick.catalog.record_promotion import (
    add_promotion,
    correct_promotion,
    withdraw_promotion,
)
from tallystick.kit.problem import FieldError, InvalidInput

router = Router(tags=["Prices"])
_DAYS = {"available_from": "available_from_on", "available_to": "available_to_on"}
_ONE = "/promotions/{int:promotion_id}"


@router.get("/promotions", auth=READ, response=answers(200, PageOut[PromotionOut]))
def promotions(request: HttpRequest, asked: Query[Search]) -> PageOut[PromotionOut]:
    """Newest first."""
    no_other(request, Search)
    page = list_promotions(
        caller(request).context,
        search=asked.search,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    items = [PromotionOut.of(view) for view in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post("/promotions", auth=OPERATE, response=answers(201, PromotionOut))
def post_promotion(request: HttpRequest, body: PromotionIn) -> Status[PromotionOut]:
    """409 when the offer has this promotion already."""
    who = caller(request)
    try:
        promotion_id = add_promotion(body.new(), by=who.by())
    except InvalidInput as problem:
        raise _as_here(problem) from None
    return Status(201, PromotionOut.of(get_promotion(who.context, promotion_id)))


@router.get(_ONE, auth=READ, response=answers(200, PromotionOut))
def promotion(request: HttpRequest, promotion_id: int) -> PromotionOut:
    return PromotionOut.of(get_promotion(caller(request).context, promotion_id))


@router.put(_ONE, auth=OPERATE, response=answers(200, PromotionOut))
def put_promotion(request: HttpRequest, promotion_id: int, body: PromotionIn) -> PromotionOut:
    """Takes the earlier one's place under a new id."""
    who = caller(request)
    try:
        new_id = correct_promotion(promotion_id, body.new(), by=who.by())
    except InvalidInput as problem:
        raise _as_here(problem) from None
    return PromotionOut.of(get_promotion(who.context, new_id))


@router.delete(_ONE, auth=OPERATE, response=answers(204, None))
def delete_promotion(request: HttpRequest, promotion_id: int) -> Status[None]:
    """As if it had never been there."""
    withdraw_promotion(promotion_id, by=caller(request).by())
    return Status(204, None)


def _as_here(problem: InvalidInput) -> InvalidInput:
    """The room's fields by their names in the API."""
    return InvalidInput(
        [FieldError(_DAYS.get(one.field, one.field), one.message) for one in problem.errors]
    )
