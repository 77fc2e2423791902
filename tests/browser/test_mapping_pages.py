"""A new connection is mapped: fifty subscriptions, of which forty-five match obviously."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from processes import Command, run
from tallystick.bootstrap.ports import reserved
from tallystick.simulator.running import Simulator, running_simulator

EMAIL, PASSWORD = "mia@contoso.example", "a long enough secret"
OBVIOUS, REST = 45, 5
# What a person needs between two clicks: to read, to decide, to move the hand.
SECONDS_AN_ACT = 2.5
LONGEST = 180.0
COLUMNS = (
    "customer_id,customer,offer_id,offer,term,billing_cycle,subscription_id,quantity,"
    "unit_price,unit_cost,currency,starts_on,status"
)
TREES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper"]
PLACES = ["berg", "heim", "tal", "hof", "burg"]
TRADES = ["Logistics", "Dental", "Foods", "Travel", "Academy"]
YEAR = {"start": "2026-01-01", "end": "2099-12-31"}


@dataclass
class Office:
    """An installation with one connection and nothing mapped."""

    web: str
    simulator: Simulator
    connection_id: int
    home: Path
    api: httpx.Client


@dataclass
class Mia:
    """She clicks, and every act takes its time."""

    page: Page
    began: float = field(default_factory=time.monotonic)
    acts: int = 0

    def click(self, name: str, *, role: str = "button", at: int = 0) -> None:
        self.acts += 1
        self.page.get_by_role(role, name=name).nth(at).click()  # type: ignore[arg-type]
        self.page.wait_for_load_state("networkidle")

    def go(self, name: str) -> None:
        self.click(name, role="link")

    def type(self, text: str) -> None:
        self.acts += 1
        self.page.get_by_role("searchbox").fill(text)
        self.page.wait_for_timeout(400)
        self.page.wait_for_load_state("networkidle")

    def write(self, label: str, text: str) -> None:
        self.acts += 1
        self.page.get_by_label(label).fill(text)

    @property
    def seconds(self) -> float:
        """Real ones, and those of a person's pace."""
        return time.monotonic() - self.began + self.acts * SECONDS_AN_ACT


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("office")
    with reserved("127.0.0.1", 8450) as port, running_simulator() as simulator:
        environment = {
            "TALLYSTICK_AUTOTASK_ORIGINS": simulator.origin,
            "TALLYSTICK_AUTOTASK_DISCOVERY_URL": simulator.origin,
        }
        command = Command("up", "--port", str(port), home=home, **environment)
        try:
            command.wait_for("Tallystick is at")
            made = run(
                "create-admin",
                EMAIL,
                "--organisation=Contoso Cloud",
                "--password-stdin",
                home=home,
                input=PASSWORD + "\n",
            )
            assert made.returncode == 0, made.stderr
            token = run("create-token", "tests", "--role=administrator", home=home).stdout.strip()
            web = f"http://127.0.0.1:{port}"
            _fill(simulator)
            _import(home)
            api = httpx.Client(
                base_url=f"{web}/api/v1/",
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
                trust_env=False,
            )
            created = api.post(
                "connections",
                json={
                    "name": "Autotask",
                    "price_currency": "EUR",
                    "cost_currency": "EUR",
                    "user_name": simulator.user,
                    "secret": simulator.secret,
                    "code": simulator.code,
                    "quiet_seconds": 0,
                },
            )
            assert created.status_code == 201, created.text
            yield Office(web, simulator, created.json()["id"], home, api)
        finally:
            assert command.stop() == 0, command.said


def _fill(simulator: Simulator) -> None:
    """At Autotask: who is obvious has another legal form, who is not another name."""
    everybody = range(OBVIOUS + REST)
    simulator.load(
        companies=[
            {"ref": f"c{n}", "name": f"{_name(n)} GmbH" if n < OBVIOUS else f"Other {n} Holdings"}
            for n in everybody
        ],
        services=[
            {"ref": "s", "name": "Microsoft 365 Business Premium", "unit_price": "22"},
            {"ref": "x", "name": "Exchange Online (Plan 1)", "unit_price": "4"},
        ],
        contracts=[
            {"ref": f"k{n}", "company": f"c{n}", "name": "Cloud services", **YEAR}
            for n in everybody
        ],
        lines=[
            {"contract": f"k{n}", "service": "s", "units": 5 + n, "unit_price": "22"}
            | {"unit_cost": "17.60"}
            for n in everybody
        ],
    )


