"""Django settings, read from the environment. Nothing here knows the business."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tallystick.kit.home import home
from tallystick.kit.key_ring import KeyFile, KeyRing
from tallystick.kit.secrets import WrongKey


def _database(url: str) -> dict[str, Any]:
    """Django's form of ``postgresql://user:password@host:port/name?host=/socket/folder``."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SystemExit("DATABASE_URL must start with postgresql://")
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {"options": OWNER_OPTIONS if as_owner else APP_OPTIONS}
    options.update({k: v for k, v in query.items() if k.startswith("ssl")})
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or (parts.hostname or ""),
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        "TEST": {"NAME": f"test_{unquote(parts.path.lstrip('/'))}"},
    }


def _sealing_keys() -> KeyRing:
    """Of the variable, else of the home's file."""
    try:
        if text := os.environ.get("TALLYSTICK_SECRET_KEY"):
            return KeyRing.from_variable("TALLYSTICK_SECRET_KEY", text)
        return KeyFile(home() / "secret.key")
    except (WrongKey, OSError) as error:
        raise SystemExit(f"tallystick: {error}") from None


# The application works as a role that may add facts and never change or delete them, the web server
# and the worker as one that may less (bootstrap/rights); only `tallystick migrate` works as the
# owner. Empty: the operator's own role does all, and the triggers alone guard the facts.
app_role = os.environ.get("TALLYSTICK_APP_ROLE", "tallystick_app")
working_as = os.environ.get("TALLYSTICK_DATABASE_AS", "")
as_owner = working_as == "owner"
process_role = f"{app_role}_{working_as}" if working_as in {"web", "worker"} else app_role
_UTC = "-c timezone=UTC"
# Migrations work for all tenants (identity/reach.py), also where the owner is no superuser.
OWNER_OPTIONS = f"{_UTC} -c tallystick.reach=everything"
APP_OPTIONS = f"{_UTC} -c role={process_role}" if app_role else _UTC

APP_ROLE = app_role
DEBUG = False
SEALING_KEYS = _sealing_keys()
# As they are at the start; web/signing keeps them as the ring has them.
SECRET_KEY_FALLBACKS = SEALING_KEYS.signing()
SECRET_KEY = SECRET_KEY_FALLBACKS[0]
DATABASES = {
    "default": _database(os.environ.get("DATABASE_URL", "postgresql:///tallystick")),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",
    "procrastinate.contrib.django",
    "tallystick.audit",
    "tallystick.identity",
    "tallystick.catalog",
    "tallystick.subscriptions",
    "tallystick.ledger",
    "tallystick.connections",
    "tallystick.directory",
    "tallystick.mappings",
    "tallystick.notify",
    "tallystick.sync",
    "tallystick.books",
    "tallystick.sources",
    "tallystick.web",
]
MIDDLEWARE = [
    "tallystick.web.middleware.ReachNothing",
    "tallystick.web.signing.FollowKeys",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tallystick.web.sessions.EndSessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tallystick.web.middleware.PageHeaders",
]
ROOT_URLCONF = "tallystick.bootstrap.urls"
WSGI_APPLICATION = "tallystick.bootstrap.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["tallystick.identity.sign_in.People"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# The common ones are refused by identity/guessable, in more forms than Django's own validator.
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
CSRF_FAILURE_VIEW = "tallystick.web.views.errors.csrf_failed"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Only https behind a proxy may turn these on; on loopback http they would lock everybody out.
_https = os.environ.get("TALLYSTICK_HTTPS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
ALLOWED_HOSTS = os.environ.get("TALLYSTICK_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("TALLYSTICK_ORIGINS", "").split(",") if o]
# Where people open the pages: what links in messages begin with.
PUBLIC_URL = (
    os.environ.get("TALLYSTICK_URL") or next(iter(CSRF_TRUSTED_ORIGINS), "http://localhost:8000")
).rstrip("/")
# How many proxies of ours stand in front, each adding to X-Forwarded-For whom it was asked by.
PROXIES = int(os.environ.get("TALLYSTICK_PROXIES", "0"))
# Of one person or token; of what is heavy, of a CSP or one reseller (identity/how_often). 0: none.
REQUESTS_A_MINUTE = int(os.environ.get("TALLYSTICK_REQUESTS_A_MINUTE", "600"))
HEAVY_A_MINUTE = int(os.environ.get("TALLYSTICK_HEAVY_A_MINUTE", "30"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "tallystick.web.uploads.NoMore",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOGGING_CONFIG = None

# The engine (docs/unclear-answers.md says what each of these decides).
SETTLE_SECONDS = float(os.environ.get("TALLYSTICK_SETTLE_SECONDS", "300"))
RECHECK_SECONDS = float(os.environ.get("TALLYSTICK_RECHECK_SECONDS", "60"))
SEND_SECONDS = float(os.environ.get("TALLYSTICK_SEND_SECONDS", "30"))
PUT_ASIDE_SECONDS = float(os.environ.get("TALLYSTICK_PUT_ASIDE_SECONDS", "900"))
WORKER_TURNS = int(os.environ.get("TALLYSTICK_WORKER_TURNS", "40"))
