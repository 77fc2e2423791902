# ruff: noqa: S608 - no value of anybody is put into these, only our own words
"""The least SQL that answers what a mapping page shows, written by hand: the pages' reference."""

from __future__ import annotations

ACTIVE = "status IN ('active', 'suspended')"
HELD = "count(*) AS subscriptions, sum(quantity) AS licences, sum(quantity * unit_price) AS money"

CUSTOMERS = f"""
SELECT c.id, c.name, c.external_id, m.company_id, m.company_name, x.reason,
       g.company_id, g.company_name, g.score, g.reason, h.*
FROM (SELECT id, name, external_id FROM subscriptions_customer c
      WHERE tenant_id = %(tenant)s {{where}} ORDER BY name, id LIMIT 51) c
LEFT JOIN mappings_customer m ON m.connection_id = %(connection)s AND m.customer_id = c.id
LEFT JOIN mappings_exclusion x
       ON x.connection_id = %(connection)s AND x.kind = 'customer' AND x.ours_id = c.id
LEFT JOIN mappings_customer_suggestion g
       ON g.connection_id = %(connection)s AND g.customer_id = c.id
LEFT JOIN LATERAL (SELECT {HELD} FROM subscriptions_subscription s
                   WHERE s.tenant_id = %(tenant)s AND s.customer_id = c.id AND {ACTIVE}) h ON true
ORDER BY c.name, c.id
"""
NOT_MAPPED_CUSTOMER = """
AND NOT EXISTS (SELECT FROM mappings_customer m
                WHERE m.connection_id = %(connection)s AND m.customer_id = c.id)
AND NOT EXISTS (SELECT FROM mappings_exclusion x WHERE x.connection_id = %(connection)s
                AND x.kind = 'customer' AND x.ours_id = c.id)
"""
OPEN_CUSTOMERS = f"""
SELECT count(DISTINCT c.id), {HELD}
FROM subscriptions_customer c JOIN subscriptions_subscription s ON s.customer_id = c.id
WHERE c.tenant_id = %(tenant)s AND {ACTIVE} {NOT_MAPPED_CUSTOMER}
"""
CLEAR = f"""
SELECT count(*) FROM mappings_customer_suggestion g
JOIN subscriptions_customer c ON c.id = g.customer_id
WHERE g.connection_id = %(connection)s AND g.score >= 0.9
AND NOT EXISTS (SELECT FROM mappings_customer t
                WHERE t.connection_id = %(connection)s AND t.company_id = g.company_id)
{NOT_MAPPED_CUSTOMER}
"""
OFFERS = f"""
SELECT o.id, o.name, o.sku_id, m.service_id, m.service_name, h.*
FROM catalog_offer o
JOIN (SELECT offer_id, {HELD} FROM subscriptions_subscription
      WHERE tenant_id = %(tenant)s AND {ACTIVE} GROUP BY offer_id) h ON h.offer_id = o.id
LEFT JOIN mappings_offer m ON m.connection_id = %(connection)s AND m.offer_id = o.id
WHERE o.tenant_id = %(tenant)s {{where}} ORDER BY o.name, o.id LIMIT 51
"""
FREE_SERVICES = """
SELECT ref, name, period_months, unit_price, unit_cost, active FROM directory_service d
WHERE connection_id = %(connection)s AND NOT EXISTS
      (SELECT FROM mappings_offer m WHERE m.connection_id = %(connection)s AND m.service_id = d.ref)
"""
OPEN_OFFERS = f"""
SELECT {HELD} FROM subscriptions_subscription s
WHERE tenant_id = %(tenant)s AND {ACTIVE} AND NOT EXISTS
      (SELECT FROM mappings_offer m
       WHERE m.connection_id = %(connection)s AND m.offer_id = s.offer_id)
"""
SUBSCRIPTIONS = """
SELECT s.id, s.quantity, s.unit_price, s.status, c.name, o.name, m.company_name, m.contract_name,
       m.service_name, m.line_id, l.expected_units, l.proved_at, l.drift_units, d.waiting
FROM subscriptions_subscription s
JOIN subscriptions_customer c ON c.id = s.customer_id
JOIN catalog_offer o ON o.id = s.offer_id
LEFT JOIN mappings_subscription m ON m.subscription_id = s.id
LEFT JOIN ledger_lane l ON l.id = m.lane_id
LEFT JOIN LATERAL (
    SELECT count(*) AS waiting FROM ledger_delivery d WHERE d.lane_id = l.id
    AND d.state NOT IN ('synced', 'resolved', 'not_applicable')) d ON true
WHERE s.tenant_id = %(tenant)s
AND (m.connection_id = %(connection)s OR m.id IS NULL) {where}
ORDER BY c.name, s.id LIMIT 51
"""
OPEN_SUBSCRIPTIONS = f"""
SELECT {HELD} FROM subscriptions_subscription s
WHERE tenant_id = %(tenant)s AND status = 'active'
AND NOT EXISTS (SELECT FROM mappings_subscription m WHERE m.subscription_id = s.id)
AND NOT EXISTS (SELECT FROM mappings_exclusion x WHERE x.connection_id = %(connection)s
                AND x.kind = 'subscription' AND x.ours_id = s.id)
"""
CONTRACTS = """
SELECT m.contract_id, coalesce(e.ends_on, '9999-12-31') AS ends, count(*), max(m.contract_name),
       max(m.company_id), max(m.company_name)
FROM mappings_subscription m
LEFT JOIN directory_contract e
       ON e.connection_id = m.connection_id AND e.ref = m.contract_id
WHERE m.connection_id = %(connection)s AND m.tenant_id = %(tenant)s {where}
GROUP BY 1, 2 {having} ORDER BY 2, 1 LIMIT 51
"""
BADGES = """
SELECT count(*), count(*) FILTER (WHERE l.drift_units IS NOT NULL),
       count(*) FILTER (WHERE l.proved_at IS NULL)
FROM mappings_subscription m JOIN ledger_lane l ON l.subscription_id = m.subscription_id AND l.open
WHERE m.connection_id = %(connection)s AND NOT EXISTS (
    SELECT FROM ledger_delivery d WHERE d.lane_id = l.id
    AND d.state NOT IN ('synced', 'resolved', 'not_applicable'))
"""
# Badges with quantity and money, what waits, and the dearest that need somebody.
HOME = """
WITH lane AS (
    SELECT l.subscription_id, l.proved_at, l.drift_units IS NOT NULL AS drifted, d.waits
    FROM ledger_lane l
    LEFT JOIN (SELECT lane_id, count(*) AS waits FROM ledger_delivery
               WHERE state NOT IN ('synced', 'resolved', 'not_applicable') GROUP BY lane_id) d
           ON d.lane_id = l.id
    WHERE l.open AND l.tenant_id = %(tenant)s AND l.connection_id = %(connection)s
)
SELECT drifted, waits IS NOT NULL, proved_at IS NULL, s.price_currency, count(*), sum(s.quantity),
       sum(s.quantity * s.unit_price / CASE o.billing_cycle WHEN 'annual' THEN 12 ELSE 1 END)
FROM lane JOIN subscriptions_subscription s ON s.id = lane.subscription_id
JOIN catalog_offer o ON o.id = s.offer_id
GROUP BY 1, 2, 3, 4
"""