def _import(home: Path) -> None:
    file = home / "subscriptions.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(COLUMNS.split(","))
        for n in range(OBVIOUS + REST):
            # The last one has another quantity than its line.
            quantity = 5 + n if n < OBVIOUS + REST - 1 else 99
            ours = [f"cust-{n}", _name(n)]
            offer = ["CFQ7TTC0LCHC:0002", "Microsoft 365 Business Premium", "P1Y", "monthly"]
            held = [f"sub-{n}", quantity, "22.00", "17.60", "EUR", "2026-01-01", "active"]
            rows.writerow([*ours, *offer, *held])
    done = run("import", "subscriptions", str(file), home=home)
    assert done.returncode == 0, done.stderr


def _name(n: int) -> str:
    return f"{TREES[n % 10]}{PLACES[n // 10]} {TRADES[n % 5]}"


@pytest.fixture
def mia(office: Office, browser: Browser) -> Iterator[Mia]:
    context = browser.new_context(base_url=office.web, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(40_000)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    yield Mia(page)
    context.close()


def test_fifty_subscriptions_are_mapped_in_three_minutes(office: Office, mia: Mia) -> None:
    page = mia.page
    at = f"/connectors/{office.connection_id}"
    page.goto(f"{at}/customer-mapping")
    mia.began = time.monotonic()
    if page.get_by_role("button", name="Refresh from Autotask").is_visible():
        mia.click("Refresh from Autotask")
    _until_read(page)
    expect(page.get_by_text("50 not mapped: 1", exact=False)).to_be_visible()

    mia.click("45 clear matches: accept all")
    expect(page.get_by_text("45 customers mapped.")).to_be_visible()
    mia.go("Hide Mapped")
    for n in range(OBVIOUS, OBVIOUS + REST):
        mia.go("Choose")
        ours = page.get_by_role("heading", level=1).inner_text()
        number = next(k for k in range(50) if _name(k) == ours)
        mia.type(f"{number} hold")
        mia.click(f"Map to Other {number} Holdings")
        expect(page.get_by_text(f"{ours} is Other {number} Holdings.")).to_be_visible()
        assert n < OBVIOUS + REST
    expect(page.get_by_text("Every customer in use is mapped or left out.")).to_be_visible()

    mia.go("Offer Mapping")
    mia.click("1 clear match: accept all")

    mia.go("Subscription Mapping")
    mia.click("Map what is clear and equal")
    expect(
        page.get_by_text("49 subscriptions mapped: each line shows what we have.")
    ).to_be_visible()
    expect(page.get_by_text("Autotask shows 54 units", exact=False)).to_be_visible()

    mia.go("Not Mapped")
    mia.click("Map Microsoft", role="link")
    expect(page.get_by_text("Autotask shows something else")).to_be_visible()
    page.get_by_label("Ours counts: bring Autotask to 99").check()
    mia.acts += 1
    mia.click("Confirm Sync")
    expect(page.get_by_text("Autotask is brought to ours in the background.")).to_be_visible()

    seconds = mia.seconds
    print(f"\nfifty subscriptions mapped: {mia.acts} acts, {seconds:.0f} s at a person's pace")
    assert seconds < LONGEST
    for _ in range(60):
        page.goto(f"{at}/subscription-mapping?badge=synced")
        if not office.simulator.effects():
            time.sleep(0.5)
            continue
        break
    assert [one["unit_change"] for one in office.simulator.effects()] == [99 - 54]


def _until_read(page: Page) -> None:
    for _ in range(60):
        read = page.get_by_text("Autotask's lists as of").is_visible()
        if read and page.get_by_text("clear matches", exact=False).is_visible():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.content())


