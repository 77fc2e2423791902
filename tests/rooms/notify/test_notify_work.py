"""What a worker and a web process do by themselves, keys that are rotated, and what ends soon."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob
from told import Desk

from factories import nobody_wakes, number
from tallystick.bootstrap.keys import remove, rotate, show
from tallystick.bootstrap.notices import carriers_from, say_if_nobody_works
from tallystick.directory.kinds import Kind
from tallystick.directory.models import ContractEntry, Reading
from tallystick.kit.clock import DatabaseClock, SteppedClock
from tallystick.kit.key_ring import KeyFile
from tallystick.kit.problem import Conflicting
from tallystick.mappings.models import SubscriptionMapping
from tallystick.notify import jobs
from tallystick.notify.letters import Letter
from tallystick.notify.look import look
from tallystick.notify.mail import WrongSetting
from tallystick.notify.models import Message, Pulse, Recipient
from tallystick.notify.outbox import forget_old, put
from tallystick.notify.pulse import GONE_AFTER, away_until, beat, gone_since
from tallystick.notify.sealing import unseal
from tallystick.notify.send import Sender
from tallystick.operations.cancel import cancel
from tallystick.operations.carry_out import carry_out
from tallystick.operations.schedule import Plan, schedule
from tallystick.operations.suspend import suspend
from tallystick.sources.untold import Untold
from tallystick.subscriptions.status import EndOfTerm


def test_the_job_looks_and_wakes_a_sender_for_each(here: Desk) -> None:
    here.of.clock = DatabaseClock()
    quiet, told = here.mail(), here.mail("bob@contoso.example")
    put(Recipient.objects.get(pk=told), Letter("k", "Hello", ["x"], "/"), now=here.of.clock.now())
    jobs.use_sender(lambda: here.sender)
    jobs.use_told(Untold())
    jobs.look_and_send(0)
    jobs.look_and_send(0)
    waiting = ProcrastinateJob.objects.filter(task_name=jobs.SEND, status="todo")
    found = [job.args["recipient_id"] for job in waiting]
    assert found.count(told) == 1, "once is enough"
    assert quiet not in found
    jobs.send_messages(told)
    assert here.box is not None
    assert here.box.subjects() == ["Hello"]


def test_a_process_that_was_not_told_how_to_send_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_sender", None)
    with pytest.raises(RuntimeError, match="without a way to send"):
        jobs.sender()


def test_old_messages_are_forgotten_and_waiting_ones_never(here: Desk) -> None:
    row = Recipient.objects.get(pk=here.mail())
    now = here.of.clock.now()
    old, waiting = (put(row, Letter("k", "x", ["x"], "/"), now=now) for _ in range(2))
    Message.objects.filter(pk=old.pk).update(state="sent", ended_at=now)
    jobs.forget_messages(0)  # by the real clock, months later
    forget_old(now=now + timedelta(days=91))
    left = Message.objects.filter(recipient=row)
    assert list(left.values_list("pk", flat=True)) == [waiting.pk]


def test_the_gap_between_two_looks_is_when_nobody_worked(here: Desk) -> None:
    start = DatabaseClock().now()
    Pulse.objects.all().delete()
    assert gone_since(now=start) is None, "there never was one"
    beat(now=start)
    beat(now=start - timedelta(hours=1))  # a look that took long says nothing new
    assert away_until(start + GONE_AFTER) is None
    later = start + timedelta(hours=1)
    assert gone_since(now=later) == start
    away = away_until(later)
    assert away is not None
    assert (away.since, away.until) == (start, later)
    beat(now=later)
    assert away_until(later + timedelta(seconds=15)) is None


def test_a_web_process_says_that_nobody_works_and_the_next_worker_that_it_is_over(
    here: Desk,
) -> None:
    now = DatabaseClock().now()
    here.of.clock = SteppedClock(now - timedelta(days=1))
    here.mail(f"ops{number()}@contoso.example")
    here.of.clock = SteppedClock(now)
    Pulse.objects.all().delete()
    beat(now=now)
    sender = Sender(here.carriers, settings.SEALING_KEYS, here.of.clock)
    say_if_nobody_works(sender)
    assert here.subjects() == []
    here.of.clock.advance(600)
    for _ in range(3):
        say_if_nobody_works(sender)
    assert here.subjects() == ["Nobody works"]
    assert arrived(here) == ["Nobody works"]
    look(Untold(), now=here.of.clock.now())
    here.send()
    look(Untold(), now=here.of.clock.now())
    assert arrived(here) == ["Nobody works", "A worker is back"]
    say_if_nobody_works(sender)
    assert len(here.subjects()) == 2


def arrived(here: Desk) -> list[str]:
    """Of this test's recipient; a web process sends for every organisation."""
    row = Recipient.objects.get(tenant_id=here.of.tenant_id)
    assert here.box is not None
    pairs = zip(here.box.to, here.box.subjects(), strict=True)
    return [subject for to, subject in pairs if to == [row.shown]]


