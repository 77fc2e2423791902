"""An invitation by e-mail: once, with retries, and its link is nowhere but in the mail."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob
from structlog.testing import capture_logs
from told import Desk

from as_process import acting_as
from factories import number
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.keys import values_by_key
from tallystick.bootstrap.rights import WORKER
from tallystick.identity.invitations import choose_password, welcome, withdraw_invitation
from tallystick.identity.models import SignInLink, User
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting
from tallystick.kit.secrets import SealingKey, new_key
from tallystick.notify import jobs
from tallystick.notify.invitation_mail import (
    invite_by_mail,
    mail_states,
    mails_due,
    reseal_mails,
    send_invitation,
)
from tallystick.notify.kinds import MessageState
from tallystick.notify.models import InvitationMail
from tallystick.sources.untold import Untold

PASSWORD = "a long and quiet evening"


def invited(here: Desk, role: Role = Role.VIEWER) -> tuple[int, str]:
    address = f"guest{number()}@guests.example"
    by = here.by()
    return invite_by_mail(email=address, name="", role=role, reseller_id=None, by=by), address


def sent_by_a_worker(link_id: int, here: Desk) -> bool:
    with acting_as(WORKER):
        return send_invitation(link_id, sender=here.sender)


def plain_in(here: Desk) -> str:
    """The secret of the link in the last mail."""
    assert here.box is not None
    found = re.search(r"/welcome/([\w-]+)\s", here.box.texts()[-1])
    assert found is not None
    return found[1]


def test_it_arrives_once_opens_and_is_kept_nowhere(here: Desk) -> None:
    with capture_logs() as logs:
        link_id, address = invited(here)
        row = InvitationMail.objects.get(pk=link_id)
        sealed = bytes(row.secret_sealed)
        assert link_id in mails_due(now=here.of.clock.now())
        assert sent_by_a_worker(link_id, here)
        assert not sent_by_a_worker(link_id, here), "once"
    assert here.box is not None
    assert here.box.to == [[address]]
    [text] = here.box.texts()
    assert f"{settings.PUBLIC_URL}/welcome/" in text
    assert "as Viewer" in text and "somebody invited this address" in text
    plain = plain_in(here)
    assert plain.encode() not in sealed
    row.refresh_from_db()
    assert (bytes(row.secret_sealed), row.key_id, row.state) == (b"", "", "sent")
    assert mail_states([link_id]) == {link_id: (MessageState.SENT, "")}
    now = here.of.clock.now()
    seen = welcome(plain, now=now)
    assert seen is not None and seen.email == address
    user_id = choose_password(plain, password=PASSWORD, name="G", now=now, correlation_id="w")
    assert User.objects.get(pk=user_id).email == address
    told = AuditLog.objects.filter(tenant_id=here.of.tenant_id)
    assert told.filter(event="user.invite", summary=f"{address} as Viewer, by e-mail").count() == 1
    assert plain not in json.dumps([list(told.values("summary", "details")), logs], default=str)


def test_refused_it_is_tried_again_and_then_arrives(here: Desk) -> None:
    assert here.box is not None
    link_id, _ = invited(here)
    here.box.refuses = True
    assert not sent_by_a_worker(link_id, here)
    assert link_id not in mails_due(now=here.of.clock.now())
    assert not sent_by_a_worker(link_id, here), "not before its time"
    state, why = mail_states([link_id])[link_id]
    assert (state, why) == (MessageState.WAITING, "The mail server refused it (550).")
    here.box.refuses = False
    here.of.clock.advance(60)
    assert sent_by_a_worker(link_id, here)
    assert InvitationMail.objects.get(pk=link_id).tries == 2
    assert welcome(plain_in(here), now=here.of.clock.now()) is not None


def test_after_a_day_it_is_given_up_and_said(here: Desk) -> None:
    link_id, address = invited(here)
    here.box = None
    here.of.clock.advance(timedelta(days=1).total_seconds())
    assert not sent_by_a_worker(link_id, here)
    row = InvitationMail.objects.get(pk=link_id)
    assert (row.state, bytes(row.secret_sealed)) == ("given_up", b"")
    told = AuditLog.objects.filter(tenant_id=here.of.tenant_id).latest("pk")
    assert (told.event, told.status) == ("notification.give_up", "failed")
    assert told.summary.startswith(f"The invitation of {address} did not arrive within a day.")


def test_what_was_withdrawn_is_not_sent_and_its_link_deleted(here: Desk) -> None:
    link_id, _ = invited(here)
    by = here.by()
    withdraw_invitation(link_id, context=by.context, now=by.now, correlation_id="w")
    assert not sent_by_a_worker(link_id, here)
    assert here.box is not None
    assert here.box.mails == []
    row = InvitationMail.objects.get(pk=link_id)
    assert (row.state, bytes(row.secret_sealed)) == ("given_up", b"")


def test_without_a_mail_server_nothing_is_stored(here: Desk) -> None:
    here.box = None
    before = SignInLink.objects.filter(tenant_id=here.of.tenant_id).count()
    with pytest.raises(Conflicting, match="Nothing was stored"):
        invited(here)
    assert SignInLink.objects.filter(tenant_id=here.of.tenant_id).count() == before


def test_the_job_wakes_a_sender_and_the_sender_sends(here: Desk) -> None:
    here.of.clock = DatabaseClock()
    link_id, _ = invited(here)
    jobs.use_sender(lambda: here.sender)
    jobs.use_told(Untold())
    jobs.look_and_send(0)
    jobs.look_and_send(0)
    waiting = ProcrastinateJob.objects.filter(task_name=jobs.SEND_INVITATION, status="todo")
    assert [job.args["link_id"] for job in waiting].count(link_id) == 1
    jobs.send_one_invitation(link_id)
    assert here.box is not None
    assert len(here.box.mails) == 1


def test_the_key_is_needed_while_it_is_on_its_way_and_rotated(here: Desk) -> None:
    link_id, _ = invited(here)
    old, newer = settings.SEALING_KEYS.first(), new_key()
    assert values_by_key()[old.key_id] >= 1
    reseal_mails(KeyRing([newer, SealingKey(old.key_id, b"x" * 32)], source="a test"))
    assert InvitationMail.objects.get(pk=link_id).key_id == old.key_id, "left: it does not open"
    reseal_mails(KeyRing([newer, old], source="a test"))
    assert InvitationMail.objects.get(pk=link_id).key_id == newer.key_id
    assert not sent_by_a_worker(link_id, here), "this sender has not the new key"
    assert newer.key_id in mail_states([link_id])[link_id][1]
    reseal_mails(KeyRing([old, newer], source="a test"))
    here.of.clock.advance(60)
    assert sent_by_a_worker(link_id, here)
