"""Invoices of vendors and their lines: facts, as proofs of months are."""

import django.db.models.deletion
from django.db import migrations, models

FACTS = ["books_vendor_invoice", "books_vendor_invoice_line"]

GUARD = """
CREATE TRIGGER {table}_facts BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {table}_facts_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_facts_only"),
        ("books", "0001_month_proofs"),
    ]

    operations = [
        migrations.CreateModel(
            name="VendorInvoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("key", models.CharField(max_length=120)),
                ("number", models.IntegerField()),
                ("month", models.DateField()),
                ("invoice_number", models.CharField(blank=True, max_length=100)),
                ("name", models.CharField(max_length=300)),
                ("rows", models.IntegerField()),
                ("totals", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
                ("correlation_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "books_vendor_invoice",
                "indexes": [models.Index(fields=["tenant_id", "-id"], name="invoice_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "key", "number"), name="invoice_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="invoice_month_begins"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="invoice_number_from_1"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VendorInvoiceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.IntegerField()),
                ("customer_ref", models.CharField(max_length=100)),
                ("customer_name", models.CharField(blank=True, max_length=300)),
                ("subscription_ref", models.CharField(blank=True, max_length=100)),
                ("product_id", models.CharField(blank=True, max_length=100)),
                ("sku_id", models.CharField(blank=True, max_length=100)),
                ("product_name", models.CharField(blank=True, max_length=300)),
                ("charge_type", models.CharField(blank=True, max_length=100)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=20)),
                ("unit_price", models.DecimalField(decimal_places=10, max_digits=24)),
                ("amount", models.DecimalField(decimal_places=6, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("pricing_currency", models.CharField(blank=True, max_length=3)),
                ("rate", models.DecimalField(decimal_places=10, max_digits=24, null=True)),
                ("credit_reason", models.CharField(blank=True, max_length=200)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="books.vendorinvoice"
                    ),
                ),
            ],
            options={
                "db_table": "books_vendor_invoice_line",
                "indexes": [models.Index(fields=["invoice", "line"], name="invoice_lines")],
            },
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
