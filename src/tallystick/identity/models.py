"""Tenants, resellers, users and API tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from tallystick.identity.roles import OF_PEOPLE, Role


class Tenant(models.Model):
    """A CSP: everything else belongs to exactly one."""

    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, default="UTC")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "identity_tenant"


class Reseller(models.Model):
    """A reseller of a CSP, with its own customers and connections."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "identity_reseller"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="reseller_name")]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in, in one context: a tenant, or one reseller of it."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, null=True)
    role = models.CharField(max_length=20)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "identity_user"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in OF_PEOPLE]), name="user_role_known"
            )
        ]


class ApiToken(models.Model):
    """A bearer token of one context and role; only its hash is kept."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, null=True)
    role = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=12)
    digest = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_api_token"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="token_role_known"
            )
        ]


class IdempotentRequest(models.Model):
    """A write that carried an Idempotency-Key, and what it was answered."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_digest = models.BinaryField()
    status = models.PositiveSmallIntegerField(null=True)
    body: models.JSONField[Any, Any] = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "identity_idempotent_request"
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once")
        ]
