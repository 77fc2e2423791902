"""Which addresses are talked to: the hostile corpus, and what is allowed instead."""

from __future__ import annotations

import pytest

from tallystick.connections.trouble import Misconfigured, Unclear
from tallystick.connectors.autotask.origins import check_origin, check_page_url
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.zone import service_base

SETTINGS = AutotaskServerSettings(
    origins=frozenset(
        {"http://127.0.0.1:8085", "https://sandbox.example.test:8443", "http://[::1]:9"}
    )
)

HOSTILE = [
    "",
    " ",
    "https://",
    "https:///ATServicesRest",
    "//webservices2.autotask.net/",
    "webservices2.autotask.net",
    # scheme
    "http://webservices2.autotask.net/ATServicesRest",
    "HTTP://webservices.autotask.net/",
    "ftp://webservices2.autotask.net/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "gopher://127.0.0.1:8085/",
    "https:webservices2.autotask.net",
    "https:/webservices2.autotask.net",
    "https:\\\\webservices2.autotask.net",
    "https://https://webservices2.autotask.net",
    # user part
    "https://user@webservices2.autotask.net/",
    "https://user:pass@webservices2.autotask.net/",
    "https://webservices2.autotask.net@evil.test/",
    "https://webservices2.autotask.net:443@evil.test/",
    "https://webservices2.autotask.net%40evil.test/",
    "https://@webservices2.autotask.net/",
    "http://127.0.0.1:8085@evil.test/",
    # other hosts that look alike
    "https://evil.test/",
    "https://webservices2.autotask.net.evil.test/",
    "https://evilwebservices2.autotask.net/",
    "https://evil.webservices2.autotask.net/",
    "https://webservices2-autotask.net/",
    "https://webservices2.autotask.net.",
    "https://webservices2.autotask.net./ATServicesRest",
    "https://webservices2.autotask.com/",
    "https://webservices2.autotask.network/",
    "https://webservicesx.autotask.net/",
    "https://webservices-2.autotask.net/",
    "https://webservices2autotask.net/",
    "https://ww2.autotask.net/",
    "https://autotask.net/",
    "https://.autotask.net/",
    "https://webservices2..autotask.net/",
    # other alphabets
    "https://webservices٢.autotask.net/",
    "https://wébservices2.autotask.net/",
    "https://webservices2.autotask。net/",
    "https://webservices2.autotask.net\u200b/",
    "https://ｗebservices2.autotask.net/",
    "https://xn--webservices2-.autotask.net/",
    "https://webservices2.autotaѕk.net/",
    # ports
    "https://webservices2.autotask.net:8443/",
    "https://webservices2.autotask.net:80/",
    "https://webservices2.autotask.net:0443/",
    "https://webservices2.autotask.net:99999/",
    "https://webservices2.autotask.net:/",
    "https://webservices2.autotask.net:443x/",
    "https://webservices2.autotask.net: 443/",
    "http://127.0.0.1:8086/",
    "http://127.0.0.1/",
    "http://127.0.0.1:80850/",
    # the machine itself in disguise
    "http://127.1:8085/",
    "http://2130706433:8085/",
    "http://0x7f000001:8085/",
    "http://0x7f.0.0.1:8085/",
    "http://0177.0.0.1:8085/",
    "http://127.0.0.01:8085/",
    "http://127.0.0.2:8085/",
    "http://0.0.0.0:8085/",
    "http://[::ffff:127.0.0.1]:8085/",
    "http://[::ffff:7f00:1]:8085/",
    "http://[::]:8085/",
    "http://[0:0:0:0:0:0:0:1]:9/",
    "http://[::1%25lo]:9/",
    "http://localhost:8085/",
    "http://127.0.0.1.nip.io:8085/",
    "https://127.0.0.1:8085/",
    # where the cloud keeps its secrets
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "http://[fd00:ec2::254]/",
    "http://100.64.0.1/",
    "http://10.0.0.1/",
    # control characters and separators
    "https://webservices2.autotask.net/\r\nX-Evil: 1",
    "https://webservices2.autotask.net\r\n.evil.test/",
    "https://webservices2.autotask.net\n",
    "https://webservices2.autotask.net/ATServicesRest\n",
    "https://webservices2.autotask.net\x00.evil.test/",
    "https://webservices2.autotask.net\t/",
    " https://webservices2.autotask.net/",
    "https://webservices2.autotask.net /",
    "https://webservices2.autotask.net\\@evil.test/",
    "https://evil.test\\.webservices2.autotask.net/",
    "https://evil.test#.webservices2.autotask.net/",
    "https://evil.test?.webservices2.autotask.net/",
    "https://evil.test;webservices2.autotask.net/",
    # paths that mean another path
    "https://webservices2.autotask.net/../admin",
    "https://webservices2.autotask.net/ATServicesRest/./x",
    "https://webservices2.autotask.net//evil.test/",
    "https://webservices2.autotask.net/%2e%2e/admin",
    "https://webservices2.autotask.net/a;b",
    "https://webservices2.autotask.net/ATServicesRest?x=1",
    "https://webservices2.autotask.net/ATServicesRest#x",
    "https://webservices2.autotask.net?x",
    "https://webservices" + "2" * 400 + ".autotask.net/",
]


