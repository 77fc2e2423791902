"""What a source says of a term stands beside what was said here, and where they differ it shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client

from factories import TODAY, Tenancy, nobody_wakes, sibling, tenancy, user
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.days import in_words
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.operations.note import set_end_of_term
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.world import CLIENT, SECRET, TENANT
from tallystick.sources.models import Subject
from tallystick.sources.partner_center.client import HOSTS, Application, PartnerCenter
from tallystick.sources.partner_center.connect import application_of, connect_partner_center
from tallystick.sources.partner_center.read_source import PartnerCenterReader
from tallystick.sources.read_sources import Reading, read_source
from tallystick.sources.terms_told import TermTold, terms_told
from tallystick.sources.wire import SourceWire
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import SubscriptionView, get_subscription
from tallystick.subscriptions.status import EndOfTerm

pytestmark = pytest.mark.usefixtures("db")
UNTIL = "2026-05-17T08:30:00.1234567Z"
NEXT = {"product": {"termDuration": "P1Y", "billingCycle": "annual"}, "quantity": 12}


@pytest.fixture
def at() -> Iterator[Running]:
    with running_partner_center(today=TODAY) as running:
        yield running


class Stage:
    """A Partner Center that is read, with one subscription."""

    def __init__(self, at: Running) -> None:
        self.of, self.at = tenancy(), at
        self.source_id = connect_partner_center(
            name="Contoso at Microsoft",
            application=Application(TENANT, CLIENT, Secret(SECRET)),
            context=self.of.context,
            keys=settings.SEALING_KEYS,
            now=self.of.clock.now(),
            correlation_id=correlation_id(),
        )
        customer = at.center.add_customer("Alder & Ash")
        # The page shows what ends within a year of the real day.
        self.ends_on = DatabaseClock().now().date() + timedelta(days=60)
        self.subject = at.center.add_subscription(
            customer,
            commitmentEndDate=f"{self.ends_on}T00:00:00Z",
            cancellationAllowedUntilDate=UNTIL,
            scheduledNextTermInstructions=NEXT,
        )
        self.read()

    def read(self) -> None:
        def reader(row: object) -> PartnerCenterReader:
            wire = SourceWire(HOSTS, stand_ins=self.at.stand_ins)
            return PartnerCenterReader(
                PartnerCenter(
                    application_of(row, settings.SEALING_KEYS),  # type: ignore[arg-type]  # a Source
                    wire,
                    wait=[].append,
                )
            )

        reading = Reading(reader, self.of.clock.now(), nobody_wakes, correlation_id())
        read_source(self.source_id, reading, everything=True)

    @property
    def view(self) -> SubscriptionView:
        row = Subscription.objects.get(tenant_id=self.of.tenant_id, provider_id=self.subject)
        return get_subscription(self.of.context, row.pk)

    @property
    def told(self) -> TermTold:
        return terms_told(self.of.context, [self.subject])[self.subject]


@pytest.fixture
def stage(at: Running, db: None) -> Stage:
    return Stage(at)


def page(of: Tenancy) -> str:
    client = Client()
    client.force_login(user(of))
    return client.get("/renewals?show=365").content.decode()


def test_what_the_source_says_is_known_and_is_the_same_here(stage: Stage) -> None:
    told = stage.told
    assert (told.source, told.ends_on) == ("Contoso at Microsoft", stage.ends_on)
    assert told.end_of_term is EndOfTerm.RENEW
    assert told.cancel_by == datetime(2026, 5, 17, 8, 30, 0, 123456, tzinfo=UTC)
    assert told.next_term == "12 licences, 1 year, annual"
    assert told.differs(stage.view) == []
    assert terms_told(sibling(stage.of).context, [stage.subject]) == {}


def test_another_choice_made_here_shows_beside_it_until_they_agree(stage: Stage) -> None:
    set_end_of_term(
        subscription_id=stage.view.id,
        to=EndOfTerm.CANCEL.value,
        today=stage.of.today(),
        asked=stage.of.asked(),
    )
    assert stage.told.differs(stage.view) == ["end_of_term"]
    words = stage.told.in_words(stage.view)
    assert words.startswith("Contoso at Microsoft: Renews (here: Ends), scheduled: 12 licences")
    said = page(stage.of)
    assert "Contoso at Microsoft says Renews" in said
    assert "scheduled there: 12 licences, 1 year, annual" in said
    assert "Contoso at Microsoft: cancel by" in said


def test_what_is_taken_back_there_is_gone_here(stage: Stage) -> None:
    stage.of.clock.advance(3600 * 24)
    stage.at.center.change(
        stage.subject,
        at=stage.of.clock.now(),
        logged=False,
        cancellationAllowedUntilDate=None,
        scheduledNextTermInstructions=None,
        autoRenewEnabled=False,
    )
    stage.read()
    told = stage.told
    assert (told.cancel_by, told.next_term) == (None, "")
    assert told.end_of_term is stage.view.end_of_term is EndOfTerm.EXTEND
    assert "says the same" in page(stage.of)


def test_another_last_day_and_what_cannot_be_read(stage: Stage) -> None:
    later = stage.ends_on + timedelta(days=1)
    row = Subject.objects.get(source_id=stage.source_id, subject=stage.subject)
    row.state = {**row.state, "term_ends_on": later.isoformat()}
    row.shown = {**row.shown, "cancel_by": "soon"}
    row.save()
    assert stage.told.cancel_by is None
    assert stage.told.differs(stage.view) == ["ends_on"]
    assert f"until {in_words(later)}" in stage.told.in_words(stage.view)
    assert f"Contoso at Microsoft says {in_words(later)}" in page(stage.of)
