"""Import monthly Azure amounts: everything in the file, or nothing.

An amount that differs from what is recorded takes its place, and the earlier one is kept. What is
final can be corrected by another final amount only. The same file again stores nothing.

Where all amounts of a plan's month are final by then, an operation is recorded with them, in the
same transaction. A dry run records it, too, and undoes it: so it says what would happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from tallystick.audit.events import Event
from tallystick.catalog.price_asked import By
from tallystick.identity.roles import Right
from tallystick.kit.chunks import chunks
from tallystick.kit.money import parse_currency
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.ledger.wake import Wake
from tallystick.sources.azure_months import MonthsRecorded, Touched, nobody_wakes, record_months
from tallystick.sources.azure_people import People
from tallystick.sources.azure_sheet import COLUMNS, REQUIRED, AmountRow, read_amounts
from tallystick.sources.csv_errors import Errors
from tallystick.sources.sheet_open import Sheet, open_sheet
from tallystick.sources.sheet_rows import SheetRows
from tallystick.subscriptions.azure_models import AzureAmountRow
from tallystick.subscriptions.models import Customer, Subscription

MOST_ROWS = 200_000
AT_A_TIME = 1000
Key = tuple[int, int | None, object, str]


@dataclass(frozen=True, slots=True)
class AmountFile:
    """``currency`` and ``final`` count where a row does not say."""

    name: str
    currency: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class AmountsImported:
    rows: int
    stored: bool
    added: int
    corrected: int
    unchanged: int
    unknown_columns: tuple[str, ...]
    outcome: MonthsRecorded


def import_azure_costs(
    source: Sheet, file: AmountFile, *, by: By, wake: Wake, dry_run: bool = False
) -> AmountsImported:
    """Raises ImportRefused, InvalidInput, NotAllowed, Conflicting: then nothing is stored."""
    by.context.require(Right.OPERATE)
    currency = _currency(file.currency)
    errors = Errors()
    with open_sheet(source) as text:
        sheet = SheetRows(text, columns=COLUMNS, required=REQUIRED, errors=errors)
        rows = _read(sheet, currency, file, errors)
    with transaction.atomic():
        _one_at_a_time(by.context.tenant_id)
        changes = _Changes(rows, file, by, errors)
        errors.refuse()
        changes.store()
        outcome = record_months(changes.touched, by=by, wake=nobody_wakes() if dry_run else wake)
        transaction.set_rollback(dry_run)
    return AmountsImported(
        rows=len(rows),
        stored=not dry_run,
        added=len(changes.new) - len(changes.over),
        corrected=len(changes.over),
        unchanged=len(rows) - len(changes.new),
        unknown_columns=sheet.unknown,
        outcome=outcome,
    )


class _Changes:
    """What the rows mean for what is recorded; errors are added, nothing is written yet."""

    def __init__(self, rows: Sequence[AmountRow], file: AmountFile, by: By, errors: Errors) -> None:
        self.new: list[AzureAmountRow] = []
        # Every customer, plan and month that the file speaks of, also where nothing is new.
        self.touched: list[Touched] = []
        self.over: list[int] = []
        self._file, self._by, self._errors = file, by, errors
        self._seen: dict[Key, int] = {}
        people = People(by.context)
        for part in chunks(rows, AT_A_TIME):
            people.meet(part)
            found = [(row, people.of(row, errors)) for row in part]
            known = _recorded(whose for _, whose in found if whose is not None)
            for row, whose in found:
                if whose is not None:
                    self._one(row, *whose, known=known)

    def _one(
        self,
        row: AmountRow,
        customer: Customer,
        plan: Subscription | None,
        *,
        known: Mapping[Key, AzureAmountRow],
    ) -> None:
        key = (customer.pk, plan.pk if plan else None, row.month, row.kind.value)
        first = self._seen.setdefault(key, row.line)
        if first != row.line:
            words = f"this customer's {row.kind.value} of the month is already on line {first}"
            self._errors.add(row.line, "month", words)
            return
        self.touched.append(Touched(customer, plan, row.month))
        made = self._made(row, customer, plan)
        before = known.get(key)
        if before is not None and _says_the_same(before, made):
            return
        if before is not None and before.final and not made.final:
            words = f"the amount of {row.month:%Y-%m} is final here: only a final one corrects it"
            self._errors.add(row.line, "final", words)
            return
        if before is not None:
            self.over.append(before.pk)
        self.new.append(made)

    def _made(
        self, row: AmountRow, customer: Customer, plan: Subscription | None
    ) -> AzureAmountRow:
        context = self._by.context
        return AzureAmountRow(
            tenant_id=context.tenant_id,
            reseller_id=customer.reseller_id,
            customer=customer,
            subscription=plan,
            month=row.month,
            kind=row.kind.value,
            cost=row.cost,
            price=row.price,
            cost_currency=row.cost_currency,
            price_currency=row.price_currency,
            final=row.final,
            source=self._file.name,
            recorded_at=self._by.now,
            actor=context.actor.name[:200],
            correlation_id=self._by.correlation_id,
        )

    def store(self) -> None:
        """In the caller's transaction; nothing and no audit record when nothing changes."""
        if not self.new:
            return
        for ids in chunks(self.over, AT_A_TIME):
            AzureAmountRow.objects.filter(pk__in=ids).update(replaced_at=self._by.now)
        AzureAmountRow.objects.bulk_create(self.new, batch_size=AT_A_TIME)
        counts = {"added": len(self.new) - len(self.over), "corrected": len(self.over)}
        self._by.note(
            Event.IMPORT_AZURE_COSTS,
            f"{self._file.name}: {counts['added']} amounts added, {counts['corrected']} corrected",
            dict(counts),
        )


def _recorded(
    people: Iterable[tuple[Customer, Subscription | None]],
) -> dict[Key, AzureAmountRow]:
    ids = {customer.pk for customer, _ in people}
    rows = AzureAmountRow.objects.filter(customer_id__in=ids, replaced_at__isnull=True)
    return {(one.customer_id, one.subscription_id, one.month, one.kind): one for one in rows}


def _says_the_same(before: AzureAmountRow, made: AzureAmountRow) -> bool:
    """An amount that is final stays so when it is said again without that word."""
    same = all(
        getattr(before, field) == getattr(made, field)
        for field in ("cost", "price", "cost_currency", "price_currency")
    )
    return same and (before.final or not made.final)


def _read(sheet: SheetRows, currency: str, file: AmountFile, errors: Errors) -> list[AmountRow]:
    rows: list[AmountRow] = []
    for row in read_amounts(sheet, currency=currency, final=file.final, errors=errors):
        if len(rows) == MOST_ROWS:
            errors.add(row.line, "file", f"has more than {MOST_ROWS} rows: split it")
            break
        rows.append(row)
    errors.refuse()
    return rows


def _currency(text: str) -> str:
    try:
        return parse_currency(text) if text.strip() else ""
    except ValueError as error:
        raise InvalidInput.one("currency", str(error)) from None


def _one_at_a_time(tenant_id: int) -> None:
    with connection.cursor() as cursor:
        key = f"import-azure-costs/{tenant_id}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        row = cursor.fetchone()
    if not (row and row[0]):
        raise Conflicting("Another import is under way. Nothing was imported; try again after it.")
