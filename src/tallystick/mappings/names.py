"""What a company's name says once its spelling, legal form and abbreviations are set aside. Pure.

Two names with the same ``core`` are of one company, or of two that only their papers tell apart.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from tallystick.mappings.spellings import (
    AND,
    LEGAL,
    LEGAL_IF_WRITTEN_SO,
    NEVER_IN_FRONT,
    SAME_FORM,
    SHORT,
)

LONGEST = 300
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_ALIAS = re.compile(
    r"\b(?:formerly(?: known as)?|previously(?: known as)?|f/?k/?a|vormals|ehemals|anciennement|"
    r"trading as|t/a|d/?b/?a|doing business as|a/?k/?a|also known as)\b",
    re.IGNORECASE,
)
_NOTES = re.compile(
    r"\([^()]*\b(?:do not use|in administration|in liquidation|old|inactive|duplicate)\b[^()]*\)",
    re.IGNORECASE,
)
_PARENTHESIS = re.compile(r"\(([^()]*)\)")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Name:
    """``core``: the words that count, in order. ``plain``: all words, as they were spelt.

    ``legal``: the legal forms. ``folded`` and ``shortened`` say what was done to the core.
    """

    plain: str
    marked: bool  # its own list says not to use it
    core: tuple[str, ...]
    legal: tuple[str, ...]
    spelt: tuple[str, ...]  # the core with its accents and abbreviations

    @property
    def key(self) -> str:
        return " ".join(self.core)

    @property
    def joined(self) -> str:
        return "".join(self.core)

    @property
    def order(self) -> str:
        return " ".join(sorted(self.core))

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(word for word in self.core if any(sign.isdigit() for sign in word))

    @property
    def has_umlaut(self) -> bool:
        return any(sign in "äöüåøæœ" for sign in self.plain)

    @property
    def loose(self) -> str:
        """With ä written as ae or as a alike."""
        return re.sub(r"ae|oe|ue|aa", lambda found: found[0][0], self.key)


@lru_cache(maxsize=50_000)
def name_of(text: str) -> Name:
    """Whatever the text is; a name without letters has an empty core."""
    text = unicodedata.normalize("NFKC", text[:LONGEST].replace("\u200b", ""))
    marked = bool(_NOTES.search(text))
    text = _NOTES.sub(" ", text).replace("株式会社", " ")
    words = _words(text)
    plain = " ".join(word.casefold() for word in words)
    core, legal, spelt = [], [], []
    for at, word in enumerate(words):
        low = fold(word)
        if _is_legal(word, low) and not (at == 0 and low in NEVER_IN_FRONT):
            legal.append(SAME_FORM.get(low, low))
            continue
        core.append(SHORT.get(low, low))
        spelt.append(word.casefold())
    if core[:1] == ["the"] and len(core) > 1:
        core, spelt = core[1:], spelt[1:]
    elif core[-1:] == ["the"] and len(core) > 1:
        core, spelt = core[:-1], spelt[:-1]
    while core[-1:] == ["and"] and legal:  # what is left of *& Co. KG*
        core, spelt = core[:-1], spelt[:-1]
    core, spelt = _without_own_acronym(core, spelt)
    if not core:
        core, spelt = [fold(word) for word in words], [word.casefold() for word in words]
    return Name(plain, marked, tuple(core), tuple(legal), tuple(spelt))


def _is_legal(word: str, low: str) -> bool:
    if low == "spa":  # Wellness SPA is none
        return word == "SpA"
    return low in LEGAL or (low in LEGAL_IF_WRITTEN_SO and not word.istitle() and word != low)


def other_names(text: str) -> tuple[str, ...]:
    """The names a text gives besides its whole: former ones, trading names, a name in brackets."""
    text = text[:LONGEST]
    found: list[str] = []
    if _ALIAS.search(text):
        found += [part.strip(" ,;()-") for part in _ALIAS.split(text)]
    for match in _PARENTHESIS.finditer(text):
        inside = match[1]
        if _ALIAS.search(inside) or _NOTES.search(match[0]):
            continue
        name = name_of(inside)
        outside = (text[: match.start()] + text[match.end() :]).strip(" ,;-")
        # A place in brackets is no name; a company in brackets is one.
        if name.legal:
            found += [outside, inside]
    return tuple(one for one in found if len(one) > 2)  # noqa: PLR2004 - no name is that short


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Lower case, without accents: ``Ångström`` is ``angstrom``."""
    low = word.casefold().translate(_LETTERS)
    parts = unicodedata.normalize("NFKD", low)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _words(text: str) -> list[str]:
    text = text.replace("’", "'").replace("&", " and ").replace("+", " and ")
    text = re.sub(r"(?<=\w)'(?=\w)", "", text)
    # L.L.C., A/S, S.p.A., z o.o.: letters with dots between them are one word.
    words = _WORD.findall(text)
    joined: list[str] = []
    single = False
    for number, word in enumerate(words):
        inner = 0 < number < len(words) - 1
        alone = len(word) == 1 and word.isalpha() and not word.isdigit()
        spelt_out = alone and inner and len(words[number + 1]) == 1  # the e of e.V.
        if fold(word) in AND and inner and not (alone and single) and not spelt_out:
            joined.append("and")
            single = False
            continue
        if alone and single and word.isascii() == joined[-1].isascii():
            joined[-1] += word
        else:
            joined.append(word)
        single = alone
    return joined


def _without_own_acronym(core: list[str], spelt: list[str]) -> tuple[list[str], list[str]]:
    """``NGS - Norgate Glass Solutions`` is ``Norgate Glass Solutions``."""
    for at in (0, len(core) - 1):
        rest = core[:at] + core[at + 1 :]
        initials = "".join(word[0] for word in rest)
        long_words = "".join(word[0] for word in rest if len(word) > 3)  # noqa: PLR2004 - not *der*
        if len(rest) > 1 and core[at] in {initials, long_words}:
            return rest, spelt[:at] + spelt[at + 1 :]
    return core, spelt
