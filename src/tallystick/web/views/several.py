"""The same act of several subscriptions: chosen, looked at together, all recorded or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.gap_charge import record_all_with_gaps
from tallystick.bootstrap.preview_many import MOST_AT_ONCE, look_at_many
from tallystick.bootstrap.preview_rows import RowAhead, rows_of, together
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.ledger.kinds import OperationKind
from tallystick.operations.acts import BY_WORD, Act
from tallystick.operations.at_once import NoneOfThem, Wanted, ask_of
from tallystick.operations.undo import undo_of
from tallystick.subscriptions.queries import SubscriptionView, get_subscriptions
from tallystick.subscriptions.rules import ACCEPT
from tallystick.web import ahead, change_fields, forms
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted

LONGEST_ID = 18  # digits


@screen("GET", "POST")
def several(visit: Visit) -> HttpResponse:
    """``?act=suspend&subscription=1&subscription=2``: ask, look, record all of them or none."""
    visit.context.require(Right.OPERATE)
    posting = visit.request.method == "POST"
    given = visit.request.POST if posting else visit.request.GET
    act = BY_WORD.get(given.get("act", ""))
    if act is None:
        raise Http404
    views = _chosen(visit, given.getlist("subscription"))
    if not views:
        messages.info(visit.request, "Nothing was chosen: choose subscriptions in the list.")
        return redirect("subscriptions")
    fresh = change_fields.for_several(act, today=visit.today)
    values = {
        name: given.get(name, now)[: change_fields.LONGEST + 1] for name, now in fresh.items()
    }
    token = forms.token_of(given)
    accepted = given.get(ACCEPT) == "yes"
    wanted = [
        Wanted(
            view.id,
            act,
            {**values, ACCEPT: "yes" if accepted else ""},
            forms.source_id(token, act.word, view.id, *values.values()),
        )
        for view in views
    ]
    if not posting:
        rows = look(visit, wanted, views) if change_fields.looks_at_once(act) else []
        return _page(visit, act, views, values, token, rows)
    if ahead.only_looks(visit):
        return _page(visit, act, views, values, token, look(visit, wanted, views))
    charges = act is Act.PRICE and "gap_charge" in given
    try:
        done = record_all_with_gaps(
            [ask_of(one, visit.today) for one in wanted],
            range(len(wanted)) if charges else (),
            where_there_is_one=True,
            asked=visit.asked(),
        )
    except NoneOfThem as refused:
        rows = look(visit, wanted, views, refused.problems)
        return _page(visit, act, views, values, token, rows, said=str(refused))
    sent = sum(1 for one in done if one.recorded.lane_ids)
    words = f"Recorded: {act.label.lower()}, {counted(len(done), 'subscription')}."
    if sent:
        words += f" Autotask is updated in the background for {sent} of them."
    if gaps := sum(one.charges for one in done):
        words += f" {counted(gaps, 'gap')} charged once."
    messages.success(visit.request, words)
    return redirect("subscriptions")


def look(
    visit: Visit,
    wanted: Sequence[Wanted],
    views: Sequence[SubscriptionView],
    refused: Mapping[int, Problem] = MappingProxyType({}),
) -> list[RowAhead]:
    """``refused``: why some were not recorded just now. Raises InvalidInput when too many."""
    ahead = look_at_many([ask_of(one, visit.today) for one in wanted], asked=visit.asked())
    found = [refused.get(place, one) for place, one in enumerate(ahead)]
    return rows_of(found, views, [one.act.label for one in wanted])


def _chosen(visit: Visit, texts: Sequence[str]) -> list[SubscriptionView]:
    """Those of this context. Raises InvalidInput."""
    fits = all(text.isascii() and text.isdigit() and len(text) <= LONGEST_ID for text in texts)
    if not fits or len(texts) > MOST_AT_ONCE:
        words = f"must be chosen in the list, at most {MOST_AT_ONCE} at once"
        raise InvalidInput.one("subscription", words)
    return get_subscriptions(visit.context, {int(text) for text in texts})


def _page(
    visit: Visit,
    act: Act,
    views: Sequence[SubscriptionView],
    values: Mapping[str, str],
    token: str,
    rows: Sequence[RowAhead],
    *,
    said: str = "",
) -> HttpResponse:
    fields = forms.fields(values, None, focus=next(iter(values)))
    return visit.render(
        "web/operations/several.html",
        rail="subscriptions",
        status=400 if said else 200,
        act=act,
        views=views,
        token=token,
        inputs=change_fields.inputs(act, fields),
        undo=undo_of(OperationKind(act.value)),
        rows=rows,
        counts=together(rows),
        unread=next((row.unread for row in rows if row.unread), ""),
        large=ACCEPT in act.fields and any(ACCEPT in dict(row.wrong) for row in rows),
        offers_charge=act is Act.PRICE,
        gap_charge="gap_charge" in visit.request.POST,
        accepted=values.get(ACCEPT) == "yes" or visit.request.POST.get(ACCEPT) == "yes",
        said=said,
    )
