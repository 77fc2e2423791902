"""The statements of ``staged_prices``, in the order in which they run."""

from __future__ import annotations

from typing import Final

ONE_AT_A_TIME: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"

LAY_ASIDE: Final = (
    "DROP TABLE IF EXISTS pg_temp.staged_price, pg_temp.staged_timeline",
    """
    CREATE TEMPORARY TABLE staged_price (
        line integer NOT NULL,
        product_id text NOT NULL, sku_id text NOT NULL, segment text NOT NULL,
        term text NOT NULL, billing_cycle text NOT NULL,
        market text NOT NULL, currency text NOT NULL,
        tier_from integer NOT NULL, tier_to integer,
        name text NOT NULL, cost numeric(16, 4) NOT NULL, erp numeric(16, 4),
        tags text NOT NULL, effective_from date NOT NULL, stated_until date,
        series_id bigint
    ) ON COMMIT DROP
    """,
)

_KEY: Final = "product_id, sku_id, segment, term, billing_cycle, market, currency, tier_from"
COPY: Final = f"""
    COPY staged_price (
        line, {_KEY}, tier_to, name, cost, erp, tags, effective_from, stated_until
    ) FROM STDIN
"""

CONTRADICTIONS: Final = f"""
    SELECT line, first_line FROM (
        SELECT line, cost, erp, tier_to, stated_until,
               first_value(line) OVER of_one AS first_line,
               first_value(cost) OVER of_one AS first_cost,
               first_value(erp) OVER of_one AS first_erp,
               first_value(tier_to) OVER of_one AS first_tier_to,
               first_value(stated_until) OVER of_one AS first_until
        FROM staged_price
        WINDOW of_one AS (PARTITION BY {_KEY}, effective_from ORDER BY line)
    ) AS lines
    WHERE (cost, erp, tier_to, stated_until)
          IS DISTINCT FROM (first_cost, first_erp, first_tier_to, first_until)
    ORDER BY line LIMIT %(most)s
"""  # noqa: S608 - the names of columns above

WITHOUT_REPETITIONS: Final = f"""
    DELETE FROM staged_price WHERE line IN (
        SELECT line FROM (
            SELECT line, row_number() OVER (
                PARTITION BY {_KEY}, effective_from ORDER BY line
            ) AS number FROM staged_price
        ) AS lines WHERE number > 1
    )
"""  # noqa: S608 - the names of columns above

ADD_SERIES: Final = f"""
    INSERT INTO catalog_price_series (tenant_id, {_KEY}, name)
    SELECT DISTINCT ON ({_KEY}) %(tenant)s, {_KEY}, name
    FROM staged_price ORDER BY {_KEY}, effective_from DESC
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - the names of columns above

FIND_SERIES: Final = """
    UPDATE staged_price p SET series_id = s.id FROM catalog_price_series s
    WHERE s.tenant_id = %(tenant)s
      AND s.product_id = p.product_id AND s.sku_id = p.sku_id AND s.segment = p.segment
      AND s.term = p.term AND s.billing_cycle = p.billing_cycle AND s.market = p.market
      AND s.currency = p.currency AND s.tier_from = p.tier_from
"""

# The newest line's name: Microsoft renames what it sells.
NAME_SERIES: Final = f"""
    UPDATE catalog_price_series s SET name = p.name FROM (
        SELECT DISTINCT ON ({_KEY}) {_KEY}, name
        FROM staged_price ORDER BY {_KEY}, effective_from DESC
    ) AS p
    WHERE s.tenant_id = %(tenant)s AND s.name <> p.name
      AND s.product_id = p.product_id AND s.sku_id = p.sku_id AND s.segment = p.segment
      AND s.term = p.term AND s.billing_cycle = p.billing_cycle AND s.market = p.market
      AND s.currency = p.currency AND s.tier_from = p.tier_from
"""  # noqa: S608 - the names of columns above

# What was known of the table before the series were found would mislead the planner.
KNOW_SERIES: Final = (
    "CREATE INDEX ON staged_price (series_id, effective_from)",
    "CREATE INDEX ON staged_price (line)",
    "ANALYZE staged_price",
)

DROP_UNCHANGED: Final = """
    DELETE FROM staged_price p USING catalog_price_row r
    WHERE r.series_id = p.series_id AND r.replaced_at IS NULL
      AND r.effective_from = p.effective_from
      AND (r.cost, r.erp, r.is_for, r.tier_to, r.stated_until, r.tags) IS NOT DISTINCT FROM
          (p.cost, p.erp, %(is_for)s, p.tier_to, p.stated_until, p.tags)