def test_the_corpus_is_large_enough() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_hostile_addresses_are_refused(url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        check_origin(url, SETTINGS)
    words = str(refused.value)
    assert words.isprintable()
    assert "pass@" not in words


ALLOWED = [
    ("https://webservices.autotask.net", "https://webservices.autotask.net"),
    ("https://webservices2.autotask.net/", "https://webservices2.autotask.net"),
    (
        "https://webservices31.autotask.net/ATServicesRest/",
        "https://webservices31.autotask.net/ATServicesRest",
    ),
    ("HTTPS://WebServices5.AutoTask.NET:443/x", "https://webservices5.autotask.net/x"),
    ("http://127.0.0.1:8085/ATServicesRest", "http://127.0.0.1:8085/ATServicesRest"),
    ("https://sandbox.example.test:8443", "https://sandbox.example.test:8443"),
    ("http://[::1]:9/x", "http://[::1]:9/x"),
]


@pytest.mark.parametrize(("url", "base"), ALLOWED)
def test_allowed_addresses_are_written_one_way(url: str, base: str) -> None:
    assert check_origin(url, SETTINGS) == base


@pytest.mark.parametrize(
    "origin",
    [
        "http://sandbox.example.test",
        "http://10.0.0.1:80",
        "http://0.0.0.0:80",
        "http://localhost.evil.test",
        "https://sandbox.example.test/path",
        "sandbox.example.test",
        "https://user@sandbox.example.test",
        "http://[::ffff:127.0.0.1]:80",
        "https://*.example.test",
        "https://127.1",
    ],
)
def test_the_settings_themselves_are_checked(origin: str) -> None:
    with pytest.raises(Misconfigured):
        AutotaskServerSettings(origins=frozenset({origin}))


def test_settings_from_the_environment() -> None:
    settings = AutotaskServerSettings.from_environment(
        {
            "TALLYSTICK_AUTOTASK_ORIGINS": "http://localhost:8085/, https://Sandbox.example.test:443,",
            "TALLYSTICK_AUTOTASK_DISCOVERY_URL": "http://localhost:8085/",
        }
    )
    assert settings.origins == {"http://localhost:8085", "https://sandbox.example.test"}
    assert settings.discovery_url == "http://localhost:8085"
    plain = AutotaskServerSettings.from_environment({})
    assert (plain.origins, plain.discovery_url) == (frozenset(), "https://webservices.autotask.net")


def test_a_discovery_address_outside_the_allowed_origins_is_refused() -> None:
    with pytest.raises(Misconfigured):
        AutotaskServerSettings.from_environment(
            {"TALLYSTICK_AUTOTASK_DISCOVERY_URL": "https://evil.test"}
        )


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://h", "https://h/ATServicesRest"),
        ("https://h/", "https://h/ATServicesRest"),
        ("https://h/ATServicesRest", "https://h/ATServicesRest"),
        ("https://h/ATServicesRest/", "https://h/ATServicesRest"),
        ("https://h/atservicesrest/v1.0", "https://h/atservicesrest"),
        ("https://h/ATServicesRest/V1.0/", "https://h/ATServicesRest"),
        ("https://h/sim/ATServicesRest/", "https://h/sim/ATServicesRest"),
    ],
)
def test_zone_addresses_come_with_and_without_slash_and_version(url: str, base: str) -> None:
    assert service_base(url) == base


BASE = "https://webservices15.autotask.net/ATServicesRest"
NEXT = f"{BASE}/V1.0/Companies/query/next"
REAL = f"{NEXT}?paging=%7b%22pageSize%22%3a500%2c%22nextIds%22%3a%5b725%5d%7d&search=%7b%7d"


@pytest.mark.parametrize(
    "url",
    [
        REAL,
        NEXT,
        REAL.replace("ATServicesRest/V1.0", "atservicesrest/v1.0"),
        REAL.replace("https://w", "HTTPS://W"),
        REAL.replace(".net/", ".net:443/"),
    ],
)
def test_a_next_page_of_the_same_query_is_followed(url: str) -> None:
    followed = check_page_url(url, base=BASE, entity="Companies")
    assert followed.startswith("https://webservices15.autotask.net/")
    assert followed.lower().endswith(url.partition("query/next")[2].lower())


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "/ATServicesRest/V1.0/Companies/query/next?paging=1",
        REAL.replace("15.", "14."),  # another zone of the vendor is still another origin
        REAL.replace("https", "http", 1),
        REAL.replace(".net/", ".net:8443/"),
        REAL.replace("webservices15.autotask.net", "evil.test"),
        REAL.replace("https://", "https://u:p@"),
        REAL.replace("/Companies/", "/Contracts/"),
        REAL.replace("/query/next", "/query"),
        REAL.replace("/V1.0/", "/V1.0/../V1.0/"),
        REAL.replace("/query/next", "/query/next/../../../Contracts"),
        REAL + "#x",
        REAL + " HTTP/1.1\r\nX: 1",
        REAL + "\\x",
        REAL + "é",
        NEXT + "?",
        NEXT + "?" + "x" * 70000,
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_any_other_next_page_makes_the_read_unclear(url: object) -> None:
    with pytest.raises(Unclear):
        check_page_url(url, base=BASE, entity="Companies")
