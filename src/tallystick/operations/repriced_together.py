"""Of subscriptions that one line bills together: repriced all alike, or left as they are.

A line has one price. A rule or a list that would change one of them, or each otherwise (its term
locks another's price), leaves that to a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tallystick.ledger.group import billed_with
from tallystick.operations.repriced import Repriced
from tallystick.subscriptions.queries import views_by_id
from tallystick.subscriptions.scheduled import LIVING

ONE_PRICE = (
    "It is billed on one line together with others that would not get the same price: record the "
    "price of all of them by hand."
)


def all_alike(items: Sequence[Repriced]) -> list[Repriced]:
    """Of one page; two questions, and one more where some are billed together."""
    groups = billed_with([one.view.id for one in items])
    if not groups:
        return list(items)
    found = {one.view.id: one for one in items}
    absent = {other for ids in groups.values() for other in ids} - found.keys()
    living = {pk for pk, one in views_by_id([*absent]).items() if one.status.value in LIVING}
    return [_with_others(one, groups.get(one.view.id, ()), found, living) for one in items]


def _with_others(
    one: Repriced, group: Sequence[int], found: Mapping[int, Repriced], living: Collection[int]
) -> Repriced:
    ids = [other for other in group if other != one.view.id and (other in found or other in living)]
    if not ids or one.left:
        return one
    others = [found.get(other) for other in ids]
    alike = (one.unit_price, one.unit_cost, one.day)
    if any(
        other is None or other.left or (other.unit_price, other.unit_cost, other.day) != alike
        for other in others
    ):
        return replace(one, left=ONE_PRICE)
    return replace(one, with_ids=tuple(ids))