"""

# One row for each first day of a touched series; of an old and a new one the new one. Prices for
# one billing cycle stand beside it, so that lists for a term and for a cycle can be compared.
TIMELINE: Final = """
    CREATE TEMPORARY TABLE staged_timeline ON COMMIT DROP AS
    WITH touched AS (
        SELECT DISTINCT series_id FROM staged_price
    ), of_old AS (
        SELECT r.id AS row_id, NULL::integer AS line, r.series_id, r.effective_from,
               r.stated_until, r.effective_until, r.cost, r.erp, r.is_for,
               p.line IS NOT NULL AS is_replaced
        FROM catalog_price_row r JOIN touched t ON t.series_id = r.series_id
        LEFT JOIN staged_price p
          ON p.series_id = r.series_id AND p.effective_from = r.effective_from
        WHERE r.replaced_at IS NULL
    ), of_new AS (
        SELECT NULL::bigint, p.line, p.series_id, p.effective_from,
               p.stated_until, NULL::date, p.cost, p.erp, %(is_for)s::varchar, false
        FROM staged_price p
    ), of_all AS (
        SELECT * FROM of_old UNION ALL SELECT * FROM of_new
    ), priced AS (
        SELECT a.*, CASE
            WHEN a.is_for = 'cycle' OR s.term = 'none' OR s.billing_cycle IN ('one_time', 'none')
            THEN 1::numeric
            ELSE (CASE s.billing_cycle WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 ELSE 36 END)
                 / (CASE s.term WHEN 'P1M' THEN 1 WHEN 'P1Y' THEN 12 WHEN 'P3Y' THEN 36 ELSE 60 END)
                   ::numeric
            END AS share
        FROM of_all a JOIN catalog_price_series s ON s.id = a.series_id
    )
    SELECT row_id, line, series_id, effective_from, stated_until, effective_until, is_replaced,
           cost * share AS cost, erp * share AS erp,
           lead(effective_from) OVER later AS next_from,
           lag(cost * share) OVER earlier AS cost_before,
           lag(erp * share) OVER earlier AS erp_before
    FROM priced
    WINDOW earlier AS (PARTITION BY series_id ORDER BY effective_from, line NULLS FIRST),
           later AS (PARTITION BY series_id, is_replaced ORDER BY effective_from)
"""

KNOW_TIMELINE: Final = (
    "CREATE INDEX ON staged_timeline (line)",
    "CREATE INDEX ON staged_timeline (row_id)",
    "ANALYZE staged_timeline",
)

COUNT: Final = """
    SELECT count(*) FILTER (WHERE line IS NOT NULL)
             - count(*) FILTER (WHERE is_replaced),
           count(*) FILTER (WHERE is_replaced)
    FROM staged_timeline
"""

# As ``price_list.moves_too_far`` has it.
_TOO_FAR: Final = """
    (least({0}, {0}_before) <= 0 AND greatest({0}, {0}_before) > 0
     OR greatest({0}, {0}_before) > least({0}, {0}_before) * %(too_far)s)
    AND {0}_before IS NOT NULL AND {0} IS NOT NULL AND line IS NOT NULL
"""

COUNT_MOVES: Final = f"""
    SELECT count(*) FILTER (WHERE {_TOO_FAR.format("cost")})
         + count(*) FILTER (WHERE {_TOO_FAR.format("erp")})
    FROM staged_timeline
"""  # noqa: S608 - the condition above

MOVES: Final = f"""
    SELECT t.line, t.what, s.name, round(t.before, 4), round(t.after, 4), s.currency FROM (
        SELECT line, series_id, 'cost' AS what, cost_before AS before, cost AS after
        FROM staged_timeline WHERE {_TOO_FAR.format("cost")}
        UNION ALL
        SELECT line, series_id, 'erp', erp_before, erp
        FROM staged_timeline WHERE {_TOO_FAR.format("erp")}
    ) AS t JOIN catalog_price_series s ON s.id = t.series_id
    ORDER BY t.line, t.what LIMIT %(most)s
"""  # noqa: S608 - the condition above

MARK_REPLACED: Final = """
    UPDATE catalog_price_row r SET replaced_at = %(now)s
    FROM staged_timeline t WHERE t.row_id = r.id AND t.is_replaced
"""

SHORTEN: Final = """
    UPDATE catalog_price_row r SET effective_until = least(t.stated_until, t.next_from)
    FROM staged_timeline t
    WHERE t.row_id = r.id AND NOT t.is_replaced
      AND t.effective_until IS DISTINCT FROM least(t.stated_until, t.next_from)
"""

ADD_ROWS: Final = """
    INSERT INTO catalog_price_row (
        series_id, cost, erp, is_for, tier_to, effective_from, stated_until, effective_until,
        tags, price_import_id
    )
    SELECT p.series_id, p.cost, p.erp, %(is_for)s, p.tier_to, p.effective_from, p.stated_until,
           least(t.stated_until, t.next_from), p.tags, %(import)s
    FROM staged_price p
    JOIN staged_timeline t ON t.line = p.line
"""
