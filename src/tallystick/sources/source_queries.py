"""What the doors show of sources: how each stands, and what it brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from tallystick.catalog.price_words import PriceIsFor
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound
from tallystick.sources.brought import Yield, yields_of
from tallystick.sources.health import Facts, SourceHealth, health_of
from tallystick.sources.intake.event import Answer
from tallystick.sources.kinds import CAPABILITIES, Capabilities, SourceKind
from tallystick.sources.models import Source, SourceEvent, Subject
from tallystick.sources.queries import latest
from tallystick.sources.unread import NotMatched, from_settings


@dataclass(frozen=True, slots=True)
class SourceName:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PriceSheetView:
    """Which one is read, and what came of it. ``errors``: the first lines that are wrong."""

    market: str
    is_for: PriceIsFor
    read_at: datetime | None
    rows: int
    added: int
    replaced: int
    next_at: datetime | None
    trouble: str
    errors: Sequence[str]
    more_errors: int


@dataclass(frozen=True, slots=True)
class SourceView:
    """``answers``: how many events stand at each answer. ``trouble``: why it cannot be read;
    ``cause``: what its health comes from, in a sentence, or empty."""

    id: int
    kind: SourceKind
    name: str
    uri: str
    hook: str
    hold_seconds: int
    last_read_at: datetime | None
    last_snapshot_at: datetime | None
    next_read_at: datetime | None
    trouble: str
    trouble_since: datetime | None
    settings: Mapping[str, Any]
    webhook: Mapping[str, Any]
    heard_at: datetime | None
    created_at: datetime
    answers: Mapping[Answer, int]
    health: SourceHealth
    cause: str
    lately: Yield
    price_sheet: PriceSheetView | None

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES[self.kind]

    @property
    def has_price_sheets(self) -> bool:
        return self.kind is SourceKind.PARTNER_CENTER

    @property
    def is_told(self) -> bool:
        """It sends; it is not read."""
        return self.kind is SourceKind.EVENTS

    @property
    def calls_host(self) -> str:
        """Where it calls us, as far as that was registered from here."""
        return str(self.webhook.get("host", ""))

    @property
    def recorded(self) -> int:
        return self.answers.get(Answer.ACCEPTED, 0) + self.answers.get(Answer.GAP, 0)

    @property
    def needs_a_person(self) -> int:
        return _needing(self.answers)

    @property
    def not_matched(self) -> NotMatched:
        return from_settings(self.settings)


def list_sources(context: Context, *, now: datetime) -> list[SourceView]:
    """By name; there are few."""
    return _views(Source.objects.filter(**context.scope()).order_by("name"), now=now)


def page_sources(
    context: Context, *, cursor: str | None, limit: int, now: datetime
) -> Page[SourceView]:
    """By name. Raises InvalidInput naming ``cursor`` or ``limit``."""
    limit = check_limit(limit)
    rows = Source.objects.filter(**context.scope())
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=pk))
    found = list(rows.order_by("name", "pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor([last.name, last.pk]) if last else None
    return Page(_views(found[:limit], now=now), more)


def _views(rows: Iterable[Source], *, now: datetime) -> list[SourceView]:
    rows = list(rows)
    counted: dict[int, dict[Answer, int]] = {}
    found = latest(SourceEvent.objects.filter(source__in=rows))
    for one in found.values("source_id", "answer").annotate(many=Count("pk")):
        counted.setdefault(one["source_id"], {})[Answer(one["answer"])] = one["many"]
    lately = yields_of(rows, now=now)
    return [_view(row, counted.get(row.pk, {}), lately[row.pk], now) for row in rows]


def get_source(context: Context, source_id: int, *, now: datetime) -> SourceView:
    """Raises NotFound, also when it is in somebody else's context."""
    found = _views(Source.objects.filter(**context.scope(), pk=source_id), now=now)
    if not found:
        raise NotFound("There is no such source.")
    return found[0]


def named_sources(context: Context) -> list[SourceName]:
    """By name."""
    return _names(Source.objects.filter(**context.scope()))


def sources_of(context: Context, provider_id: str) -> list[SourceName]:
    """Those that are read by us and have told or shown this subscription."""
    known = Subject.objects.filter(subject=provider_id).values("source_id")
    rows = Source.objects.filter(**context.scope(), pk__in=known).exclude(
        kind=SourceKind.EVENTS.value
    )
    return _names(rows)


def _names(rows: QuerySet[Source]) -> list[SourceName]:
    return [SourceName(pk, name) for pk, name in rows.order_by("name").values_list("pk", "name")]


def _needing(answers: Mapping[Answer, int]) -> int:
    return sum(many for answer, many in answers.items() if answer.needs_a_person)


def _view(row: Source, answers: Mapping[Answer, int], lately: Yield, now: datetime) -> SourceView:
    kind = SourceKind(row.kind)
    is_told = kind is SourceKind.EVENTS
    facts = Facts(is_told, row.trouble, _needing(answers), row.last_read_at, row.next_read_at)
    health, cause = health_of(facts, now=now)
    return SourceView(
        id=row.pk,
        kind=kind,
        name=row.name,
        uri=row.uri,
        hook=row.hook,
        hold_seconds=row.hold_seconds,
        last_read_at=row.last_read_at,
        last_snapshot_at=row.last_snapshot_at,
        next_read_at=row.next_read_at,
        trouble=row.trouble,
        trouble_since=row.trouble_since,
        settings=row.settings,
        webhook=row.webhook,
        heard_at=row.heard_at,
        created_at=row.created_at,
        answers=answers,
        health=health,
        cause=cause,
        lately=lately,
        price_sheet=_price_sheet(row),
    )


def _price_sheet(row: Source) -> PriceSheetView | None:
    if not row.price_sheet:
        return None
    said = row.price_sheet
    return PriceSheetView(
        market=said["market"],
        is_for=PriceIsFor(said["is_for"]),
        read_at=datetime.fromisoformat(said["read_at"]) if "read_at" in said else None,
        rows=said.get("rows", 0),
        added=said.get("added", 0),
        replaced=said.get("replaced", 0),
        next_at=row.prices_next_at,
        trouble=said.get("trouble", ""),
        errors=said.get("errors", ()),
        more_errors=said.get("more", 0),
    )
