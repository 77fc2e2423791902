"""Connecting and mapping at the command line: the pages' acts, names instead of ids."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from at_the_command_line import tallystick

from desk import Desk, desk
from factories import Tenancy
from tallystick.audit.models import AuditLog
from tallystick.cli.main import main
from tallystick.connections.models import Connection
from tallystick.identity.models import Tenant
from tallystick.mappings.models import CustomerMapping, Exclusion, NextPlace, SubscriptionMapping
from tallystick.notify.models import Recipient

PRICED = {"unit_price": "15.20", "unit_cost": "12.10"}
YEARS = {"start": "2026-01-01", "end": "2098-12-31"}


@dataclass
class Said:
    code: int
    out: str
    error: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


Say = Callable[..., Said]


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        made.load(
            companies=[{"ref": "c", "name": "Contoso Ltd"}, {"ref": "d", "name": "Contoso Land"}],
            services=[{"ref": "s", "name": "M365", **PRICED}],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud", **YEARS},
                {"ref": "n", "company": "c", "name": "Next", "start": "2026-01-01"}
                | {"end": "2099-12-31"},
            ],
            lines=[{"ref": "l", "contract": "k", "service": "s", "units": 10, **PRICED}],
        )
        made.read()
        yield made


@pytest.fixture
def say(here: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command itself, in this process: one of its own takes seconds to start."""
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    organisation = Tenant.objects.get(pk=here.of.tenant_id).name

    def said(*arguments: str, stdin: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main([*arguments, "--organisation", organisation])
        shown = capsys.readouterr()
        return Said(code, shown.out, shown.err)

    return said


def name_of(here: Desk) -> str:
    return Connection.objects.get(pk=here.connection_id).name


def newest(of: Tenancy) -> tuple[str, str]:
    found = AuditLog.objects.filter(tenant_id=of.tenant_id).order_by("id").last()
    assert found is not None
    return found.event, found.actor


class TestConnections:
    def test_from_creating_to_deleting(self, here: Desk, say: Say) -> None:
        create = ("connections", "create", "Second", "--user-name", "api@example.com")
        money = ("--price-currency", "EUR", "--cost-currency", "EUR")
        done = say(*create, *money)
        assert (done.code, done.out) == (2, "")
        assert "tallystick: secret: must be one line and not empty" in done.error
        done = say(*create, *money, "--secrets-stdin", "--format=json", stdin="S3cret\nC0DE\n")
        assert done.code == 0, done.error
        row = Connection.objects.get(pk=done.value["id"])
        shown = say("connections", "list")
        assert "Second" in shown.out
        assert "S3cret" not in shown.out + say("connections", "list", "--format=json").out

        before = bytes(row.secret_sealed)
        done = say("connections", "edit", "second", "--quiet-seconds", "90", "--name", "Other")
        assert done.out == "Changed: Name, quiet time.\n"
        assert say("connections", "edit", "Other", "--budget-share", "2").code == 2
        say("connections", "edit", "Other", "--secrets-stdin", stdin="new\n")
        row.refresh_from_db()
        assert bytes(row.secret_sealed) != before

        assert say("connections", "pause", "Other", "--reason", "Stock-taking").code == 0
        assert "Stock-taking" in say("connections", "list").out
        assert "work goes on" in say("connections", "resume", "Other").out
        assert "Stock-taking" not in say("connections", "list").out
        assert say("connections", "refresh", "Other").out == "They are being read already.\n"
        assert "reads the lists anew" in say("connections", "refresh", name_of(here)).out

        refused = say("connections", "delete", "Other")
        assert refused.code == 2
        assert "forgets its credentials" in refused.error
        assert refused.error.endswith("nothing was done; repeat it with --yes\n")
        assert say("connections", "delete", "Other", "--yes").out == "Other is deleted.\n"
        assert newest(here.of) == ("connection.delete", "tallystick connections")
        assert say("connections", "pause", "Other", "--reason", "x").code == 2

    def test_a_second_one_of_the_same_autotask_is_told_at_once(self, say: Say) -> None:
        money = ("--price-currency", "EUR", "--cost-currency", "EUR", "--secrets-stdin")
        user = ("--user-name", "api@fabrikam.example")
        first = say("connections", "create", "First", *user, *money, stdin="a\nb\n")
        assert "same Autotask" not in first.out
        second = say("connections", "create", "Second", *user, *money, stdin="a\nb\n")
        assert "“First” is of the same Autotask" in second.out


class TestNames:
    def test_mapping_by_name_and_an_unclear_name_lists_who_it_could_be(
        self, here: Desk, say: Say
    ) -> None:
        here.of.customer("Contoso")
        here.of.customer("Twins")
        here.of.customer("Twins")
        at = ("mappings", "customers")
        connection = name_of(here)
        done = say(*at, "map", connection, "Contoso", "Contoso")
        assert done.code == 2
        assert "there is none named “Contoso”. There is: Contoso Land (number" in done.error
        assert "Contoso Ltd" in done.error
        done = say(*at, "map", connection, "twins", "Contoso Ltd")
        assert (done.code, done.error.count("Twins (cust-")) == (2, 2)
        assert "Say which" in done.error
        done = say(*at, "map", connection, "contoso", "contoso ltd")
        assert (done.code, done.out.endswith("is Contoso Ltd.\n")) == (0, True)
        assert newest(here.of) == (
            "connection.create_customer_mapping",
            "tallystick mappings",
        )
        done = say(*at, "map", connection, "Contoso", "Contoso Land")
        assert (done.code, "Unmap it first" in done.error) == (1, True)
        (row,) = [r for r in say(*at, "list", connection, "--format=json").value if r["company_id"]]
        assert row["company_name"] == "Contoso Ltd"
        assert say(*at, "unmap", connection, "Contoso").code == 0
        assert not CustomerMapping.objects.filter(connection_id=here.connection_id)

    def test_accept_exclude_and_include(self, here: Desk, say: Say) -> None:
        here.of.customer("Contoso")
        here.of.subscription(offer_id=here.of.offer("M365"))
        here.read()
        connection = name_of(here)
        customers = ("mappings", "customers")
        assert say(*customers, "accept", connection).out.endswith("mapped.\n")
        assert say("mappings", "offers", "accept", connection).out == "1 mapped.\n"
        listed = say("mappings", "offers", "list", connection, "--show", "mapped").out
        assert "M365" in listed
        customer = here.of.customer("Ourselves")
        out = say(*customers, "exclude", connection, "Ourselves", "--reason", "our own")
        assert out.code == 0
        assert Exclusion.objects.get(connection_id=here.connection_id).ours_id == customer
        assert "left out: our own" in say(*customers, "list", connection, "--show=excluded").out
        assert say(*customers, "include", connection, "Ourselves").code == 0
        assert say(*customers, "include", connection, "Ourselves").code == 1


class TestLines:
    def test_map_continue_and_stay(self, here: Desk, say: Say) -> None:
        connection = name_of(here)
        customer, offer = here.of.customer("Contoso"), here.of.offer("Premium")
        pk = here.of.subscription(customer_id=customer, offer_id=offer)
        at = ("mappings", "subscriptions")
        done = say(*at, "map", connection, "Premium", "Cloud", "--first-sync", "none")
        assert (done.code, "not mapped to a company yet" in done.error) == (2, True)
        say("mappings", "customers", "map", connection, "Contoso", "Contoso Ltd")
        say("mappings", "offers", "map", connection, "Premium", "M365")
        done = say(*at, "map", connection, "Premium", "Cloud")
        assert (done.code, "first-sync: must be one of adopt" in done.error) == (2, True)
        done = say(*at, "map", connection, "Premium", "Cloud", "--first-sync", "none")
        assert done.out == "Contoso, Premium is billed on Cloud.\n"
        (row,) = say(*at, "list", connection, "--format=json").value
        assert (row["badge"], row["contract"]) == ("Left As It Is", "Cloud")
        assert "Cloud" in say("contracts", "list", connection).out

        done = say(*at, "first-sync", connection, "Premium", "bring")
        assert (done.code, done.error) == (0, "")
        going = ("contracts", "continue", connection, "Cloud", "Next", "--from-on", "2098-01-01")
        done = say(*going)
        assert (done.code, "Nothing has been proved of the line" in done.out) == (1, True)
        assert say("contracts", "stay", connection, "Premium").code == 1

        run = say("sync", connection, "Premium", "--format=json").value[0]["run"]
        assert f"Run {run}: running" in say("runs", str(run)).out
        assert say("runs", "999999999").code == 1
        assert say("sync", connection).code == 2
        assert say("sync", connection, "--all").code == 2
        (line,) = say("sync", connection, "--all", "--dry-run", "--format=json").value
        assert (line["waiting"], line["run"]) == (1, None)
        (listed,) = say("runs", "--format=json").value
        assert (listed["state"], listed["seen"]) == ("running", 0)
        assert say("runs", "--round", str(listed["round"])).code == 0
        same = say("sync", connection, "--customer", "Contoso", "--format=json")
        assert same.value[0]["run"] == run
        assert say("sync", connection, "Premium", "--csv", "x.csv").code == 2, "a dry run only"

        refused = say(*at, "unmap", connection, "Premium")
        assert (refused.code, "goes on billing the line" in refused.error) == (2, True)
        assert say(*at, "unmap", connection, "Premium", "--yes").code == 1, "it is not settled"
        assert SubscriptionMapping.objects.filter(subscription_id=pk).exists()
        extending = say("contracts", "extend", connection, "Cloud", "2099-01-01")
        assert (extending.code, extending.out) == (2, "")
        assert "gets 1 Jan 2099 as its last day in Autotask" in extending.error

    def test_a_line_is_looked_at_in_autotask(self, here: Desk) -> None:
        """In a process of its own, which asks the simulator."""
        customer, offer = here.of.customer("Contoso"), here.of.offer("Premium")
        here.of.subscription(customer_id=customer, offer_id=offer, quantity=14)
        environment = {
            "TALLYSTICK_AUTOTASK_ORIGINS": here.simulator.origin,
            "TALLYSTICK_AUTOTASK_DISCOVERY_URL": here.simulator.origin,
        }
        connection = name_of(here)
        for kind, ours, theirs in [
            ("customers", "Contoso", "Contoso Ltd"),
            ("offers", "Premium", "M365"),
        ]:
            done = tallystick(here.of, "mappings", kind, "map", connection, ours, theirs)
            assert done.returncode == 0, done.stderr
        at = ("mappings", "subscriptions", "map", connection, "Premium", "Cloud")
        look = tallystick(here.of, *at, "--dry-run", "--format=json", **environment)
        assert look.returncode == 0, look.stderr
        seen = json.loads(look.stdout)
        assert (seen["shown_units"], seen["our_units"], seen["same"]) == (10, 14, False)
        adopt = (*at, "--first-sync", "adopt", "--seen-units")
        done = tallystick(here.of, *adopt, "11", **environment)
        assert (done.returncode, "Autotask shows 10 units now" in done.stderr) == (1, True)
        done = tallystick(here.of, *adopt, "10", **environment)
        assert done.returncode == 0, done.stderr

        going = ("contracts", "continue", connection, "Cloud", "Next", "--from-on", "2098-01-01")
        look = tallystick(here.of, *going, "--dry-run", "--format=json", **environment)
        assert look.returncode == 0, look.stderr
        there = {"subscription": "Contoso, Premium", "units": 14, "line there": "a line of its own"}
        assert json.loads(look.stdout) == [there]
        assert not NextPlace.objects.filter(connection_id=here.connection_id).exists()

    def test_together_on_one_line_and_apart(self, here: Desk, say: Say) -> None:
        connection = name_of(here)
        whose = {"customer_id": here.of.customer("Contoso"), "offer_id": here.of.offer("Premium")}
        here.of.subscription(**whose, friendly_name="Head office")
        second = here.of.subscription(**whose, friendly_name="Branch", quantity=5)
        say("mappings", "customers", "map", connection, "Contoso", "Contoso Ltd")
        say("mappings", "offers", "map", connection, "Premium", "M365")
        at = ("mappings", "subscriptions")
        joining = (*at, "together", connection, "Branch", "Head office")
        assert say(*joining).code == 1, "the other one is not mapped"
        say(*at, "map", connection, "Head office", "Cloud", "--first-sync", "none")
        looked = say(*joining, "--preview")
        assert looked.code == 0, looked.error
        assert "Nothing was recorded" in looked.out
        assert not SubscriptionMapping.objects.filter(subscription_id=second).exists()
        done = say(*joining, "--effective-on", "never")
        assert (done.code, "effective_on" in done.error) == (2, True)
        done = say(*joining, "--json")
        assert (done.code, done.value["sent_to"]) == (0, 0), done.error  # its first sync is left
        assert say(*joining).code == 1, "it is mapped"
        rows = {one["subscription"]: one for one in say(*at, "list", connection, "--json").value}
        assert rows["Head office"]["together with"] == [rows["Branch"]["id"]]
        assert say(*at, "unmap", connection, "Branch", "--yes").code == 1

        leaving = (*at, "apart", connection, "Branch")
        assert say(*leaving, "--preview").code == 0
        asked = say(*leaving)
        assert (asked.code, "Its line is brought to what the others have" in asked.error) == (
            2,
            True,
        )
        assert SubscriptionMapping.objects.filter(subscription_id=second).exists()
        assert say(*leaving, "--yes").code == 0
        assert not SubscriptionMapping.objects.filter(subscription_id=second).exists()
        assert say(*at, "apart", connection, "Head office", "--yes").code == 1, "it is alone"


class TestNotifications:
    def test_added_listed_changed_and_removed(
        self, here: Desk, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = "https://hooks.example.com/T0/secret-path"
        add = ("notifications", "add", "webhook", "--name", "Ops bot", "--format", "json")
        made = say(*add, "--url-stdin", stdin=url + "\n")
        assert made.code == 0, made.error
        assert made.value["secret"].startswith("whsec_")
        assert newest(here.of)[0] == "notification.create"
        listed = say("notifications", "list")
        assert "https://hooks.example.com" in listed.out
        assert "secret-path" not in listed.out
        narrowed = ("--topic", "drift", "--connection", name_of(here), "--remind-hours", "0")
        assert say("notifications", "change", "ops bot", *narrowed).code == 0
        row = Recipient.objects.get(pk=made.value["id"])
        assert (row.topics, row.remind_hours) == (["drift"], 0)
        assert row.connection_id == here.connection_id
        assert say("notifications", "change", "Ops bot", "--all-connections").code == 0
        assert Recipient.objects.get(pk=row.pk).connection_id is None
        assert say("notifications", "new-key", "Ops bot", "--format", "json").value["secret"]
        assert "Nothing was sent yet" in say("notifications", "messages", "Ops bot").out
        assert say("notifications", "remove", "Ops bot").code == 2
        assert say("notifications", "remove", "Ops bot", "--yes").code == 0
        assert "Nobody is told" in say("notifications", "list").out
        monkeypatch.setenv("TALLYSTICK_NOTIFICATION_URL", "http://10.0.0.1/x")
        wrong = say("notifications", "add", "slack", "--name", "x")
        assert wrong.code == 2
        assert wrong.error.strip() == "tallystick: target: must begin with https://"

    def test_a_test_that_does_not_arrive_says_why(self, here: Desk, say: Say) -> None:
        number = here.of.told("https://nobody.invalid/x")
        tried = say("notifications", "test", str(number))
        assert tried.code == 1
        assert tried.out.strip() == "It did not arrive. nobody.invalid could not be found."
