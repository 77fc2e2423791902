"""A list of what a source has: what differs from its last one becomes operations."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tallystick.api.auth import TELL_OR_OPERATE, Caller, caller, stores_nothing
from tallystick.api.imports import lines_named
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import Day, Id, Moment
from tallystick.api.uploads import uploaded
from tallystick.bootstrap.desk import desk
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput
from tallystick.sources.intake.event import Answer, EventType
from tallystick.sources.queries import source_of_token
from tallystick.sources.snapshot.take_snapshot import (
    SnapshotAsked,
    SnapshotTaken,
    take_snapshot,
)
from tallystick.sources.source_queries import get_source

router = Router(tags=["Sources"])


class SnapshotQuery(Schema):
    """``source``: with a token that is not the source's own."""

    source: Id | None = None
    taken_at: Moment | None = Field(None, description="Now when it is left out.")
    effective_on: Day | None = Field(
        None, description="Of changes; the day it was taken when it is left out."
    )
    complete: bool = Field(False, description="It shows everything the source has.")
    absent: Literal["nothing", "cancelled"] = Field(
        "nothing", description="What a complete list does not show: nothing, or it has ended."
    )
    accept_many_absent: bool = False
    dry_run: bool = False


class FoundOut(Schema):
    subject: str
    type: EventType
    after: dict[str, Any]
    answer: Answer
    because: str


class SnapshotOut(Schema):
    """``as_before``: rows without a difference. ``found``: the first 200 differences."""

    rows: int
    stored: bool
    as_before: int
    told_just_before: int
    absent: int
    differences: int
    answers: dict[str, int]
    found: list[FoundOut]
    unknown_columns: list[str]

    @classmethod
    def of(cls, taken: SnapshotTaken) -> SnapshotOut:
        return cls(
            rows=taken.rows,
            stored=taken.stored,
            as_before=taken.as_before,
            told_just_before=taken.told_just_before,
            absent=taken.absent,
            differences=taken.differences,
            answers={answer.value: many for answer, many in taken.answers.items()},
            found=[
                FoundOut(
                    subject=one.subject,
                    type=EventType(one.type),
                    after=one.after,
                    answer=one.answer,
                    because=one.because,
                )
                for one in taken.found
            ],
            unknown_columns=list(taken.unknown_columns),
        )


@router.post(
    "/snapshots",
    auth=TELL_OR_OPERATE,
    response=answers(200, SnapshotOut),
    summary="Compare a list of what a source has",
    url_name="import-snapshot",
)
def post_snapshot(request: HttpRequest, asked: Query[SnapshotQuery]) -> SnapshotOut:
    """The body is CSV, a zip with one CSV, or JSON; or a form with one `file`. Up to 50 MB.

    422 names every wrong line, and nothing is stored. The same list again changes nothing. What the
    list does not show has not ended, unless it is `complete` and `absent=cancelled`.
    """
    no_other(request, SnapshotQuery)
    who = caller(request)
    if asked.dry_run:
        stores_nothing(request)
    with lines_named():
        taken = take_snapshot(
            uploaded(request).file,
            SnapshotAsked(
                taken_at=asked.taken_at or who.now,
                complete=asked.complete,
                absent_is_cancelled=asked.absent == "cancelled",
                accept_many_absent=asked.accept_many_absent,
                effective_on=asked.effective_on,
            ),
            source_id=_source(who, asked.source),
            context=who.context,
            now=who.now,
            wake=desk().wake,
            correlation_id=who.correlation_id,
            dry_run=asked.dry_run,
        )
    return SnapshotOut.of(taken)


def _source(who: Caller, asked: int | None) -> int:
    """The token's own; another one may be named by who may operate."""
    if not who.context.may(Right.OPERATE):
        return source_of_token(who.token_id)[0]
    if asked is None:
        raise InvalidInput.one("source", "is missing: of which source is the list?")
    return get_source(who.context, asked, now=who.now).id