def test_leaving_out_and_unmapping_say_what_they_mean(office: Office, mia: Mia) -> None:
    page = mia.page
    at = f"/connectors/{office.connection_id}"
    page.goto(f"{at}/customer-mapping?show=mapped")
    mia.click("Change", role="link")
    mia.click("Unmap")
    expect(page.get_by_text("1 subscription is mapped by it.", exact=False)).to_be_visible()

    page.goto(f"{at}/subscription-mapping?badge=synced")
    page.locator("summary[aria-label^='Actions for']").first.click()
    mia.go("Unmap")
    expect(page.get_by_text("it goes on billing this line as it is", exact=False)).to_be_visible()
    mia.click("Unmap")
    expect(page.get_by_text("is not mapped any more", exact=False)).to_be_visible()
    page.goto(f"{at}/subscription-mapping?badge=not_mapped")
    mia.click("Map Microsoft", role="link")
    expect(page.get_by_text("Autotask shows exactly what we have")).to_be_visible()
    mia.write("Why it is not billed here", "our own licences")
    mia.click("Exclude")
    expect(page.get_by_text("is left out.", exact=False)).to_be_visible()


def test_an_order_goes_on_to_its_line_in_one_flow(office: Office, mia: Mia) -> None:
    page = mia.page
    at = f"/connectors/{office.connection_id}"
    office.simulator.load(
        companies=[{"ref": "m", "name": "Maplewood House of Print"}],
        contracts=[{"ref": "k", "company": "m", "name": "Cloud services", **YEAR}],
    )
    made = office.api.post("customers", json={"name": "Maple Print", "external_id": "maple"})
    assert made.status_code == 201, made.text
    offer = {"product_id": "CFQ7TTC0LH16", "sku_id": "0001", "name": "Exchange Online (Plan 1)"}
    made = office.api.post("offers", json={**offer, "term": "P1Y", "billing_cycle": "monthly"})
    assert made.status_code == 201, made.text
    page.goto(f"{at}/customer-mapping")
    if page.get_by_role("button", name="Refresh from Autotask").is_visible():
        mia.click("Refresh from Autotask")
    for _ in range(60):
        page.goto(f"{at}/customer-mapping?q=maple&show=not_mapped")
        if page.get_by_text("Autotask's lists as of").is_visible():
            break
        page.wait_for_timeout(500)

    page.goto("/subscriptions/submit-order")
    page.get_by_label("Customer", exact=True).select_option("Maple Print")
    page.get_by_label("Offer", exact=True).select_option(index=1)
    for option in page.get_by_label("Offer", exact=True).locator("option").all():
        if (option.inner_text()).startswith("Exchange"):
            page.get_by_label("Offer", exact=True).select_option(option.get_attribute("value"))
    page.get_by_label("Subscription id at Microsoft").fill("maple-1")
    page.get_by_label("Quantity").fill("7")
    page.get_by_label("Sync to Connection").select_option("Autotask")
    mia.click("Record the order")
    expect(page.get_by_text("Choose now where it is billed.", exact=False)).to_be_visible()
    expect(page.get_by_text("Maple Print is not mapped to a company yet.")).to_be_visible()
    mia.go("Map the customer")
    mia.type("house of")
    mia.click("Map to Maplewood House of Print")
    expect(page.get_by_text("is not mapped to a service yet.", exact=False)).to_be_visible()
    mia.go("Map the offer")
    mia.click("Map to Exchange Online (Plan 1)")
    expect(page.get_by_text("The line is created with the first change")).to_be_visible()
    page.get_by_label("Ours counts: bring Autotask to 7").check()
    mia.click("Confirm Sync")
    before = {"customer", "offer", "subscription"}
    logs = office.api.get("audit-logs", params={"limit": 40}).json()["items"]
    made_here = {one["operation"] for one in logs}
    assert {f"connection.create_{kind}_mapping" for kind in before} <= made_here
    for _ in range(60):
        if 7 in [one["unit_change"] for one in office.simulator.effects()]:
            break
        time.sleep(0.5)
    assert 7 in [one["unit_change"] for one in office.simulator.effects()]


