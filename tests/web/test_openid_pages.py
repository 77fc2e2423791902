"""Sign-in with an OpenID provider on loopback: real keys, real signatures, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from factories import number, tenancy, user
from openid_provider import CLIENT, SECRET, OpenIdProvider, new_key, running_provider
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.openid import Provider, provider
from tallystick.identity.models import User
from tallystick.kit.secrets import Secret

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIdProvider]:
    with running_provider() as made:
        made.subject = f"subject-{number()}"
        monkeypatch.setenv("TALLYSTICK_OIDC_ISSUER", made.issuer)
        monkeypatch.setenv("TALLYSTICK_OIDC_CLIENT_ID", CLIENT)
        monkeypatch.setenv("TALLYSTICK_OIDC_CLIENT_SECRET", SECRET)
        provider.cache_clear()
        yield made
    provider.cache_clear()


def come_back(client: Client, entra: OpenIdProvider, address: str) -> Any:
    return client.get("/sign-in/openid/back", entra.sign_in(address))


def sign_in(client: Client, entra: OpenIdProvider) -> Any:
    return come_back(
        client, entra, client.get("/sign-in/openid?next=/renewals").headers["Location"]
    )


def linked(entra: OpenIdProvider) -> User:
    person = user(tenancy())
    client = Client()
    client.force_login(person)
    said = come_back(client, entra, client.post("/account/openid/link").headers["Location"])
    assert said.headers["Location"] == "/account"
    assert "Linked" in client.get("/account").content.decode()
    return person


def test_linked_once_they_sign_in_with_it(entra: OpenIdProvider) -> None:
    person = linked(entra)
    client = Client()
    assert "Sign in with Microsoft" in client.get("/sign-in").content.decode()
    assert sign_in(client, entra).headers["Location"] == "/renewals"
    assert client.get("/renewals").status_code == 200
    events = AuditLog.objects.filter(tenant_id=person.tenant_id).values_list("event", flat=True)
    assert {"user.link_sign_in", "user.sign_in"} <= set(events)


def test_who_is_not_linked_is_not_let_in_whatever_their_address(entra: OpenIdProvider) -> None:
    person = user(tenancy())
    entra.says = {"email": person.email, "email_verified": True, "upn": person.email}
    client = Client()
    assert sign_in(client, entra).headers["Location"] == "/sign-in"
    assert client.get("/subscriptions").status_code == 302


def test_unlinked_or_deactivated_it_opens_nothing(entra: OpenIdProvider) -> None:
    person = linked(entra)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert sign_in(Client(), entra).headers["Location"] == "/sign-in"
    User.objects.filter(pk=person.pk).update(is_active=True)
    client = Client()
    client.force_login(person)
    client.post("/account/openid/unlink")
    assert sign_in(Client(), entra).headers["Location"] == "/sign-in"


def test_one_account_there_is_one_person_here(entra: OpenIdProvider) -> None:
    linked(entra)
    client = Client()
    client.force_login(user(tenancy()))
    come_back(client, entra, client.post("/account/openid/link").headers["Location"])
    assert "linked to another user" in client.get("/account").content.decode()


@pytest.mark.parametrize(
    "says",
    [
        {"iss": "https://login.example.com/other"},
        {"aud": "another-application"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"nonce": "of another question"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 9_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 301},
    ],
)
def test_a_token_that_says_something_else(entra: OpenIdProvider, says: dict[str, Any]) -> None:
    linked(entra)
    entra.says = says
    client = Client()
    said = sign_in(client, entra)
    assert (said.status_code, "Nobody was signed in" in said.content.decode()) == (400, True)
    assert client.get("/subscriptions").status_code == 302


def test_a_token_signed_by_somebody_else(entra: OpenIdProvider) -> None:
    linked(entra)
    entra.signs_with = new_key()
    assert sign_in(Client(), entra).status_code == 400


@pytest.mark.parametrize(("algorithm", "key"), [("none", ""), ("HS256", "x" * 64)])
def test_a_token_of_an_algorithm_that_proves_nothing(
    entra: OpenIdProvider, algorithm: str, key: str
) -> None:
    linked(entra)
    entra.algorithm, entra.signs_with = algorithm, key or None
    if algorithm == "none":
        entra.key, kept = None, entra.key
        address = (client := Client()).get("/sign-in/openid").headers["Location"]
        back = entra.sign_in(address)
        entra.jwks = lambda: OpenIdProvider(key=kept).jwks()
        said = client.get("/sign-in/openid/back", back)
    else:
        said = sign_in(Client(), entra)
    assert said.status_code == 400


def test_an_answer_to_no_question_of_this_browser(entra: OpenIdProvider) -> None:
    linked(entra)
    asked = Client().get("/sign-in/openid").headers["Location"]
    victim = Client()
    for back in (entra.sign_in(asked), {}, {"code": "x"}, {"state": ""}):
        assert victim.get("/sign-in/openid/back", back).status_code == 400
    client = Client()
    address = client.get("/sign-in/openid").headers["Location"]
    back = entra.sign_in(address)
    assert client.get("/sign-in/openid/back", back).status_code == 302
    assert client.get("/sign-in/openid/back", back).status_code == 400, "once"


def test_a_provider_that_is_gone_or_strange_is_told() -> None:
    for issuer in ("http://127.0.0.1:9", "http://example.com", "ftp://127.0.0.1"):
        gone = Provider(issuer, CLIENT, Secret(SECRET), "Microsoft")
        provider.cache_clear()
        with pytest.raises(Exception, match="Nobody was signed in"):
            gone._where("token_endpoint")


def test_without_settings_there_is_no_such_page() -> None:
    provider.cache_clear()
    client = Client()
    assert "Sign in with" not in client.get("/sign-in").content.decode()
    assert client.get("/sign-in/openid").status_code == 404
