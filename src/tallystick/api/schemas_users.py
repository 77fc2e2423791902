"""Users, invitations and tokens on the wire."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Id, Moment, Paging
from tallystick.identity.invitations import Invitation
from tallystick.identity.members import Member
from tallystick.identity.roles import Right, Role
from tallystick.identity.tokens import TokenView

RoleIn = Annotated[Role, Field(strict=False)]
RightIn = Annotated[Right, Field(strict=False)]


class UserFilter(Paging):
    search: str = ""


class UserOut(Schema):
    id: int
    email: str
    name: str
    role: Role
    reseller_id: int | None
    reseller_name: str
    is_active: bool
    has_codes: bool
    last_sign_in_at: At | None
    created_at: At

    @classmethod
    def of(cls, member: Member) -> UserOut:
        return cls.model_validate(member, from_attributes=True)


class UserIn(Body):
    """What is not given stays."""

    role: RoleIn | None = None
    is_active: bool | None = None


class InvitationIn(Body):
    """``reseller_id``: one of yours; left out: for your own organisation. ``by_mail``: the link
    goes to them by e-mail, and is not answered."""

    email: str = Field(max_length=254)
    name: str = Field("", max_length=200)
    role: RoleIn
    reseller_id: Id | None = None
    by_mail: bool = False


class InvitationOut(Schema):
    id: int
    email: str
    name: str
    role: Role
    reseller_name: str
    made_by: str
    created_at: At
    expires_at: At

    @classmethod
    def of(cls, view: Invitation) -> InvitationOut:
        return cls.model_validate(view, from_attributes=True)


class LinkOut(Schema):
    """``path`` is below the address of the pages. Answered once; only its hash is kept. Null: it
    goes to them by e-mail."""

    id: int | None
    path: str | None


class TokenIn(Body):
    """``rights``: of those of the role only these; left out: all of them."""

    name: str = Field(max_length=200)
    role: RoleIn
    rights: list[RightIn] | None = Field(None, max_length=20)
    expires_at: Moment | None = None


class TokenOut(Schema):
    id: int
    name: str
    starts_with: str
    role: Role
    rights: list[Right] | None
    reseller_name: str
    made_by: str
    created_at: At
    expires_at: At | None
    last_used_at: At | None
    revoked_at: At | None

    @classmethod
    def of(cls, view: TokenView) -> TokenOut:
        return cls.model_validate(view, from_attributes=True)


class NewTokenOut(Schema):
    """``token`` is answered once; only its hash is kept."""

    id: int
    token: str