def test_a_contract_is_continued_on_the_next_one_and_extended(office: Office, mia: Mia) -> None:
    page = mia.page
    at = f"/connectors/{office.connection_id}"
    found = office.api.get(
        f"connections/{office.connection_id}/companies", params={"search": _name(20)}
    ).json()["items"]
    office.simulator.load(
        contracts=[
            {"ref": "n", "company": found[0]["id"], "name": "Cloud next"}
            | {"start": "2098-01-01", "end": "2099-12-31"}
        ]
    )
    page.goto(f"{at}/contracts?q={_name(20).split()[0]}")
    for _ in range(60):
        if page.get_by_role("button", name="Refresh from Autotask").is_visible():
            mia.click("Refresh from Autotask")
        page.goto(f"{at}/contracts?q={_name(20).split()[0]}")
        page.get_by_role("link", name="Continue Cloud services on another contract").click()
        if page.get_by_label("Cloud next", exact=False).is_visible():
            break
        page.wait_for_timeout(500)
        page.goto(f"{at}/contracts?q={_name(20).split()[0]}")
    page.get_by_label("Cloud next", exact=False).check()
    mia.click("Look at the lines")
    expect(page.get_by_role("heading", name="What happens on 1 Jan 2098")).to_be_visible()
    expect(page.get_by_text("Then Cloud services goes to 0 from the same day.")).to_be_visible()
    expect(page.get_by_text("A line of its own, created then")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, width
    page.set_viewport_size({"width": 1280, "height": 800})
    before = len(office.simulator.effects())
    mia.click("Continue on Cloud next")
    expect(page.get_by_text("continue on Cloud next from 1 Jan 2098", exact=False)).to_be_visible()
    assert len(office.simulator.effects()) == before

    page.goto(f"{at}/subscription-mapping?q={_name(20).split()[0]}")
    expect(page.get_by_text("from 1 Jan 2098: Cloud next")).to_be_visible()
    page.locator("summary[aria-label^='Actions for']").first.click()
    mia.go("Do not continue elsewhere")
    mia.click("Stay on Cloud services")
    expect(page.get_by_text("It stays on its contract. Nothing was sent.")).to_be_visible()

    page.goto(f"{at}/contracts?q={_name(20).split()[0]}")
    mia.go("Extend Cloud services")
    mia.write("New last day", "2050-01-01")
    mia.click("Extend in Autotask")
    expect(page.get_by_text("A contract is never shortened", exact=False).first).to_be_visible()
    mia.write("New last day", "2100-06-30")
    mia.click("Extend in Autotask")
    expect(page.get_by_text("ends on 30 Jun 2100 in Autotask", exact=False)).to_be_visible()
    page.goto(f"{at}/contracts?show=attention")
    expect(page.get_by_role("heading", name="No contract needs attention")).to_be_visible()


def test_a_second_writer_is_told_and_dealt_with(office: Office, mia: Mia) -> None:
    page = mia.page
    at = f"/connectors/{office.connection_id}/subscription-mapping"
    mappings = f"connections/{office.connection_id}/subscription-mappings"
    row = office.api.get(mappings, params={"search": _name(30)}).json()["items"][0]
    subscription, line = row["subscription"]["id"], row["place"]["contract_service_id"]
    units, today = row["expected"]["units"], office.simulator.advance(0).date()
    for more in (1, 2):
        office.simulator.hand_edit(line, today, units=units + more)
        run_at = office.api.post(f"{mappings}/{subscription}/sync").json()["id"]
        for _ in range(60):
            if office.api.get(f"runs/{run_at}").json()["state"] == "finished":
                break
            time.sleep(0.5)
    page.goto(f"{at}?q={_name(30).split()[0]}")
    mia.go("Somebody else changes this line too")
    shown = page.get_by_role("table", name="What was seen").locator("tbody tr")
    expect(shown).to_have_count(2)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 800})
    mia.click("It is dealt with")
    expect(page.get_by_role("alert")).to_contain_text("somebody will ask")
    mia.write("What was done about it", "The old tool's sync is off.")
    mia.click("It is dealt with")
    expect(page.get_by_text("Dealt with.", exact=False)).to_be_visible()
    expect(page.get_by_text("Somebody else changes this line too", exact=False)).to_be_hidden()

    # Mapped anew, what others did to it stands on the form.
    office.simulator.hand_edit(line, today + timedelta(days=1), units=units)
    assert office.api.delete(f"{mappings}/{subscription}").status_code == 204
    page.goto(f"{at}/{subscription}/map")
    expect(page.get_by_text("The same thing may be billed twice")).to_be_visible()
    expect(page.get_by_text("stop its sync for this contract first", exact=False)).to_be_visible()
