"""``tallystick status``: what it says, and the exit code a script goes by."""

from __future__ import annotations

import json
from datetime import timedelta

from at_the_command_line import tallystick
from django.db import connection as database

from factories import tenancy
from tallystick.connections.models import Connection
from tallystick.kit.clock import DatabaseClock
from tallystick.ledger.models import Delivery, Lane


def worker(*, there: bool) -> None:
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        if there:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


def test_the_exit_code_says_how_it_stands(db: None) -> None:
    of = tenancy()
    worker(there=False)
    said = tallystick(of, "status")
    assert said.returncode == 12, said.stderr
    assert "No worker is there" in said.stdout

    worker(there=True)
    assert tallystick(of, "status").returncode == 10, "nothing is mapped yet"

    connection_id = of.connection()
    subscription_id = of.subscription(quantity=10)
    said = tallystick(of, "status", "--up-to", "2026-05-31", "--format", "json")
    assert said.returncode == 11
    value = json.loads(said.stdout)
    assert value["may_post"]["answer"] == "not_yet"
    assert {one["why"] for one in value["may_post"]["reasons"]} == {"not_mapped"}

    lane_id = of.map(subscription_id, connection_id, contract_id=1, line_id=1)
    now = DatabaseClock().now()
    Delivery.objects.filter(lane_id=lane_id).update(state="resolved", settled_at=now)
    Lane.objects.filter(pk=lane_id).update(expected_units=10, proved_at=now)
    Connection.objects.filter(pk=connection_id).update(last_swept_at=now, last_read_at=now)
    said = tallystick(of, "status")
    assert said.returncode == 0, said.stdout
    assert "Nothing needs you. 1 of 1 line proved." in said.stdout

    Connection.objects.filter(pk=connection_id).update(last_swept_at=now - timedelta(days=2))
    assert tallystick(of, "status").returncode == 12


def test_a_wrong_day_is_named(db: None) -> None:
    said = tallystick(tenancy(), "status", "--up-to", "soon")
    assert said.returncode == 2
    assert "up-to" in said.stderr


def test_what_waits_for_a_person_under_renewals_says_why(db: None) -> None:
    of = tenancy()
    yesterday = DatabaseClock().now().date() - timedelta(days=1)
    of.subscription(customer_id=of.customer("Juniper"), commitment_ends_on=yesterday)
    said = tallystick(of, "renewals", "--needs")
    assert said.returncode == 0, said.stderr
    assert "Juniper, Microsoft 365 Business Premium: Nobody has said what happens" in said.stdout
