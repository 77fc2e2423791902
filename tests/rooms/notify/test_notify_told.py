"""Who is told what: once when red, once when green, a digest instead of a flood."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import resolve
from told import Desk

from factories import number, sibling, tenancy, user
from tallystick.connections.pause import pause, resume
from tallystick.identity.context import Context
from tallystick.identity.models import User
from tallystick.identity.people import context_of
from tallystick.ledger.models import Lane
from tallystick.notify.change import change_recipient, remove_recipient
from tallystick.notify.choice import Choice
from tallystick.notify.links import to_connection, to_event, to_out_of_sync, to_source
from tallystick.notify.models import Message, Noticed
from tallystick.notify.pulse import Away
from tallystick.sources.intake.decide import Decision, decide_event
from tallystick.sources.models import EventOutcome
from tellers import teller


def test_once_when_red_and_once_when_green(here: Desk) -> None:
    here.mail()
    connection = here.of.connection(name="Autotask North")
    customer = here.of.customer("Contoso")
    held = here.red(
        connection,
        cause="Autotask refused it: no. Nothing was changed. Mend it, then press Sync.",
        customer_id=customer,
    )
    here.pass_time()
    for _ in range(5):
        here.pass_time(15)
    assert here.box is not None
    (mail,) = here.box.mails
    assert mail["Subject"].startswith("Out of Sync: Contoso, ")
    text = here.box.texts()[0]
    assert "on Autotask North since 09:00 on 10 May 2026." in text
    assert "First sync of quantity 10: Autotask refused it: no." in text
    assert f"/subscriptions/{held}" in text
    here.heal(held)
    here.pass_time()
    assert here.box.subjects()[1:] == [
        f"No longer {mail['Subject'].replace('Out', 'out', 1).replace('Sync', 'sync', 1)}"
    ]
    assert "Synced, read back from Autotask and equal at" in here.box.texts()[1]
    here.pass_time(600)
    assert len(here.box.mails) == 2


def test_an_outage_is_one_message_and_its_end_another(here: Desk) -> None:
    here.mail()
    connection = here.of.connection()
    held = [here.red(connection) for _ in range(30)]
    here.pass_time()
    later = [here.red(connection) for _ in range(10)]
    here.pass_time()
    assert here.subjects() == ["30 subscriptions are out of sync"]
    assert here.box is not None
    assert "and 20 more." in here.box.texts()[0]
    here.heal(*held, *later[2:])
    here.pass_time()
    assert here.subjects()[1:] == ["No longer out of sync: 38 subscriptions"]
    assert "2 subscriptions are still out of sync:" in here.box.texts()[1]
    here.heal(*later)
    here.pass_time()
    assert len(here.subjects()) == 4, "the two that were left are told one by one again"


def test_a_reminder_names_all_that_lasts(here: Desk) -> None:
    daily, never = here.mail(), here.mail("bob@contoso.example", remind_hours=0)
    connection = here.of.connection()
    here.red(connection)
    here.pass_time()
    here.of.later(days=1)
    here.pass_time(0)
    assert here.subjects(daily)[1:] == ["Still out of sync: 1 subscription"]
    assert len(here.subjects(never)) == 1


def test_drift_is_its_own_topic(here: Desk) -> None:
    drift = here.mail(topics=["drift"])
    red = here.mail("bob@contoso.example", topics=["out_of_sync"])
    connection = here.of.connection()
    held = here.red(connection)
    here.heal(held)
    Lane.objects.filter(subscription_id=held).update(
        drift_units=12, drift_expected=10, drift_since=here.of.clock.now()
    )
    here.pass_time()
    assert [one.startswith("Drift: ") for one in here.subjects(drift)] == [True]
    assert here.subjects(red) == []
    text = Message.objects.get(recipient=drift).text
    assert "Autotask shows 12 units, expected 10" in text
    assert "Nothing was sent" in text


def test_what_waits_behind_a_pause_is_told_with_its_connection(here: Desk) -> None:
    here.mail()
    connection = here.of.connection(name="Autotask North")
    for _ in range(8):
        held = here.red(connection)
        lanes = Lane.objects.filter(subscription_id=held)
        lanes.get().delivery_set.update(state="pending", cause="")
    asked = {"actor": here.of.context.actor, "correlation_id": "c"}
    pause(
        connection,
        because="Maintenance\r\nBcc: x@y.example",
        resume_at=None,
        now=here.of.clock.now(),
        **asked,
    )
    here.pass_time()
    assert here.subjects() == ["Paused: Autotask North"]
    assert (
        "Maintenance Bcc: x@y.example."
        in Message.objects.get(
            subject="Paused: Autotask North", recipient__tenant_id=here.of.tenant_id
        ).text
    )
    resume(connection, now=here.of.clock.now(), **asked)
    here.pass_time()
    assert here.subjects()[1:] == ["Resumed: Autotask North"]


def test_a_pause_that_ends_by_itself_is_no_news(here: Desk) -> None:
    here.mail()
    connection = here.of.connection()
    now = here.of.clock.now()
    pause(
        connection,
        because="Wait.",
        resume_at=now + timedelta(hours=1),
        actor=here.of.context.actor,
        now=now,
        correlation_id="c",
    )
    here.pass_time()
    assert here.subjects() == []


def test_each_is_told_only_of_its_context_and_connection(here: Desk) -> None:
    reseller, other = sibling(here.of), sibling(here.of)
    stranger = Desk(tenancy(), here.box, here.hook)
    stranger.mail()
    north, south = here.of.connection(), here.of.connection()
    theirs = reseller.connection()
    all_of_it = here.mail()
    only = here.mail("bob@contoso.example", connection_id=north)
    mine = here.mail("rita@fabrikam.example", of=reseller)
    nothing = here.mail("omar@other.example", of=other)
    here.red(north)
    here.red(south)
    Desk(reseller, here.box, here.hook).red(theirs)
    here.pass_time()
    stranger.pass_time()
    found = [len(here.subjects(one)) for one in (all_of_it, only, mine, nothing)]
    assert found == [3, 1, 1, 0]
    assert stranger.subjects() == []


def test_who_may_not_sign_in_any_more_is_told_nothing(here: Desk) -> None:
    from tallystick.notify.look import living

    ada = user(here.of)
    of = tenancy_of(here, context_of(ada))
    recipient = here.mail(ada.email, of=of)
    assert living().filter(pk=recipient).exists()
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert not living().filter(pk=recipient).exists()


def tenancy_of(here: Desk, context: Context) -> object:
    return type(here.of)(here.of.tenant_id, context, clock=here.of.clock)


def test_another_choice_begins_anew(here: Desk) -> None:
    recipient = here.mail()
    here.red(here.of.connection())
    here.pass_time()
    change_recipient(recipient, Choice(["out_of_sync"], remind_hours=1), by=here.by())
    here.pass_time()
    assert len(here.subjects()) == 2
    change_recipient(recipient, Choice(["out_of_sync"], remind_hours=1), by=here.by())
    here.pass_time()
    assert len(here.subjects()) == 2, "the same choice is no choice"


def test_taken_away_nothing_is_told_and_nothing_waits(here: Desk) -> None:
    recipient = here.mail()
    here.red(here.of.connection())
    here.look()
    here.of.later(seconds=60)
    here.look()
    remove_recipient(recipient, by=here.by())
    here.send()
    assert here.box is not None
    assert here.box.mails == []
    row = Message.objects.get(recipient=recipient)
    assert (row.state, row.failure) == ("given_up", "It was taken away before this was sent.")
    assert not Noticed.objects.filter(recipient=recipient).exists()


@pytest.mark.parametrize("told_by_web", [False, True])
def test_when_nobody_worked(here: Desk, told_by_web: bool) -> None:
    from tallystick.notify.look import tell_nobody_works

    here.mail()
    here.of.later(hours=1)
    since = here.of.clock.now()
    until = here.of.later(minutes=45)
    if told_by_web:
        tell_nobody_works(since, now=until)
        tell_nobody_works(since, now=until)
    for _ in range(3):
        here.look(Away(since, until))
    here.look()
    here.send()
    if told_by_web:
        assert here.subjects() == ["Nobody works", "A worker is back"]
    else:
        assert here.subjects() == ["A worker is back"]
        assert here.box is not None
        assert "No worker was there from 10:00 on 10 May 2026 to 10:45" in " ".join(
            here.box.texts()[0].split()
        )


def test_a_change_that_came_too_late_is_told_once_with_what_to_decide(here: Desk) -> None:
    recipient = here.mail()
    drift = here.mail("bob@contoso.example", topics=["drift"])
    told = teller(here.of)
    subject = told.subject()
    told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
    late = told.tell(told.quantity(subject, 12, minute=40))[0]
    for _ in range(3):
        here.pass_time()
    assert here.subjects(drift) == []
    (said,) = here.subjects(recipient)
    assert said.startswith("Not recorded, decide: Quantity changed to 12, Alder & Ash, ")
    row = Message.objects.get(recipient=recipient)
    assert "It happened at " in row.text
    assert "Came too late: Something newer of this subscription has been recorded" in row.text
    assert "record it from today, from its own day, or not at all" in row.text
    assert row.link.endswith(f"/connectors/sources/{told.added.source_id}/events/{late.id}")
    assert row.facts["event_id"] == late.id
    here.of.later(days=3)
    here.pass_time()
    decide_event(
        late.id,
        Decision.IGNORE,
        reason="asked them",
        context=here.of.context,
        now=here.of.clock.now(),
        wake=told.nudge,
        correlation_id="c",
    )
    here.pass_time()
    assert len(here.subjects(recipient)) == 1, "neither a reminder, nor what a person did"
    assert not Noticed.objects.filter(recipient=recipient).exists()


def test_many_that_came_too_late_are_one_message(here: Desk) -> None:
    recipient = here.mail()
    told = teller(here.of)
    subjects = [told.subject() for _ in range(12)]
    told.tell(*(told.bought(one) for one in subjects))
    told.tell(*(told.quantity(one, 9, minute=50) for one in subjects))
    late = told.tell(*(told.quantity(one, 12, minute=40) for one in subjects))
    here.pass_time()
    assert here.subjects(recipient) == ["12 changes not recorded, decide"]
    row = Message.objects.get(recipient=recipient)
    assert "and 2 more." in row.text
    assert row.link.endswith(f"/connectors/sources/{told.added.source_id}")
    for one in late[:9]:
        EventOutcome.objects.create(
            event_id=one.id, answer="accepted", actor="Ada", at=here.of.clock.now()
        )
    here.pass_time()
    assert here.subjects(recipient)[1:] == ["3 changes not recorded, decide"]
    assert "3 changes that sources told still wait" in Message.objects.latest("pk").text


def test_what_was_told_of_another_connection_or_context_is_not(here: Desk) -> None:
    world_of = here.of
    north, south = world_of.connection(), world_of.connection()
    reseller = sibling(world_of)
    theirs = here.mail("rita@fabrikam.example", of=reseller)
    only_north = here.mail("bob@contoso.example", connection_id=north)
    only_south = here.mail("eve@contoso.example", connection_id=south)
    all_of_it = here.mail()
    told = teller(world_of)
    subject = told.subject()
    told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
    world_of.map(told.held(subject).pk, north, contract_id=number(), line_id=number())
    told.tell(told.quantity(subject, 12, minute=40))
    here.pass_time()
    found = [
        sum("decide" in said for said in here.subjects(one))
        for one in (theirs, only_north, only_south, all_of_it)
    ]
    assert found == [0, 1, 0, 1]


def test_the_links_lead_to_pages() -> None:
    for path in (
        to_connection(7),
        to_out_of_sync([7]).partition("?")[0],
        to_out_of_sync([7, 8]),
        to_source(7),
        to_event(7, 8),
    ):
        assert resolve(path)
