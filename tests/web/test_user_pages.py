"""Administration > Users, one's own account, and signing in, asked without a browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.test import Client

from factories import Tenancy, number, sibling, tenancy, user
from tallystick.audit.models import AuditLog
from tallystick.bootstrap import notices
from tallystick.bootstrap.desk import desk
from tallystick.identity.models import ApiToken, FailedSignIns, SecondFactor, User
from tallystick.identity.roles import Role
from tallystick.identity.sign_in import counts_of, device_of
from tallystick.identity.throttle import Count, of_address, of_device, of_name

pytestmark = pytest.mark.usefixtures("db")
PASSWORD = "correct horse battery"
NEWER = "a long and quiet evening"


def visitor(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def text(answer: Any) -> str:
    return answer.content.decode()


def sign_in(client: Client, person: User, password: str = PASSWORD, **more: Any) -> Any:
    asked = {"email": person.email, "password": password, "next": "/subscriptions"}
    return client.post("/sign-in", asked, **more)


def new_address() -> str:
    return f"guest{number()}@example.com"


class TestUsersPage:
    def test_from_the_invitation_to_the_first_page(self) -> None:
        of, address = tenancy(), new_address()
        admin = visitor(of)
        asked = {"email": address, "name": "Guest", "role": "viewer"}
        link = re.search(
            r"http://testserver(/welcome/[\w-]+)", text(admin.post("/users/invite", asked))
        )
        assert link is not None
        page = text(admin.get("/users"))
        assert address in page and link[1] not in page
        guest = Client()
        assert "Welcome" in text(guest.get(link[1]))
        chosen = {"name": "Guest", "password": NEWER, "again": NEWER}
        wrong = guest.post(link[1], chosen | {"again": "other"})
        assert (wrong.status_code, "not the same" in text(wrong)) == (400, True)
        assert guest.post(link[1], chosen).headers["Location"] == "/sign-in"
        assert guest.get(link[1]).status_code == 404
        person = User.objects.get(email=address)
        assert sign_in(guest, person, NEWER).headers["Location"] == "/subscriptions"
        assert guest.get("/subscriptions").status_code == 200
        assert guest.get("/users").status_code == 403

    def test_by_e_mail_nobody_is_shown_the_link(self, monkeypatch: pytest.MonkeyPatch) -> None:
        of, address = tenancy(), new_address()
        admin = visitor(of)
        asked = {"email": address, "name": "Guest", "role": "viewer", "by_mail": "yes"}
        assert "by e-mail" not in text(admin.get("/users/invite")), "there is no mail server"
        refused = admin.post("/users/invite", asked)
        assert (refused.status_code, "Nothing was stored" in text(refused)) == (400, True)
        monkeypatch.setenv("TALLYSTICK_SMTP_URL", "smtp://127.0.0.1:1")
        monkeypatch.setenv("TALLYSTICK_MAIL_FROM", "t@example.com")
        notices.sender.cache_clear()
        try:
            assert "Send it to them by e-mail" in text(admin.get("/users/invite"))
            said = admin.post("/users/invite", asked, follow=True)
            assert "on its way to them by e-mail" in text(said)
            assert "/welcome/" not in text(said)
            assert "E-mail: waiting" in text(said)
            shown = text(admin.post("/users/invite", {**asked, "by_mail": "no"}))
            assert "/welcome/" in shown, "shown as before"
        finally:
            notices.sender.cache_clear()

    @pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
    def test_who_does_not_administrate_sees_nobody(self, role: Role) -> None:
        client = visitor(tenancy(role=role))
        for address in ("/users", "/users/tokens", "/users/invite", "/users/tokens/new"):
            assert client.get(address).status_code == 403
        assert "Users" not in text(client.get("/subscriptions"))

    def test_an_auditor_reads_and_changes_nothing(self) -> None:
        of = tenancy(role=Role.AUDITOR)
        client, other = visitor(of), user(of)
        page = text(client.get("/users"))
        assert other.email in page and "btn-primary" not in page
        assert client.get(f"/users/{other.pk}").status_code == 200
        for act in ("role", "active", "sessions", "reset", "codes"):
            assert client.post(f"/users/{other.pk}/{act}", {"role": "viewer"}).status_code == 403
        assert client.post("/users/codes", {"required": "yes"}).status_code == 403

    def test_a_resellers_administrator_sees_its_own(self) -> None:
        csp = tenancy()
        mine, other = sibling(csp), sibling(csp)
        of_csp, of_mine, of_other = user(csp), user(mine), user(other)
        client = visitor(mine)
        page = text(client.get("/users"))
        assert of_mine.email in page
        assert of_csp.email not in page and of_other.email not in page
        for stranger in (of_csp, of_other):
            assert client.get(f"/users/{stranger.pk}").status_code == 404
            assert client.post(f"/users/{stranger.pk}/active", {"active": "no"}).status_code == 404
        assert client.post("/users/codes", {"required": "yes"}).status_code == 403
        csp_page = text(visitor(csp).get("/users"))
        assert all(one.email in csp_page for one in (of_csp, of_mine, of_other))

    def test_what_is_wrong_is_said_beside_its_field(self) -> None:
        of = tenancy()
        client = visitor(of)
        said = client.post("/users/invite", {"email": "nobody", "name": "", "role": "viewer"})
        assert (said.status_code, "is not an e-mail address" in text(said)) == (400, True)
        said = client.post("/users/invite", {"email": new_address(), "role": "king"})
        assert (said.status_code, "must be chosen" in text(said)) == (400, True)
        known = user(of).email
        said = client.post("/users/invite", {"email": known, "role": "viewer"})
        assert (said.status_code, "already exists" in text(said)) == (400, True)

    def test_the_last_administrator_is_told(self) -> None:
        of = tenancy()
        ada = user(of)
        client = Client()
        client.force_login(ada)
        said = client.post(f"/users/{ada.pk}/role", {"role": "viewer"}, follow=True)
        assert "is the last administrator" in text(said)
        assert client.get("/users").status_code == 200


class TestEnding:
    def test_deactivated_every_session_ends_with_the_next_request(self) -> None:
        of = tenancy()
        admin, leaving = visitor(of), user(of)
        sessions = [Client(), Client()]
        for one in sessions:
            sign_in(one, leaving)
            assert one.get("/subscriptions").status_code == 200
        admin.post(f"/users/{leaving.pk}/active", {"active": "no"})
        for one in sessions:
            assert one.get("/subscriptions").status_code == 302
        assert "is not right" in text(sign_in(Client(), leaving))

    def test_a_role_counts_from_the_next_request(self) -> None:
        of = tenancy()
        admin, person = visitor(of), user(of)
        client = Client()
        client.force_login(person)
        assert client.get("/users").status_code == 200
        admin.post(f"/users/{person.pk}/role", {"role": "viewer"})
        assert client.get("/users").status_code == 403

    def test_all_sessions_at_once_and_a_new_password_ends_them_too(self) -> None:
        of = tenancy()
        admin, person = visitor(of), user(of)
        client = Client()
        sign_in(client, person)
        admin.post(f"/users/{person.pk}/sessions")
        assert client.get("/subscriptions").status_code == 302
        here, there = Client(), Client()
        for one in (here, there):
            sign_in(one, person)
        wrong = {"old": "no", "password": NEWER, "again": NEWER}
        assert here.post("/account/password", wrong).status_code == 400
        assert here.post("/account/password", wrong | {"old": PASSWORD}).status_code == 302
        assert there.get("/subscriptions").status_code == 302
        assert sign_in(Client(), person, NEWER).status_code == 302

    def test_idle_and_old_sessions_end(self) -> None:
        client = Client()
        client.force_login(user(tenancy()))
        client.get("/subscriptions")
        for name, over in (("seen_at", "2020-01-01"), ("began_at", "2020-01-01")):
            client.force_login(user(tenancy()))
            client.get("/subscriptions")
            session = client.session
            session[f"tallystick.{name}"] = f"{over}T00:00:00+00:00"
            session.save()
            assert client.get("/subscriptions").status_code == 302, name

    def test_a_session_gets_a_new_name_at_sign_in(self) -> None:
        client, person = Client(), user(tenancy())
        client.get("/sign-in")
        before = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
        sign_in(client, person)
        after = client.cookies["sessionid"].value
        assert after != before
        client.post("/sign-out")
        thief = Client()
        thief.cookies["sessionid"] = after
        assert thief.get("/subscriptions").status_code == 302


class TestThrottling:
    """The delay itself is tested without a clock that runs (unit, rooms)."""

    def test_a_stranger_waits_and_locks_nobody_out(self) -> None:
        person = user(tenancy())
        known = Client()
        sign_in(known, person)
        known.post("/sign-out")
        assert "is not right" in text(sign_in(Client(), person, "guess"))
        failed_often(of_name(person.email))
        assert "too often" in text(sign_in(Client(), person)), "right, from an unknown device"
        assert sign_in(known, person).status_code == 302, "right, from a known one"

    def test_a_known_device_is_counted_too(self) -> None:
        person = user(tenancy())
        known = Client()
        sign_in(known, person)
        known.post("/sign-out")
        failed_often(of_device(device_of(known.cookies["tallystick_device"].value, person)))
        assert "too often" in text(sign_in(known, person))

    def test_a_device_of_somebody_else_is_a_stranger(self) -> None:
        of = tenancy()
        person, other = user(of), user(of)
        theirs = Client()
        sign_in(theirs, other)
        theirs.post("/sign-out")
        failed_often(of_name(person.email))
        assert "too often" in text(sign_in(theirs, person))

    def test_guesses_on_many_names_are_counted_by_address(self, settings: Any) -> None:
        settings.PROXIES = 1
        person, address = user(tenancy()), f"2001:db8::{number()}"
        failed_often(of_address(address))
        via = {"headers": {"X-Forwarded-For": f"forged, {address}"}}
        assert "too often" in text(sign_in(Client(), person, **via))
        assert sign_in(Client(), person).status_code == 302, "from another address"


def failed_often(count: Count) -> None:
    now = desk().now()
    many = {"failures": 40, "last_at": now, "wait_until": now + timedelta(minutes=20)}
    FailedSignIns.objects.update_or_create(key=count.key, defaults=many)


class TestCodes:
    def set_up(self, of: Tenancy) -> tuple[User, str, list[str]]:
        person = user(of)
        client = Client()
        client.force_login(person)
        page = text(client.post("/account/codes"))
        secret = re.search(r'aria-label="Secret for the app">(\w+)<', page)
        assert secret is not None and "data:image/svg" in page
        assert client.post("/account/codes/on", {"code": "000000x"}).status_code == 302
        page = text(client.post("/account/codes/on", {"code": code_of(secret[1])}))
        return person, secret[1], re.findall(r"\w{5}-\w{5}-\w{5}", page)

    def test_the_password_alone_opens_nothing(self) -> None:
        person, secret, _ = self.set_up(tenancy())
        client = Client()
        assert sign_in(client, person).headers["Location"] == "/sign-in/code"
        assert client.get("/subscriptions").status_code == 302
        assert "is not right" in text(client.post("/sign-in/code", {"code": "12"}))
        used = code_of(secret)
        assert "is not right" in text(client.post("/sign-in/code", {"code": used})), "taken before"
        later = code_of(secret, steps=1)
        assert client.post("/sign-in/code", {"code": later}).headers["Location"] == "/subscriptions"
        assert client.get("/subscriptions").status_code == 200

    def test_a_recovery_code_works_once(self) -> None:
        person, _, recovery = self.set_up(tenancy())
        assert len(set(recovery)) == 10
        for expected in (302, 400):
            client = Client()
            sign_in(client, person)
            assert client.post("/sign-in/code", {"code": recovery[0]}).status_code == expected

    def test_the_secret_is_sealed_and_codes_only_digests(self) -> None:
        person, secret, recovery = self.set_up(tenancy())
        row = SecondFactor.objects.get(user=person)
        stored = bytes(row.secret_sealed) + str(row.recovery).encode()
        assert secret.encode() not in stored
        assert not any(code.encode() in stored for code in recovery)

    def test_codes_are_guessed_slowly(self) -> None:
        person, _, recovery = self.set_up(tenancy())
        client = Client()
        sign_in(client, person)
        (count,) = counts_of(person, what="code")
        failed_often(count)
        assert client.post("/sign-in/code", {"code": recovery[0]}).status_code == 400

    def test_an_organisation_that_requires_them_lets_nobody_on_without(self) -> None:
        of = tenancy()
        person = user(of)
        visitor(of).post("/users/codes", {"required": "yes"})
        client = Client()
        sign_in(client, person)
        assert client.get("/subscriptions").headers["Location"] == "/account"
        page = text(client.post("/account/codes"))
        secret = re.search(r'aria-label="Secret for the app">(\w+)<', page)
        assert secret is not None
        client.post("/account/codes/on", {"code": code_of(secret[1])})
        assert client.get("/subscriptions").status_code == 200

    def test_an_administrator_takes_them_away_from_who_lost_the_app(self) -> None:
        of = tenancy()
        person, _, _ = self.set_up(of)
        assert visitor(of).post(f"/users/{person.pk}/codes").status_code == 302
        assert sign_in(Client(), person).headers["Location"] == "/subscriptions"
        assert AuditLog.objects.filter(tenant_id=of.tenant_id, event="user.remove_codes").exists()


def code_of(secret: str, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(desk().now().timestamp()) + 30 * steps)


class TestTokensPage:
    def test_made_shown_once_used_and_revoked(self) -> None:
        of = tenancy()
        client = visitor(of)
        asked = {"name": "Sync script", "role": "operator", "rights": ["read", "sync"]}
        asked["last_on"] = "2029-01-01"
        plain = re.search(r"ts_[\w-]{43}", text(client.post("/users/tokens/new", asked)))
        assert plain is not None
        page = text(client.get("/users/tokens"))
        assert "Sync script" in page and plain[0] not in page and plain[0][:9] in page
        api = {"Authorization": f"Bearer {plain[0]}"}
        assert Client().get("/api/v1/subscriptions", headers=api).status_code == 200
        said = Client().post("/api/v1/customers", {}, "application/json", headers=api)
        assert said.status_code == 403
        token = ApiToken.objects.get(tenant_id=of.tenant_id)
        for stranger in (visitor(tenancy()), visitor(sibling(of))):
            assert stranger.post(f"/users/tokens/{token.pk}/revoke").status_code == 404
        client.post(f"/users/tokens/{token.pk}/revoke")
        assert Client().get("/api/v1/subscriptions", headers=api).status_code == 401
        assert "Revoked" in text(client.get("/users/tokens"))

    def test_what_is_wrong_is_said(self) -> None:
        client = visitor(tenancy())
        good = {"name": "x", "role": "viewer", "last_on": "2029-01-01"}
        for name, value in (
            ("name", ""),
            ("role", "king"),
            ("last_on", "soon"),
            ("rights", "sync"),
        ):
            said = client.post("/users/tokens/new", good | {name: value})
            assert said.status_code == 400, (name, text(said))
