"""Administration > Users: who may, invitations, and what ends when somebody leaves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from tallystick.bootstrap.notices import by, sender
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
from tallystick.identity.people import resellers_of
from tallystick.identity.roles import OF_PEOPLE, Right, Role
from tallystick.identity.second_factor import remove_codes, require_codes, requires_codes
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.notify.invitation_mail import invite_by_mail, mail_states
from tallystick.web.addresses import Address
from tallystick.web.forms import Field
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted, error_sentence

LABELS = {"email": "E-mail address", "name": "Name", "role": "Role", "reseller": "Works for"}
ROLES = [
    (Role.ADMINISTRATOR, "everything, also users, tokens and credentials"),
    (Role.OPERATOR, "records changes, maps, syncs, decides; no users and no credentials"),
    (Role.VIEWER, "reads"),
    (Role.AUDITOR, "reads everything, also users, and exports; changes nothing"),
]


@screen("GET")
def users(visit: Visit) -> HttpResponse:
    """By address; above them who is invited and has not come yet."""
    address = Address.read(visit.request.GET, ("q",))
    page = list_members(visit.context, search=address.value("q"), cursor=address.cursor or None)
    part = "_people" if visit.wants_part else "page"
    invited = () if address.cursor else invitations(visit.context, now=visit.now).items
    mails = mail_states([one.id for one in invited])
    return visit.render(
        f"web/users/{part}.html",
        rail="users",
        rows=page.items,
        invited=[(one, *mails.get(one.id, (None, ""))) for one in invited],
        address=address,
        codes_required=requires_codes(visit.context.tenant_id),
        is_csp=visit.context.reseller_id is None,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET", "POST")
def user_invite(visit: Visit) -> HttpResponse:
    """The link is shown in the answer and nowhere else; or goes to them, and is shown to nobody."""
    visit.context.require(Right.ADMINISTER)
    posted = visit.request.POST
    values = {name: posted.get(name, "").replace("\x00", "").strip()[:254] for name in LABELS}
    if visit.request.method != "POST":
        return _form(visit, values | {"role": Role.VIEWER.value})
    try:
        whom: dict[str, Any] = {
            "email": values["email"],
            "name": values["name"],
            "role": _role(values["role"]),
            "reseller_id": _number(values["reseller"]),
        }
        if posted.get("by_mail") == "yes":
            invite_by_mail(**whom, by=by(visit.context, correlation_id=visit.correlation_id))
            messages.success(visit.request, "Invited. The link is on its way to them by e-mail.")
            return redirect("users")
        _, plain = invite(**whom, **visit.asking())
    except InvalidInput as problem:
        return _form(visit, values, *problem.errors)
    except Conflicting as problem:
        return _form(visit, values, FieldError("email", f": {problem}"))
    return _link(visit, plain, values["email"], resets=False)


@screen("GET")
def user(visit: Visit, user_id: int) -> HttpResponse:
    member = get_member(visit.context, user_id)
    own = visit.context.actor.ref == f"user/{user_id}"
    return visit.render("web/users/user.html", rail="users", member=member, roles=ROLES, own=own)


@screen("POST")
def user_role(visit: Visit, user_id: int) -> HttpResponse:
    visit.context.require(Right.ADMINISTER)
    get_member(visit.context, user_id)
    try:
        role = _role(visit.request.POST.get("role", ""))
        change_role(user_id, role, **visit.asking())
    except (InvalidInput, Conflicting) as problem:
        messages.error(visit.request, str(problem))
    else:
        messages.success(visit.request, f"Saved: {role.label}. It counts from now on.")
    return redirect("user", user_id=user_id)


@screen("POST")
def user_active(visit: Visit, user_id: int) -> HttpResponse:
    """Deactivate, or let them in again."""
    try:
        if visit.request.POST.get("active") == "yes":
            activate(user_id, **visit.asking())
            messages.success(visit.request, "They may sign in again.")
        else:
            tokens = deactivate(user_id, **visit.asking())
            words = f" {counted(tokens, 'API token')} they made revoked." if tokens else ""
            messages.success(visit.request, f"Deactivated: their sessions have ended.{words}")
    except Conflicting as problem:
        messages.error(visit.request, str(problem))
    return redirect("user", user_id=user_id)


@screen("POST")
def user_sessions(visit: Visit, user_id: int) -> HttpResponse:
    visit.context.require(Right.ADMINISTER)
    end_sessions(user_id, **visit.asking())
    messages.success(visit.request, "Every session of theirs has ended.")
    return redirect("user", user_id=user_id)


@screen("POST")
def user_reset(visit: Visit, user_id: int) -> HttpResponse:
    """The link is shown in the answer and nowhere else."""
    try:
        plain = ask_password_reset(user_id, **visit.asking())
    except Conflicting as problem:
        messages.error(visit.request, str(problem))
        return redirect("user", user_id=user_id)
    return _link(visit, plain, get_member(visit.context, user_id).email, resets=True)


@screen("POST")
def user_codes(visit: Visit, user_id: int) -> HttpResponse:
    """They lost their telephone: take the codes away, so that they can set them up anew."""
    remove_codes(user_id, **visit.asking())
    messages.success(visit.request, "Their sign-in codes are gone; they can set them up anew.")
    return redirect("user", user_id=user_id)


@screen("POST")
def users_codes(visit: Visit) -> HttpResponse:
    """Whether everybody of the organisation needs a code to sign in."""
    wanted = visit.request.POST.get("required") == "yes"
    require_codes(wanted, **visit.asking())
    words = "From now on everybody needs a code to sign in." if wanted else "Codes are optional."
    messages.success(visit.request, words)
    return redirect("users")


@screen("POST")
def invitation_withdraw(visit: Visit, link_id: int) -> HttpResponse:
    withdraw_invitation(link_id, **visit.asking())
    messages.success(visit.request, "The invitation was taken back: its link works no more.")
    return redirect("users")


def _role(text: str) -> Role:
    """Raises InvalidInput."""
    found = next((role for role in OF_PEOPLE if role.value == text), None)
    if found is None:
        raise InvalidInput.one("role", "must be chosen")
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None  # noqa: PLR2004 - fits the database's


def _link(visit: Visit, plain: str, email: str, *, resets: bool) -> HttpResponse:
    link = visit.request.build_absolute_uri(reverse("welcome", args=[plain]))
    return visit.render("web/users/link.html", rail="users", link=link, email=email, resets=resets)


def _form(visit: Visit, values: dict[str, str], *errors: FieldError) -> HttpResponse:
    wrong = [one.field for one in errors]
    first = next((name for name in LABELS if name in wrong), "" if wrong else "email")
    return visit.render(
        "web/users/invite.html",
        rail="users",
        status=400 if errors else 200,
        fields={
            name: Field(
                name=name,
                label=label,
                value=values[name],
                errors=[error_sentence(label, one) for one in errors if one.field == name],
                focus=name == first,
            )
            for name, label in LABELS.items()
        },
        wrong=bool(errors),
        has_mail=sender().carriers.mail is not None,
        by_link=visit.request.POST.get("by_mail") == "no",
        roles=ROLES,
        resellers=[(str(pk), name) for pk, name in resellers_of(visit.context)],
    )
