"""Look at several operations together, record all of them or none, also from a file."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from tallystick.api.auth import OPERATE, Caller, caller, said_once, stores_nothing
from tallystick.api.imports import lines_named
from tallystick.api.queries import answers, no_other
from tallystick.api.recording import record
from tallystick.api.schemas_preview_many import (
    OneOf,
    OperationsImportedOut,
    OperationsIn,
    OperationsRecordedOut,
    PreviewManyOut,
    RecordedOut,
)
from tallystick.api.schemas_recording import UpdatePriceMargin
from tallystick.api.uploads import uploaded
from tallystick.bootstrap.gap_charge import record_all_with_gaps
from tallystick.bootstrap.preview_many import look_at_many
from tallystick.bootstrap.preview_rows import rows_of, together
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.at_once import Ask, NoneOfThem
from tallystick.operations.finish import Asked
from tallystick.sources.import_operations import import_operations, read_rows
from tallystick.subscriptions.queries import SubscriptionView, get_subscriptions

router = Router(tags=["Operations"])


class ImportAsked(Schema):
    dry_run: bool = False


@router.post(
    "/operations",
    auth=OPERATE,
    response=answers(201, OperationsRecordedOut),
    summary="Record several operations",
    url_name="record-several",
)
def record_several(request: HttpRequest, body: OperationsIn) -> Status[OperationsRecordedOut]:
    """All of them, or none: 422 names every wrong field as `operations.3.operation.quantity`,
    409 says what contradicts. They are on their way to their connections, those of a subscription
    in order. A price with `gap_charge` gets its own one-off charge, as it would by itself."""
    no_other(request, set())
    who = caller(request)
    _views(body, who)
    gaps = [place for place, one in enumerate(body.operations) if _charges_gap(one)]
    try:
        done = record_all_with_gaps(
            [
                _ask(one, who, said_once(request, place) if gaps else None)
                for place, one in enumerate(body.operations)
            ],
            gaps,
            asked=who.asked(),
        )
    except NoneOfThem as refused:
        raise _in_fields(refused) from refused
    items = [
        RecordedOut(
            subscription_id=one.subscription_id,
            operation_id=each.recorded.operation_id,
            sequence=each.recorded.sequence,
            sent_to=len(each.recorded.lane_ids),
            gap_charges=each.charges,
        )
        for one, each in zip(body.operations, done, strict=True)
    ]
    return Status(201, OperationsRecordedOut(items=items))


@router.post(
    "/operations/preview",
    auth=OPERATE,
    response=answers(200, PreviewManyOut),
    summary="Look at several operations",
    url_name="preview-operations",
)
def preview_many(request: HttpRequest, body: OperationsIn) -> PreviewManyOut:
    """What each would send, what stops it, and the sums. Nothing is stored. 422 names a
    subscription that is not there; what is wrong with one operation is in its `errors`."""
    no_other(request, set())
    who = caller(request)
    stores_nothing(request)
    views = _views(body, who)
    found = look_at_many([_ask(one, who) for one in body.operations], asked=who.asked())
    rows = rows_of(
        found,
        [views[one.subscription_id] for one in body.operations],
        [one.operation.kind for one in body.operations],
    )
    return PreviewManyOut.of(rows, together(rows))


@router.post(
    "/operations/import",
    auth=OPERATE,
    response=answers(200, OperationsImportedOut),
    summary="Import operations",
    url_name="import-operations",
)
def post_operations(request: HttpRequest, asked: Query[ImportAsked]) -> OperationsImportedOut:
    """The body is the CSV file, or a form with one `file`. All of it, or nothing: 422 names every
    wrong cell as `line 7, unit_price`. The same file again records nothing."""
    no_other(request, ImportAsked)
    upload = uploaded(request)
    if asked.dry_run:
        stores_nothing(request)
    who = caller(request)
    with lines_named():
        rows = read_rows(upload.file, context=who.context)
        done = import_operations(rows, today=who.today, asked=who.asked(), dry_run=asked.dry_run)
    return OperationsImportedOut(
        rows=done.rows, stored=done.stored, recorded=done.recorded, known=done.known
    )


def _views(body: OperationsIn, who: Caller) -> dict[int, SubscriptionView]:
    """By id. Raises InvalidInput."""
    ids = {one.subscription_id for one in body.operations}
    views = {view.id: view for view in get_subscriptions(who.context, ids)}
    missing = [
        FieldError(f"operations.{place}.subscription_id", "there is no such subscription")
        for place, one in enumerate(body.operations)
        if one.subscription_id not in views
    ]
    if missing:
        raise InvalidInput(missing)
    return views


def _charges_gap(one: OneOf) -> bool:
    return isinstance(one.operation, UpdatePriceMargin) and one.operation.gap_charge


def _in_fields(refused: NoneOfThem) -> InvalidInput | Conflicting:
    """Fields under the place of their operation; 409 when nothing but the state is against."""
    errors: list[FieldError] = []
    for place, problem in sorted(refused.problems.items()):
        at = f"operations.{place}"
        if isinstance(problem, InvalidInput):
            errors += [
                FieldError(f"{at}.operation.{error.field}", error.message)
                for error in problem.errors
            ]
        else:
            errors.append(FieldError(at, str(problem)))
    if any(isinstance(problem, InvalidInput) for problem in refused.problems.values()):
        return InvalidInput(errors)
    words = " ".join(f"{error.field}: {error.message}" for error in errors)
    return Conflicting(f"{words} Nothing was recorded.")


def _ask(one: OneOf, who: Caller, source_id: str | None = None) -> Ask:
    def do(asked: Asked) -> Recorded:
        origin = replace(asked.origin, source_id=source_id)
        asked = replace(asked, origin=origin)
        return record(one.subscription_id, one.operation, today=who.today, asked=asked)

    return Ask(one.subscription_id, do)
