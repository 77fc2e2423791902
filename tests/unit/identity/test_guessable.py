"""What a thief tries first is refused, in its usual forms; what nobody tries is not."""

from __future__ import annotations

import pytest

from tallystick.identity.guessable import COMMON, KNOWN, REPEATED, why_guessable
from tallystick.identity.passwords import _common

OF_HERE = ["ada.lovelace@contoso-cloud.example", "Ada Lovelace", "Contoso Cloud GmbH", "Nordwind"]


def why(password: str) -> str:
    return why_guessable(password, common=_common(), known=OF_HERE)


@pytest.mark.parametrize(
    "password",
    [
        *("qwerty2026!!!", "Password2026!", "PASSWORD123456", "p@ssw0rd2026", "Pa$$w0rd!!!!"),
        *(
            "passwordpassword",
            "P4ssw0rdP4ssw0rd",
            "!!!!password!!",
            "4dm1n1strat0r",
            "L3tme1n2026!",
        ),
        *(
            "telechargement",
            "TELECHARGEMENT",
            " telechargement ",
            "ｐａｓｓｗｏｒｄ２０２６",
            "sunshine1234",
        ),
        *("2026-Football", "baseball.2026"),
    ],
)
def test_a_common_one_in_any_of_its_forms(password: str) -> None:
    assert why(password) == COMMON


@pytest.mark.parametrize(
    "password",
    [
        *("aaaaaaaaaaaa", "abcabcabcabca", "20262026202620", "123456789012", "abcdefghijklmn"),
        *(
            "qwertyuiopas",
            "1qaz2wsx3edc",
            "asdfghjkl123",
            "zyxwvutsrqpo",
            "qwerty123456",
            "1!1!1!1!1!1!",
        ),
    ],
)
def test_a_repetition_or_a_sequence(password: str) -> None:
    assert why(password) == REPEATED


@pytest.mark.parametrize(
    "password",
    [
        *("Contoso2026!!", "C0nt0s0-2026", "contosocontoso", "ContosoCloud1", "lovelace-cloud"),
        *(
            "Nordwind#2026",
            "tallystick123",
            "Tallystick-Autotask",
            "contoso123456",
            "4utot4sk-2026",
        ),
        *("contosopassword",),
    ],
)
def test_names_that_others_know(password: str) -> None:
    assert why(password) == KNOWN


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery", "a long and quiet evening", "contoso rides a blue whale"),
        *("x9$Lm2!qRv7z", "password manager of my aunt", "83910274650293", "grün-Teekanne-Zug"),
        *("Contoso-kJ82mqX0", "密码密码密码不是这个密码啊", "love7294!83#5160"),
    ],
)
def test_what_nobody_tries_first_is_taken(password: str) -> None:
    assert why(password) == ""


def test_every_common_one_is_refused_with_something_added() -> None:
    longer = [one for one in sorted(_common()) if len(one) >= 8 and one.isalpha()]
    assert len(longer) > 1000
    for one in longer:
        assert why(f"{one.capitalize()}2026!") != "", one
