"""Tenants and the people in them: made, found, and turned into a context."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import SYSTEM, Actor, Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import Reseller, Tenant, User
from tallystick.identity.passwords import check_new_password
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, InvalidInput

LONGEST_EMAIL = 254


def tenant_zone(tenant_id: int) -> str:
    return Tenant.objects.values_list("time_zone", flat=True).get(pk=tenant_id)


def add_tenant(name: str, *, time_zone: str, now: datetime) -> int:
    return Tenant.objects.create(name=name, time_zone=time_zone, created_at=now).pk


def tenant_named(name: str) -> int | None:
    """The tenant with exactly this name, or None."""
    return Tenant.objects.filter(name=name).values_list("pk", flat=True).first()


def tenant_names() -> list[str]:
    return list(Tenant.objects.order_by("name").values_list("name", flat=True))


def only_tenant() -> int | None:
    """The tenant of an installation that has exactly one."""
    ids = list(Tenant.objects.values_list("pk", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None


def add_reseller(tenant_id: int, name: str, *, now: datetime) -> int:
    return Reseller.objects.create(tenant_id=tenant_id, name=name, created_at=now).pk


def add_user(
    *,
    tenant_id: int,
    email: str,
    password: str,
    role: Role,
    now: datetime,
    correlation_id: str,
    name: str = "",
    reseller_id: int | None = None,
    actor: Actor = SYSTEM,
) -> int:
    """Raises Conflicting when the address is taken, InvalidInput when the password is weak."""
    user = User(
        email=read_email(email),
        name=name or email.split("@", maxsplit=1)[0],
        tenant_id=tenant_id,
        reseller_id=reseller_id,
        role=role.value,
        created_at=now,
    )
    check_new_password(password, user)
    with transaction.atomic():
        if User.objects.filter(email=user.email).exists():
            raise Conflicting(f"A user with the address {user.email} already exists.")
        user.set_password(password)
        user.save()
        record(
            Event.CREATE_USER,
            actor=actor,
            now=now,
            subject=Subject(tenant_id=tenant_id, reseller_id=reseller_id),
            correlation_id=correlation_id,
            summary=f"{user.email} as {role.label}",
        )
    return user.pk


def read_email(text: str) -> str:
    """In small letters, as it is stored. Raises InvalidInput."""
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    email = text.strip().lower()
    try:
        if len(email) > LONGEST_EMAIL:
            raise ValidationError("too long")
        validate_email(email)
    except ValidationError:
        raise InvalidInput.one("email", "is not an e-mail address") from None
    return email


def context_of(user: User) -> Context:
    """The context of a signed-in person."""
    return Context(
        tenant_id=user.tenant_id,
        reseller_id=user.reseller_id,
        role=Role(user.role),
        actor=Actor(ref=f"user/{user.pk}", name=user.name or user.email),
    )


def context_of_user(user_id: int) -> Context:
    return context_of(User.objects.get(pk=user_id))


def email_of(user_id: int, *, tenant_id: int) -> str:
    """The address a person signs in with; empty when the tenant has no such person."""
    rows = User.objects.filter(pk=user_id, tenant_id=tenant_id, is_active=True)
    return rows.values_list("email", flat=True).first() or ""


def context_name(context: Context) -> str:
    """``Northwind Cloud`` or ``Northwind Cloud / Fabrikam IT``."""
    name = Tenant.objects.values_list("name", flat=True).get(pk=context.tenant_id)
    if context.reseller_id is None:
        return name
    reseller = Reseller.objects.values_list("name", flat=True).get(pk=context.reseller_id)
    return f"{name} / {reseller}"


def reseller_name(tenant_id: int, reseller_id: int) -> str | None:
    """None when the tenant has no such reseller."""
    rows = Reseller.objects.filter(tenant_id=tenant_id, pk=reseller_id)
    return rows.values_list("name", flat=True).first()


def resellers_of(context: Context) -> list[tuple[int, str]]:
    """Ids and names by name; a reseller has none."""
    if context.reseller_id is not None:
        return []
    rows = Reseller.objects.filter(tenant_id=context.tenant_id).order_by("name")
    return list(rows.values_list("pk", "name"))


def anybody() -> bool:
    """Is there a person who can sign in?"""
    return User.objects.filter(is_active=True).exists()
