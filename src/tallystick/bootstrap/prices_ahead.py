"""What a price list or margin rule would send: each row with its day, posted periods and gap.

Its rows are looked at as several operations are, by the same code. All lines of a connection are
read together, one call for up to 500 of them, and never more than ``MOST_AT_ONCE`` rows at once:
of what is beyond it is said that it was not looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from tallystick.bootstrap.clients import Calls
from tallystick.bootstrap.glance import quick_billing_of
from tallystick.bootstrap.preview_many import MOST_AT_ONCE, look_at_many
from tallystick.bootstrap.preview_rows import RowAhead, rows_of
from tallystick.bootstrap.preview_words import less_or_more
from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import civil_day
from tallystick.ledger.record import Recorded
from tallystick.operations.at_once import Ask
from tallystick.operations.finish import Asked
from tallystick.operations.look_at_prices import ByList, What
from tallystick.operations.record_repriced import record_repriced
from tallystick.operations.repriced import Repriced

NOT_LOOKED_UP = f"Not looked up in Autotask: more than {MOST_AT_ONCE} are not looked up at once."


@dataclass(frozen=True, slots=True)
class PricesAhead:
    """By subscription what each of its connections would be told; ``calls``: asked for it.

    ``not_looked_up``: subscriptions beyond what is looked up at once.
    """

    by_subscription: Mapping[int, Sequence[RowAhead]] = field(default_factory=dict)
    calls: int = 0
    not_looked_up: frozenset[int] = frozenset()

    def of(self, one: Repriced) -> Sequence[RowAhead]:
        """Empty: it is not changed, or was not looked up."""
        return self.by_subscription.get(one.view.id, ())

    def why_not(self, one: Repriced) -> str:
        """Why nothing is said of it; empty when something is, or it is not changed."""
        return NOT_LOOKED_UP if one.view.id in self.not_looked_up else ""

    @property
    def rows(self) -> list[RowAhead]:
        return [row for rows in self.by_subscription.values() for row in rows]

    @property
    def gaps(self) -> int:
        """How many are billed later than they count, for money that is known."""
        return sum(1 for row in self.rows if row.gap)

    @property
    def gaps_in_words(self) -> list[str]:
        """By currency what they come to together: ``22.00 EUR less``."""
        rows = [row for row in self.rows if row.gap]
        return [
            less_or_more(
                sum(
                    (row.gap or Decimal(0) for row in rows if row.currency == currency), Decimal(0)
                ),
                currency,
            )
            for currency in sorted({row.currency for row in rows})
        ]

    @property
    def unread(self) -> str:
        """Why a connection's Autotask was not read; empty when all were."""
        return next((row.unread for row in self.rows if row.unread), "")


def look_ahead_at_prices(rows: Sequence[Repriced], what: What, *, asked: Asked) -> PricesAhead:
    """Of rows as ``look_at_prices`` answers them: those that may be changed. Stores nothing."""
    changing = [one for one in rows if not one.left]
    shown, beyond = changing[:MOST_AT_ONCE], changing[MOST_AT_ONCE:]
    today = civil_day(asked.now, tenant_zone(asked.context.tenant_id))
    calls = Calls()

    def record(one: Repriced, asked: Asked) -> Recorded:
        return record_repriced(one, by_list=isinstance(what, ByList), today=today, asked=asked)

    found = look_at_many(
        [Ask(one.view.id, partial(record, one)) for one in shown],
        asked=asked,
        billing=partial(quick_billing_of, calls=calls),
    )
    by_subscription = {
        one.view.id: rows_of([ahead], [one.view], ["Update price margin"])
        for one, ahead in zip(shown, found, strict=True)
    }
    return PricesAhead(by_subscription, calls.made, frozenset(one.view.id for one in beyond))