def test_keys_are_rotated_with_them(
    here: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = KeyFile(tmp_path / "secret.key")
    monkeypatch.setattr(settings, "SEALING_KEYS", file)
    added = here.webhook()
    first = file.first().key_id
    assert here.hook is not None
    rotated = rotate(progress=lambda _: None)
    assert rotated.made
    assert rotated.notifications == 1
    row = Recipient.objects.get(pk=added.recipient_id)
    assert row.key_id == rotated.key_id != first
    assert unseal(row, "target", file).reveal() == here.hook.url
    assert unseal(row, "secret", file) == added.secret
    assert {one.key_id: one.values for one in show().rows}[rotated.key_id] >= 2
    Recipient.objects.filter(pk=row.pk).update(key_id=first)
    with pytest.raises(Conflicting, match=first):
        remove(first)
    again = rotate(progress=lambda _: None)
    assert not again.made
    assert again.not_opened == ["Billing"], "it says so, and leaves what does not open"


@pytest.mark.parametrize(
    "wrong", ["nonsense", "https://x.example/path", "http://x.example", "http://10.0.0.1"]
)
def test_origins_that_cannot_be_meant(wrong: str) -> None:
    with pytest.raises(WrongSetting, match=r"^TALLYSTICK_WEBHOOK_ORIGINS"):
        carriers_from({"TALLYSTICK_WEBHOOK_ORIGINS": wrong})


def test_origins_as_they_are_meant() -> None:
    made = carriers_from(
        {"TALLYSTICK_WEBHOOK_ORIGINS": "https://Hooks.internal, http://127.0.0.1:8080"}
    )
    assert made.wire.allowed == {"https://hooks.internal", "http://127.0.0.1:8080"}
    assert made.mail is None


def test_what_ends_soon_is_one_message_a_day_and_each_once(here: Desk) -> None:
    here.mail(topics=["ahead"])
    today = here.of.today()
    connection = here.of.connection(name="Autotask North")
    soon = {"commitment_ends_on": today + timedelta(days=14)}
    first = here.of.subscription(customer_id=here.of.customer("Contoso"), **soon)
    here.of.subscription(commitment_ends_on=today + timedelta(days=15))
    until = here.of.clock.now() + timedelta(days=1)
    here.of.subscription(customer_id=here.of.customer("Adatum"), cancellable_until=until)
    contract(here, connection, first, ends=today + timedelta(days=30))
    here.of.clock = SteppedClock(here.of.clock.now().replace(hour=6))
    here.look()
    assert here.subjects() == [], "before seven"
    here.of.later(hours=1)
    here.look()
    here.look()
    assert here.subjects() == ["3 things end soon"]
    text = Message.objects.get(recipient__tenant_id=here.of.tenant_id).text
    assert "Contoso, " in text
    assert "the commitment's last day is 24 May 2026; nobody has said what happens then." in text
    assert "Adatum, " in text
    assert "until 09:00 on 11 May 2026." in text
    assert "Company K, Contract K on Autotask North: The contract ends on 9 Jun 2026." in text
    here.of.later(days=1)
    here.look()
    assert here.subjects()[1:] == ["1 thing ends soon"], "the other commitment is near by now"


def test_what_waits_for_a_person_is_told_once_however_often_it_is_tried(here: Desk) -> None:
    here.mail(topics=["ahead"])
    of, today = here.of, here.of.today()
    ends = {"commitment_ends_on": today - timedelta(days=1)}
    nobody = of.subscription(customer_id=of.customer("Contoso"), **ends)
    held_up = of.subscription(customer_id=of.customer("Adatum"), **ends)
    plan = Plan(then=EndOfTerm.RENEW, quantity=8)
    before = today - timedelta(days=30)
    suspend(subscription_id=held_up, effective_on=before, today=before, asked=of.asked())
    schedule(subscription_id=held_up, plan=plan, today=before, asked=of.asked())
    of.clock = SteppedClock(of.clock.now().replace(hour=8))
    for _ in range(3):
        carry_out(held_up, now=of.clock.now(), wake=nobody_wakes)
        here.look()
        of.later(days=1)
    assert here.subjects() == ["2 subscriptions wait for a word on what happens now"]
    message = Message.objects.get(recipient__tenant_id=of.tenant_id)
    assert "Contoso, " in message.text
    assert "Nobody has said what happens at the end." in message.text
    assert "The quantity cannot be changed while it is suspended." in message.text
    assert message.link.endswith("/renewals?show=needs")
    cancel(subscription_id=nobody, today=today, asked=of.asked())
    here.look()
    assert len(here.subjects()) == 1


def contract(here: Desk, connection_id: int, subscription_id: int, *, ends: date) -> None:
    """A mapped contract that the directory knows the end of."""
    ref = number()
    here.of.map(subscription_id, connection_id, contract_id=ref, line_id=number())
    SubscriptionMapping.objects.filter(contract_id=ref, connection_id=connection_id).update(
        contract_name="Contract K", company_name="Company K"
    )
    now = here.of.clock.now()
    for kind in Kind:
        Reading.objects.create(connection_id=connection_id, kind=kind.value, read_at=now)
    ContractEntry.objects.create(
        connection_id=connection_id,
        ref=ref,
        name="Contract K",
        seen_at=now,
        company_ref=1,
        active=True,
        ends_on=ends,
    )
