"""Who may: people, invitations, tokens.

What is answered once is not stored, not even for its Idempotency-Key: asked again, a link or a
token is another one.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import ADMINISTER, READ, caller, stores_nothing
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.api.schemas_users import (
    InvitationIn,
    InvitationOut,
    LinkOut,
    NewTokenOut,
    TokenIn,
    TokenOut,
    UserFilter,
    UserIn,
    UserOut,
)
from tallystick.bootstrap.notices import by
from tallystick.identity.invitations import (
    ask_password_reset,
    invitations,
    invite,
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
from tallystick.identity.tokens import get_token, list_tokens, make_token, revoke
from tallystick.notify.invitation_mail import invite_by_mail

router = Router(tags=["Users"])
_ONE = "/users/{int:user_id}"


@router.get("/users", auth=READ, response=answers(200, PageOut[UserOut]))
def users(request: HttpRequest, asked: Query[UserFilter]) -> PageOut[UserOut]:
    """By address. For administrators and auditors."""
    no_other(request, UserFilter)
    page = list_members(
        caller(request).context,
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [UserOut.of(one) for one in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get(_ONE, auth=READ, response=answers(200, UserOut))
def user(request: HttpRequest, user_id: int) -> UserOut:
    return UserOut.of(get_member(caller(request).context, user_id))


@router.patch(_ONE, auth=ADMINISTER, response=answers(200, UserOut))
def patch_user(request: HttpRequest, user_id: int, body: UserIn) -> UserOut:
    """409 when nobody would administrate the context any more. Deactivating ends their sessions
    and revokes the tokens they made."""
    who = caller(request)
    get_member(who.context, user_id)
    if body.role is not None:
        change_role(user_id, body.role, **who.asking())
    if body.is_active is not None:
        (activate if body.is_active else deactivate)(user_id, **who.asking())
    return UserOut.of(get_member(who.context, user_id))


@router.post(f"{_ONE}/end-sessions", auth=ADMINISTER, response=answers(204, None))
def post_end_sessions(request: HttpRequest, user_id: int) -> Status[None]:
    """All of theirs, at once."""
    end_sessions(user_id, **caller(request).asking())
    return Status(204, None)


@router.post(f"{_ONE}/password-reset", auth=ADMINISTER, response=answers(201, LinkOut))
def post_password_reset(request: HttpRequest, user_id: int) -> Status[LinkOut]:
    """A link to give to them: it works once, for a day."""
    stores_nothing(request)
    plain = ask_password_reset(user_id, **caller(request).asking())
    return Status(201, LinkOut(id=None, path=f"/welcome/{plain}"))


@router.get("/invitations", auth=READ, response=answers(200, PageOut[InvitationOut]))
def get_invitations(request: HttpRequest, asked: Query[Paging]) -> PageOut[InvitationOut]:
    """Those that can still be used, the newest first."""
    no_other(request, Paging)
    who = caller(request)
    page = invitations(
        who.context, now=who.now, cursor=checked(asked.cursor, int), limit=asked.limit
    )
    items = [InvitationOut.of(one) for one in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post("/invitations", auth=ADMINISTER, response=answers(201, LinkOut))
def post_invitation(request: HttpRequest, body: InvitationIn) -> Status[LinkOut]:
    """A link to give to them: it works once, for seven days; or it goes to them by e-mail. An
    earlier one of the same address is taken back. 409 when there is such a user, or no mail
    server."""
    stores_nothing(request)
    who = caller(request)
    whom: dict[str, Any] = {
        "email": body.email,
        "name": body.name,
        "role": body.role,
        "reseller_id": body.reseller_id,
    }
    if body.by_mail:
        asked = by(who.context, correlation_id=who.correlation_id)
        return Status(201, LinkOut(id=invite_by_mail(**whom, by=asked), path=None))
    link_id, plain = invite(**whom, **who.asking())
    return Status(201, LinkOut(id=link_id, path=f"/welcome/{plain}"))


@router.delete("/invitations/{int:link_id}", auth=ADMINISTER, response=answers(204, None))
def delete_invitation(request: HttpRequest, link_id: int) -> Status[None]:
    withdraw_invitation(link_id, **caller(request).asking())
    return Status(204, None)


@router.get("/tokens", auth=READ, response=answers(200, PageOut[TokenOut]))
def tokens(request: HttpRequest, asked: Query[Paging]) -> PageOut[TokenOut]:
    """The newest first, with those that do not work any more."""
    no_other(request, Paging)
    page = list_tokens(
        caller(request).context, cursor=checked(asked.cursor, int), limit=asked.limit
    )
    items = [TokenOut.of(one) for one in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get("/tokens/{int:token_id}", auth=READ, response=answers(200, TokenOut))
def token(request: HttpRequest, token_id: int) -> TokenOut:
    return TokenOut.of(get_token(caller(request).context, token_id))


@router.post("/tokens", auth=ADMINISTER, response=answers(201, NewTokenOut))
def post_token(request: HttpRequest, body: TokenIn) -> Status[NewTokenOut]:
    """In your own context."""
    stores_nothing(request)
    who = caller(request)
    token_id, plain = make_token(
        name=body.name,
        role=body.role,
        rights=None if body.rights is None else frozenset(body.rights),
        expires_at=body.expires_at,
        **who.asking(),
    )
    return Status(201, NewTokenOut(id=token_id, token=plain))


@router.delete("/tokens/{int:token_id}", auth=ADMINISTER, response=answers(204, None))
def delete_token(request: HttpRequest, token_id: int) -> Status[None]:
    """It opens nothing from now on. 404 when it did not work any more."""
    revoke(token_id, **caller(request).asking())
    return Status(204, None)
