"""Tenants, resellers, users and API tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from tallystick.identity.roles import OF_PEOPLE, Role


class Tenant(models.Model):
    """A CSP: everything else belongs to exactly one."""

    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, default="UTC")
    requires_code = models.BooleanField(default=False)  # a second factor, of everybody in it
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
    # Part of what a session is signed with: a larger one ends all that were begun before.
    sessions_epoch = models.PositiveIntegerField(default=0)
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

    def get_session_auth_hash(self) -> str:
        return self._get_session_auth_hash()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        salt = "tallystick.identity.session"
        value = f"{self.sessions_epoch}/{self.password}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()


class SignInLink(models.Model):
    """A link that lets one person choose a password, once: an invitation, or a reset."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, null=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True)  # whose; none: invited
    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20)
    digest = models.BinaryField(unique=True)
    made_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_sign_in_link"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in OF_PEOPLE]), name="link_role_known"
            )
        ]


class SecondFactor(models.Model):
    """The secret of a person's authenticator app, sealed, and the last code that was taken."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    secret_sealed = models.BinaryField()
    key_id = models.CharField(max_length=20)
    confirmed_at = models.DateTimeField(null=True)  # none: being set up
    last_step = models.BigIntegerField(default=0)
    recovery: models.JSONField[Any, Any] = models.JSONField(default=list)  # digests of what is left

    class Meta:
        db_table = "identity_second_factor"


class OpenIdentity(models.Model):
    """A person as an OpenID provider knows them: by its issuer and subject, never by an address."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=300)
    linked_at = models.DateTimeField()

    class Meta:
        db_table = "identity_open_identity"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="open_identity_once")
        ]


class FailedSignIns(models.Model):
    """How often one name, one address or one device failed lately. Names only as digests."""

    key = models.CharField(max_length=80, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    wait_until = models.DateTimeField()

    class Meta:
        db_table = "identity_failed_sign_ins"


class ApiToken(models.Model):
    """A bearer token of one context and role; only its hash is kept."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, null=True)
    role = models.CharField(max_length=20)
    # What it may do of what its role may; none: all of that.
    rights: models.JSONField[Any, Any] = models.JSONField(null=True)
    name = models.CharField(max_length=200)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
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
