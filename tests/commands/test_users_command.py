"""``tallystick users``: what the page does, by address; a link is printed once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from factories import Tenancy, number, sibling, tenancy, user
from tallystick.bootstrap import notices
from tallystick.cli.main import main
from tallystick.identity.invitations import welcome
from tallystick.identity.models import SignInLink, Tenant, User
from tallystick.kit.clock import DatabaseClock

pytestmark = pytest.mark.usefixtures("db")
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


@pytest.fixture
def say(csp: Tenancy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command itself, in this process: one of its own takes seconds to start."""
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    organisation = Tenant.objects.get(pk=csp.tenant_id).name

    def said(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["users", *arguments, "--organisation", organisation])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return said


def test_invited_by_a_path_that_is_printed_once(say: Say, csp: Tenancy) -> None:
    reseller = sibling(csp)
    name = name_of(reseller)
    address = f"guest{number()}@example.com"
    code, out, _ = say("invite", address, "--role", "operator", "--reseller", name)
    assert code == 0
    found = welcome(out.strip().removeprefix("/welcome/"), now=DatabaseClock().now())
    assert found is not None and found.email == address
    link = SignInLink.objects.get(email=address)
    assert (link.reseller_id, link.role) == (reseller.reseller_id, "operator")
    code, _, err = say("invite", address, "--reseller", "Nobody")
    assert (code, "there is none named “Nobody”" in err) == (2, True)


def test_by_mail_no_path_is_printed(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"guest{number()}@example.com"
    code, out, err = say("invite", address, "--by-mail")
    assert (code, out, "Nothing was stored" in err) == (1, "", True)
    monkeypatch.setenv("TALLYSTICK_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("TALLYSTICK_MAIL_FROM", "t@example.com")
    notices.sender.cache_clear()
    try:
        code, out, _ = say("invite", address, "--by-mail")
    finally:
        notices.sender.cache_clear()
    assert (code, out) == (0, f"The link is on its way to {address} by e-mail\n")
    assert SignInLink.objects.filter(email=address).count() == 1


def test_listed_changed_deactivated_and_let_in_again(say: Say, csp: Tenancy) -> None:
    user(csp)
    ada, stranger = user(csp), user(tenancy())
    code, out, _ = say("list", "--format", "json")
    listed = [one["email"] for one in json.loads(out)]
    assert (code, ada.email in listed, stranger.email in listed) == (0, True, False)
    assert say("role", ada.email.upper(), "viewer")[0] == 0
    for act, words in (
        ("end-sessions", "has ended"),
        ("reset", "/welcome/"),
        ("remove-codes", "no sign-in codes"),
        ("deactivate", "is deactivated"),
    ):
        code, out, _ = say(act, ada.email)
        assert (code, words in out) == (0, True), (act, out)
    person = User.objects.get(pk=ada.pk)
    assert (person.role, person.is_active, person.sessions_epoch) == ("viewer", False, 2)
    assert say("activate", ada.email)[0] == 0
    assert say("deactivate", stranger.email)[0] == 2
    assert User.objects.get(pk=stranger.pk).is_active


def test_the_last_administrator_stays(say: Say, csp: Tenancy) -> None:
    ada = user(csp)
    code, _, err = say("deactivate", ada.email)
    assert (code, "last administrator" in err) == (1, True)


def name_of(of: Tenancy) -> str:
    from tallystick.identity.people import reseller_name

    name = reseller_name(of.tenant_id, of.reseller_id or 0)
    assert name is not None
    return name
