"""Administration > Users > API tokens: made once, shown once, revoked at once."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.identity.roles import OF_PEOPLE, Right, Role
from tallystick.identity.tokens import list_tokens, make_token, revoke
from tallystick.kit.clock import day_begins
from tallystick.kit.days import parse_day
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.web.addresses import Address
from tallystick.web.forms import Field
from tallystick.web.views.users import ROLES
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

LABELS = {"name": "Name", "role": "Role", "last_on": "Last day"}
SCOPES = [
    (Right.READ, "Read"),
    (Right.OPERATE, "Record operations, import"),
    (Right.SYNC, "Sync"),
    (Right.RESOLVE, "Take what is blocked out of the way"),
    (Right.APPROVE, "Approve what waits"),
    (Right.MAP, "Map"),
    (Right.CONNECT, "Connections and their credentials"),
    (Right.ADMINISTER, "Users and tokens"),
    (Right.EXPORT, "Export"),
]
FIRST_LIFE = timedelta(days=365)


@screen("GET")
def api_tokens(visit: Visit) -> HttpResponse:
    """The newest first, with those that do not work any more."""
    address = Address.read(visit.request.GET, ())
    page = list_tokens(visit.context, cursor=address.cursor or None)
    return visit.render(
        "web/users/tokens.html",
        rail="users",
        rows=[(one, one.works(visit.now)) for one in page.items],
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET", "POST")
def api_token_new(visit: Visit) -> HttpResponse:
    """The token is shown in the answer and nowhere else."""
    visit.context.require(Right.ADMINISTER)
    posted = visit.request.POST
    values = {name: posted.get(name, "").replace("\x00", "").strip()[:300] for name in LABELS}
    if visit.request.method != "POST":
        last = (visit.today + FIRST_LIFE).isoformat()
        return _form(visit, values | {"role": Role.OPERATOR.value, "last_on": last}, set())
    chosen = {right for right, _ in SCOPES if right.value in posted.getlist("rights")}
    try:
        role = next((one for one in OF_PEOPLE if one.value == values["role"]), None)
        if role is None:
            raise InvalidInput.one("role", "must be chosen")
        _, plain = make_token(
            name=values["name"],
            role=role,
            rights=frozenset(chosen) or None,
            expires_at=day_begins(_last_day(values) + timedelta(days=1), visit.zone.key),
            **visit.asking(),
        )
    except InvalidInput as problem:
        return _form(visit, values, chosen, *problem.errors)
    return visit.render("web/users/token.html", rail="users", token=plain, name=values["name"])


@screen("POST")
def api_token_revoke(visit: Visit, token_id: int) -> HttpResponse:
    revoke(token_id, **visit.asking())
    messages.success(visit.request, "Revoked: it opens nothing any more.")
    return redirect("api-tokens")


def _last_day(values: dict[str, str]) -> date:
    """Raises InvalidInput."""
    try:
        day = parse_day(values["last_on"])
    except ValueError as error:
        raise InvalidInput.one("last_on", str(error)) from None
    if day.year > 9000:  # noqa: PLR2004 - a day after it must still be one
        raise InvalidInput.one("last_on", "is too far away")
    return day


def _form(
    visit: Visit, values: dict[str, str], chosen: set[Right], *errors: FieldError
) -> HttpResponse:
    as_here = [
        FieldError({"expires_at": "last_on"}.get(e.field, e.field), e.message) for e in errors
    ]
    wrong = [one.field for one in as_here]
    first = next((name for name in LABELS if name in wrong), "" if wrong else "name")
    return visit.render(
        "web/users/token_new.html",
        rail="users",
        status=400 if errors else 200,
        fields={
            name: Field(
                name=name,
                label=label,
                value=values[name],
                errors=[error_sentence(label, one) for one in as_here if one.field == name],
                focus=name == first,
            )
            for name, label in LABELS.items()
        },
        others=[f"What it may do {one.message}." for one in as_here if one.field == "rights"],
        wrong=bool(errors),
        roles=ROLES,
        scopes=[(right.value, words, right in chosen) for right, words in SCOPES],
    )
