"""Import Customer Mapping and Offer Mapping from a file: each act by the page's own verb.

1. Read the file; when it cannot be read as one of these, nothing else is looked at.
2. In one transaction: load what is recorded, find what each row speaks of, decide, carry it out.
3. A look, or a row that is wrong: everything is taken back (``mapping_carry_out``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tallystick.connections.queries import get_connection
from tallystick.directory.queries import all_services, companies_called
from tallystick.identity.roles import Right
from tallystick.kit.paging import LARGEST_PAGE, every
from tallystick.kit.problem import FieldError
from tallystick.mappings.choose import Chosen, choose_company, choose_service
from tallystick.mappings.customer_rows import list_customer_rows
from tallystick.mappings.exclude import exclude, include_again
from tallystick.mappings.kinds import Ours as Kind
from tallystick.mappings.map_names import unmap_customer, unmap_offer
from tallystick.mappings.offer_rows import list_offer_rows
from tallystick.sources.csv_source import Source, read_source
from tallystick.sources.mapping_carry_out import How, ImportedMappings, Job, carry_out
from tallystick.sources.mapping_cells import CUSTOMERS, OFFERS, ours_of_customer, ours_of_offer
from tallystick.sources.mapping_decide import Act, Decision, Named, Standing, decide
from tallystick.sources.mapping_known import KnownOurs, KnownTheirs, Ours, Theirs
from tallystick.sources.mapping_said import MOST_BYTES, Columns, Said, Wish, read_said

INSTEAD = "write change in act to replace that"
Known = Sequence[tuple[Ours, Standing]]


@dataclass(frozen=True, slots=True)
class _Side:
    """What differs between the two: columns, words, questions, verbs."""

    kind: Kind
    theirs: str
    columns: Columns
    known: Callable[[int, Chosen], Known]
    called: Callable[[int, Sequence[str]], Iterable[Theirs]]
    choose: Callable[..., object]
    unmap: Callable[..., object]


def import_names(
    kind: Kind, source: Source, connection_id: int, *, how: How, by: Chosen
) -> ImportedMappings:
    """``kind``: CUSTOMER or OFFER. Raises ImportRefused, NotFound, NotAllowed, Conflicting."""
    by.context.require(Right.MAP)
    side = _SIDES[kind]
    connection = get_connection(by.context, connection_id)
    said = read_said(read_source(source, most=MOST_BYTES), side.columns)
    return carry_out(
        lambda: _jobs(side, said, connection.id, by), tenant_id=by.context.tenant_id, how=how
    )


def _jobs(side: _Side, said: Sequence[Said], connection_id: int, by: Chosen) -> list[Job]:
    recorded = side.known(connection_id, by)
    standing = {ours.id: now for ours, now in recorded}
    known = KnownOurs(side.columns.ours, side.kind.value, [ours for ours, _ in recorded])
    texts = sorted({row.theirs for row in said if row.theirs})
    theirs = KnownTheirs(side.theirs, side.called(connection_id, texts))
    jobs = []
    for row in said:
        ours = known.find(row.ours, line=row.line)
        if isinstance(ours, FieldError):
            jobs.append(wrong(row, "", (ours, *row.errors)))
            continue
        jobs.append(_job(side, row, ours, standing[ours.id], theirs, connection_id, by))
    return jobs


def _job(
    side: _Side,
    row: Said,
    ours: Ours,
    now: Standing,
    known: KnownTheirs,
    connection_id: int,
    by: Chosen,
) -> Job:
    named = named_in(row, now, known, side.columns)
    if isinstance(named, FieldError):
        return wrong(row, ours.label, (*row.errors, named))
    decided = decide(row, now, named, instead=INSTEAD)
    if not isinstance(decided, Decision):
        return wrong(row, ours.label, (*row.errors, *decided))
    if row.errors:
        return wrong(row, ours.label, row.errors)
    verbs: dict[Act, Callable[[], object]] = {
        Act.MAP: partial(side.choose, ours.id, connection_id, named.id, by=by),
        Act.UNMAP: partial(side.unmap, ours.id, connection_id, **_acting(by)),
        Act.EXCLUDE: partial(
            exclude, side.kind, ours.id, connection_id, reason=row.reason, **_acting(by)
        ),
        Act.INCLUDE: partial(include_again, side.kind, ours.id, connection_id, **_acting(by)),
    }
    steps = tuple(verbs[step] for step in decided.steps)
    return Job(row.line, ours.label, decided.act, decided.words, steps=steps)


def named_in(row: Said, now: Standing, known: KnownTheirs, columns: Columns) -> Named | FieldError:
    """What the row's cell of theirs means; what it is mapped to needs no finding."""
    gone = row.act is Wish.UNMAP and now.theirs_id is None
    if not row.theirs or gone:
        return Named(columns.theirs)
    if now.theirs_id is not None and row.theirs == now.theirs.strip():
        return Named(columns.theirs, now.theirs_id, now.theirs)
    found = known.find(row.theirs)
    if isinstance(found, str):
        return FieldError(columns.theirs, found)
    return Named(columns.theirs, found.id, found.name)


def wrong(row: Said, label: str, errors: Sequence[FieldError]) -> Job:
    """A row that does nothing, and why."""
    ours = label or next(iter(row.ours.values()), "")
    return Job(row.line, ours, Act.NOTHING, "", tuple(errors))


def _acting(by: Chosen) -> dict[str, Any]:
    return {"context": by.context, "now": by.now, "correlation_id": by.correlation_id}


def _customers(connection_id: int, by: Chosen) -> Known:
    rows = every(
        lambda cursor: list_customer_rows(
            by.context, connection_id, cursor=cursor, limit=LARGEST_PAGE
        )
    )
    return [
        (ours_of_customer(row), Standing(row.company_id, row.company_name, row.excluded_because))
        for row in rows
    ]


def _offers(connection_id: int, by: Chosen) -> Known:
    rows = every(
        lambda cursor: list_offer_rows(by.context, connection_id, cursor=cursor, limit=LARGEST_PAGE)
    )
    return [
        (ours_of_offer(row), Standing(row.service_id, row.service_name, row.excluded_because))
        for row in rows
    ]


def _companies(connection_id: int, texts: Sequence[str]) -> Iterable[Theirs]:
    found = companies_called(connection_id, texts)
    return [Theirs(one.id, one.name, one.number, one.active) for one in found]


def _services(connection_id: int, texts: Sequence[str]) -> Iterable[Theirs]:  # noqa: ARG001 - some hundreds: all of them
    return [Theirs(one.id, one.name, "", one.active) for one in all_services(connection_id)]


_SIDES = {
    Kind.CUSTOMER: _Side(
        Kind.CUSTOMER,
        "company",
        CUSTOMERS,
        _customers,
        _companies,
        choose_company,
        unmap_customer,
    ),
    Kind.OFFER: _Side(
        Kind.OFFER, "service", OFFERS, _offers, _services, choose_service, unmap_offer
    ),
}
