"""Price lists, promotions, margin rules; and what only the database itself can hold:

- no two rows of one offer, market, currency and tier count on the same day;
- a margin rule, a rate and an import are facts: added, never changed or deleted.
"""

import django.db.models.deletion
from django.db import migrations, models

FACTS = ["catalog_margin_rule", "catalog_exchange_rate", "catalog_price_import"]

# A range of one number stands for "the same series": no extension of PostgreSQL is needed.
ONE_AT_A_TIME = """
ALTER TABLE catalog_price_row ADD CONSTRAINT price_row_one_at_a_time EXCLUDE USING gist (
    int8range(series_id, series_id, '[]') WITH &&,
    daterange(effective_from, effective_until) WITH &&
) WHERE (replaced_at IS NULL);
"""

GUARD = """
CREATE TRIGGER {table}_facts BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {table}_facts_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("audit", "0002_facts_only")]

    operations = [
        migrations.CreateModel(
            name="PriceUpload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("actor_ref", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=300)),
                ("asked", models.JSONField()),
                ("content", models.BinaryField()),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "catalog_price_upload",
            },
        ),
        migrations.AddField(
            model_name="offer",
            name="price_unlocked",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("base", models.CharField(max_length=3)),
                ("quote", models.CharField(max_length=3)),
                ("rate", models.DecimalField(decimal_places=8, max_digits=18)),
                ("from_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
            ],
            options={
                "db_table": "catalog_exchange_rate",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rate__gt", 0)), name="exchange_rate_above_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("base", models.F("quote")), _negated=True),
                        name="exchange_rate_of_two_currencies",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MarginRuleRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("reseller_id", models.BigIntegerField(null=True)),
                ("scope", models.CharField(max_length=20)),
                ("target", models.CharField(blank=True, max_length=30)),
                ("target_name", models.CharField(blank=True, max_length=300)),
                ("method", models.CharField(max_length=30)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=8)),
                ("markup_limit", models.BooleanField()),
                ("discount_limit", models.BooleanField()),
                ("effective_from", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
            ],
            options={
                "db_table": "catalog_margin_rule",
                "indexes": [
                    models.Index(
                        fields=["tenant_id", "reseller_id", "scope", "target"],
                        name="margin_rule_of",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "scope__in",
                                ["subscription", "offer_kind", "customer", "reseller", "everybody"],
                            )
                        ),
                        name="margin_rule_scope_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "method__in",
                                ["markup", "margin", "split_margin", "erp_minus_discount", "none"],
                            )
                        ),
                        name="margin_rule_method_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "everybody"), ("target", "")),
                            models.Q(
                                models.Q(("scope", "everybody"), _negated=True),
                                models.Q(("target", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="margin_rule_has_a_target",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=300)),
                ("is_for", models.CharField(max_length=10)),
                ("rows", models.IntegerField()),
                ("added", models.IntegerField()),
                ("replaced", models.IntegerField()),
                ("unchanged", models.IntegerField()),
                ("large_moves", models.IntegerField()),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
                ("correlation_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "catalog_price_import",
                "indexes": [models.Index(fields=["tenant_id", "-id"], name="price_import_newest")],
            },
        ),
        migrations.CreateModel(
            name="PriceSeries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("product_id", models.CharField(max_length=100)),
                ("sku_id", models.CharField(max_length=100)),
                ("segment", models.CharField(max_length=20)),
                ("term", models.CharField(max_length=10)),
                ("billing_cycle", models.CharField(max_length=20)),
                ("market", models.CharField(max_length=10)),
                ("currency", models.CharField(max_length=3)),
                ("tier_from", models.IntegerField()),
                ("name", models.CharField(max_length=300)),
            ],
            options={
                "db_table": "catalog_price_series",
                "indexes": [
                    models.Index(fields=["tenant_id", "name"], name="price_series_by_name")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "tenant_id",
                            "product_id",
                            "sku_id",
                            "segment",
                            "term",
                            "billing_cycle",
                            "market",
                            "currency",
                            "tier_from",
                        ),
                        name="price_series_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceSettingsRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField(unique=True)),
                ("promotion_lowers", models.CharField(max_length=10)),
                ("reservations_over_erp", models.BooleanField()),
                ("market", models.CharField(blank=True, max_length=10)),
            ],
            options={
                "db_table": "catalog_price_settings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("promotion_lowers__in", ["cost", "price", "both"])),
                        name="price_settings_lowers_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("promotion_id", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=300)),
                ("product_id", models.CharField(max_length=100)),
                ("sku_id", models.CharField(max_length=100)),
                ("segment", models.CharField(blank=True, max_length=20)),
                ("term", models.CharField(blank=True, max_length=10)),
                ("billing_cycle", models.CharField(blank=True, max_length=20)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                ("fixed", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("months", models.IntegerField(null=True)),
                ("available_from", models.DateField()),
                ("available_to", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
                ("replaced_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "catalog_promotion",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at__isnull", True)),
                        fields=(
                            "tenant_id",
                            "promotion_id",
                            "product_id",
                            "sku_id",
                            "segment",
                            "term",
                            "billing_cycle",
                        ),
                        name="promotion_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("percent__isnull", True), ("fixed__isnull", True), _connector="XOR"
                        ),
                        name="promotion_percent_or_fixed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("available_to__gte", models.F("available_from"))),
                        name="promotion_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cost", models.DecimalField(decimal_places=4, max_digits=16)),
                ("erp", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("is_for", models.CharField(max_length=10)),
                ("tier_to", models.IntegerField(null=True)),
                ("effective_from", models.DateField()),
                ("stated_until", models.DateField(null=True)),
                ("effective_until", models.DateField(null=True)),
                ("tags", models.CharField(blank=True, max_length=2000)),
                ("replaced_at", models.DateTimeField(null=True)),
                (
                    "price_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="catalog.priceimport"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="catalog.priceseries"
                    ),
                ),
            ],
            options={
                "db_table": "catalog_price_row",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cost__gte", 0),
                            models.Q(("erp__isnull", True), ("erp__gte", 0), _connector="OR"),
                        ),
                        name="price_row_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_for__in", ["term", "cycle"])),
                        name="price_row_is_for_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_until__isnull", True),
                            ("effective_until__gt", models.F("effective_from")),
                            _connector="OR",
                        ),
                        name="price_row_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            ONE_AT_A_TIME,
            "ALTER TABLE catalog_price_row DROP CONSTRAINT price_row_one_at_a_time;",
        ),
        *(
            migrations.RunSQL(
                GUARD.format(table=table),
                f"DROP TRIGGER {table}_facts ON {table}; "
                f"DROP TRIGGER {table}_facts_all ON {table};",
            )
            for table in FACTS
        ),
    ]
