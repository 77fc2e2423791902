"""Who may: invited, given a role, deactivated; and the last administrator stays."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from crowd import CROWD, DONE, by_verb, crowd
from factories import Tenancy, number, sibling, tenancy, user
from tallystick.audit.models import AuditLog
from tallystick.audit.record import Actor
from tallystick.identity.context import Context
from tallystick.identity.invitations import (
    ask_password_reset,
    choose_password,
    invitations,
    invite,
    welcome,
    withdraw_invitation,
)
from tallystick.identity.members import (
    activate,
    change_role,
    deactivate,
    end_sessions,
    get_member,
    list_members,
)
from tallystick.identity.models import ApiToken, SignInLink, User
from tallystick.identity.roles import Right, Role
from tallystick.identity.tokens import context_of_token, list_tokens, make_token, revoke
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound

pytestmark = pytest.mark.usefixtures("db")
GOOD = "a long and quiet evening"


def by(of: Tenancy, role: Role = Role.ADMINISTRATOR) -> dict[str, Any]:
    actor = Actor("token/1", "a script")
    context = Context(of.tenant_id, of.reseller_id, role, actor)
    return {"context": context, "now": of.clock.now(), "correlation_id": correlation_id()}


def email() -> str:
    return f"new{number()}@example.com"


def invited(of: Tenancy, address: str, **more: object) -> tuple[int, str]:
    asked = {"name": "New", "role": Role.OPERATOR, "reseller_id": None, **more}
    return invite(email=address, **asked, **by(of))


def events(of: Tenancy) -> list[str]:
    rows = AuditLog.objects.filter(tenant_id=of.tenant_id).order_by("pk")
    return [event for event in rows.values_list("event", flat=True) if event.startswith("user.")]


class TestInviting:
    def test_a_link_makes_a_user_once(self) -> None:
        of, address = tenancy(), email()
        _, plain = invited(of, address.upper())
        now = of.clock.now()
        found = welcome(plain, now=now)
        assert found is not None and (found.email, found.resets) == (address, False)
        made = choose_password(plain, password=GOOD, name="", now=now, correlation_id="c")
        person = User.objects.get(pk=made)
        assert (person.email, person.role, person.name) == (address, "operator", "New")
        assert person.check_password(GOOD)
        again = choose_password(plain, password=GOOD, name="", now=now, correlation_id="c")
        assert (again, welcome(plain, now=now)) == (None, None)
        assert events(of) == ["user.invite", "user.create"]

    def test_only_a_digest_is_kept(self) -> None:
        of = tenancy()
        pk, plain = invited(of, email())
        row = SignInLink.objects.get(pk=pk)
        assert plain.encode() not in bytes(row.digest)
        assert plain not in str(AuditLog.objects.filter(tenant_id=of.tenant_id).values())

    def test_it_is_over_after_seven_days(self) -> None:
        of = tenancy()
        _, plain = invited(of, email())
        over = of.clock.now() + timedelta(days=7)
        assert welcome(plain, now=over) is None
        assert list(invitations(of.context, now=over).items) == []

    def test_a_newer_one_and_taking_back_end_it(self) -> None:
        of, address = tenancy(), email()
        _, first = invited(of, address)
        second_id, second = invited(of, address)
        now = of.clock.now()
        assert welcome(first, now=now) is None
        assert [one.id for one in invitations(of.context, now=now).items] == [second_id]
        withdraw_invitation(second_id, **by(of))
        assert welcome(second, now=now) is None
        with pytest.raises(NotFound):
            withdraw_invitation(second_id, **by(of))

    def test_a_weak_password_leaves_the_link_as_it_was(self) -> None:
        of, address = tenancy(), email()
        _, plain = invited(of, address)
        now = of.clock.now()
        for weak in ("short", "qwerty123456", "1" * 1001, "with a \x00 in it", address):
            with pytest.raises(InvalidInput) as said:
                choose_password(plain, password=weak, name="", now=now, correlation_id="c")
            assert said.value.errors[0].field == "password"
        assert welcome(plain, now=now) is not None

    def test_who_is_known_is_not_invited(self) -> None:
        of = tenancy()
        known = user(of)
        with pytest.raises(Conflicting):
            invited(of, known.email)
        for wrong in ("", "nobody", "a@b", "x" * 250 + "@example.com"):
            with pytest.raises(InvalidInput) as said:
                invited(of, wrong)
            assert said.value.errors[0].field == "email"

    def test_a_csp_invites_for_its_resellers_and_a_reseller_for_itself(self) -> None:
        csp = tenancy()
        reseller, other = sibling(csp), sibling(csp)
        _, plain = invited(csp, email(), reseller_id=reseller.reseller_id)
        made = choose_password(
            plain, password=GOOD, name="Rita", now=csp.clock.now(), correlation_id="c"
        )
        assert User.objects.get(pk=made).reseller_id == reseller.reseller_id
        _, plain = invited(reseller, email())
        link = SignInLink.objects.latest("pk")
        assert link.reseller_id == reseller.reseller_id
        for foreign in (other.reseller_id, sibling(tenancy()).reseller_id):
            with pytest.raises(NotFound):
                invited(reseller, email(), reseller_id=foreign)
        with pytest.raises(NotFound):
            invited(csp, email(), reseller_id=sibling(tenancy()).reseller_id)

    @pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.AUDITOR])
    def test_only_administrators(self, role: Role) -> None:
        of = tenancy()
        person = user(of)
        asking = by(of, role)
        acts = [
            lambda: invite(email=email(), name="", role=role, reseller_id=None, **asking),
            lambda: change_role(person.pk, role, **asking),
            lambda: deactivate(person.pk, **asking),
            lambda: ask_password_reset(person.pk, **asking),
            lambda: end_sessions(person.pk, **asking),
            lambda: make_token(name="x", role=role, rights=None, expires_at=None, **asking),
        ]
        for act in acts:
            with pytest.raises(NotAllowed):
                act()
        context = asking["context"]
        if role is Role.AUDITOR:
            assert [one.email for one in list_members(context).items] == [person.email]
        else:
            with pytest.raises(NotAllowed):
                list_members(context)


class TestRoles:
    def test_the_last_administrator_stays(self) -> None:
        of = tenancy()
        ada = user(of)
        reseller = sibling(of)
        user(reseller)  # an administrator of the reseller is none of the CSP
        with pytest.raises(Conflicting, match="last administrator"):
            change_role(ada.pk, Role.VIEWER, **by(of))
        with pytest.raises(Conflicting, match="last administrator"):
            deactivate(ada.pk, **by(of))
        bob = user(of)
        change_role(ada.pk, Role.VIEWER, **by(of))
        with pytest.raises(Conflicting):
            deactivate(bob.pk, **by(of))
        assert get_member(of.context, ada.pk).role is Role.VIEWER

    def test_all_who_take_each_other_away_at_once_leave_one(self) -> None:
        of = tenancy()
        people = [user(of) for _ in range(CROWD)]
        acts = [by_verb(partial(deactivate, one.pk, **by(of))) for one in people]
        with crowd() as together:
            said = together.do(acts)
        assert said.count(DONE) == CROWD - 1
        assert User.objects.filter(tenant_id=of.tenant_id, is_active=True).count() == 1

    def test_what_is_not_in_the_context_is_not_found(self) -> None:
        of = tenancy(reseller=True)
        mine = user(of)
        for stranger in (sibling(of), tenancy()):
            for act in (deactivate, activate, end_sessions, ask_password_reset):
                with pytest.raises(NotFound):
                    act(mine.pk, **by(stranger))
            with pytest.raises(NotFound):
                change_role(mine.pk, Role.VIEWER, **by(stranger))
            with pytest.raises(NotFound):
                get_member(stranger.context, mine.pk)
            assert mine.email not in [one.email for one in list_members(stranger.context).items]

    def test_pages_of_people_do_not_overlap(self) -> None:
        of = tenancy()
        people = sorted(user(of).email for _ in range(3))
        first = list_members(of.context, limit=2)
        rest = list_members(of.context, limit=2, cursor=first.next_cursor)
        assert [one.email for one in (*first.items, *rest.items)] == people
        assert rest.next_cursor is None


class TestDeactivating:
    def test_tokens_they_made_end_and_others_go_on(self) -> None:
        of = tenancy()
        user(of)
        ada = user(of)
        now = of.clock.now()
        context = Context(of.tenant_id, None, Role.ADMINISTRATOR, Actor(f"user/{ada.pk}", "Ada"))
        what = {"name": "x", "role": Role.VIEWER, "rights": None, "expires_at": None}
        _, hers = make_token(**what, **by(of) | {"context": context})
        _, other = make_token(**what, **by(of))
        assert deactivate(ada.pk, **by(of)) == 1
        assert context_of_token(hers, now=now) is None
        assert context_of_token(other, now=now) is not None
        assert deactivate(ada.pk, **by(of)) == 0
        activate(ada.pk, **by(of))
        assert context_of_token(hers, now=now) is None, "revoked is for ever"

    def test_tokens_that_may_more_than_who_made_them_end_with_the_role(self) -> None:
        of = tenancy()
        user(of)
        ada = user(of)
        context = Context(of.tenant_id, None, Role.ADMINISTRATOR, Actor(f"user/{ada.pk}", "Ada"))
        asking = by(of) | {"context": context}
        made = {
            (role, rights): make_token(
                name="x", role=role, rights=rights, expires_at=None, **asking
            )[1]
            for role, rights in (
                (Role.ADMINISTRATOR, None),
                (Role.ADMINISTRATOR, frozenset({Right.READ})),
                (Role.OPERATOR, None),
            )
        }
        change_role(ada.pk, Role.OPERATOR, **by(of))
        working = [
            one for one, plain in made.items() if context_of_token(plain, now=of.clock.now())
        ]
        assert working == [(Role.ADMINISTRATOR, frozenset({Right.READ})), (Role.OPERATOR, None)]

    def test_a_reset_link_of_who_is_deactivated_opens_nothing(self) -> None:
        of = tenancy()
        user(of)
        ada = user(of)
        plain = ask_password_reset(ada.pk, **by(of))
        deactivate(ada.pk, **by(of))
        assert welcome(plain, now=of.clock.now()) is None
        with pytest.raises(Conflicting):
            ask_password_reset(ada.pk, **by(of))


class TestTokens:
    def test_a_token_may_less_than_its_role(self) -> None:
        of = tenancy()
        rights = frozenset({Right.READ, Right.SYNC})
        _, plain = make_token(
            name="x",
            role=Role.OPERATOR,
            rights=rights,
            expires_at=None,
            **by(of),
        )
        known = context_of_token(plain, now=of.clock.now())
        assert known is not None
        assert {right for right in Right if known.context.may(right)} == rights
        with pytest.raises(NotAllowed, match="This token"):
            known.context.require(Right.OPERATE)

    @pytest.mark.parametrize(
        ("rights", "days", "field"),
        [
            ({Right.READ, Right.ADMINISTER}, 1, "rights"),
            ({Right.SYNC}, 1, "rights"),
            ({Right.READ}, 0, "expires_at"),
            ({Right.READ}, 9999, "expires_at"),
        ],
    )
    def test_what_cannot_be(self, rights: set[Right], days: int, field: str) -> None:
        of = tenancy()
        with pytest.raises(InvalidInput) as said:
            make_token(
                name="x",
                role=Role.OPERATOR,
                rights=frozenset(rights),
                expires_at=of.clock.now() + timedelta(days=days),
                **by(of),
            )
        assert said.value.errors[0].field == field
        assert not ApiToken.objects.filter(tenant_id=of.tenant_id).exists()

    def test_listed_revoked_and_of_ones_own_context_alone(self) -> None:
        of = tenancy(reseller=True)
        made, plain = make_token(
            name="x",
            role=Role.VIEWER,
            rights=None,
            expires_at=None,
            **by(of),
        )
        assert [one.id for one in list_tokens(of.context).items] == [made]
        for stranger in (sibling(of), tenancy()):
            assert list_tokens(stranger.context).items == []
            with pytest.raises(NotFound):
                revoke(made, **by(stranger))
        revoke(made, **by(of))
        assert context_of_token(plain, now=of.clock.now()) is None
        with pytest.raises(NotFound):
            revoke(made, **by(of))
