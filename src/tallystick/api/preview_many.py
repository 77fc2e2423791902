"""Look at several operations together, and import operations from a file."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Schema

from tallystick.api.auth import OPERATE, Caller, caller, stores_nothing
from tallystick.api.imports import lines_named
from tallystick.api.queries import answers, no_other
from tallystick.api.recording import record
from tallystick.api.schemas_preview_many import (
    OneOf,
    OperationsImportedOut,
    PreviewManyIn,
    PreviewManyOut,
)
from tallystick.api.uploads import uploaded
from tallystick.bootstrap.preview_many import Ask, look_at_many
from tallystick.bootstrap.preview_rows import rows_of, together
from tallystick.kit.problem import InvalidInput
from tallystick.sources.import_operations import import_operations, read_rows
from tallystick.subscriptions.queries import get_subscriptions

router = Router(tags=["Operations"])


class ImportAsked(Schema):
    dry_run: bool = False


@router.post(
    "/operations/preview",
    auth=OPERATE,
    response=answers(200, PreviewManyOut),
    summary="Look at several operations",
)
def preview_many(request: HttpRequest, body: PreviewManyIn) -> PreviewManyOut:
    """What each would send, what stops it, and the sums. Nothing is stored. 422 names a
    subscription that is not there; what is wrong with one operation is in its `errors`."""
    no_other(request, set())
    who = caller(request)
    stores_nothing(request)
    views = {
        view.id: view
        for view in get_subscriptions(who.context, {one.subscription_id for one in body.operations})
    }
    for place, one in enumerate(body.operations):
        if one.subscription_id not in views:
            field = f"operations.{place}.subscription_id"
            raise InvalidInput.one(field, "there is no such subscription")
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


def _ask(one: OneOf, who: Caller) -> Ask:
    return Ask(
        one.subscription_id,
        lambda asked: record(one.subscription_id, one.operation, today=who.today, asked=asked),
    )
