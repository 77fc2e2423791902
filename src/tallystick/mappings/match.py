"""Which of theirs is ours, with a score and a reason a person can follow. Pure.

From ``CLEAR`` on a suggestion may be accepted without looking: the two names are the same but for
spelling, legal form, abbreviation, order, or a slip in a long word, and no other candidate is
about as good. Everything else is for a person, however alike it looks: *Alder & Oak* is not
*Alder & Ash*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from tallystick.mappings.names import Name, name_of, other_names
from tallystick.mappings.slips import cuts, is_a_slip
from tallystick.mappings.spellings import INSTITUTIONS

CLEAR = 0.92
# Nothing that only looks alike comes up to this.
ALIKE = 0.88
WORTH_SAYING = 0.45
RIVAL_WITHIN = 0.03
HALF = 0.5
MOST_POSTINGS = 300


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of theirs. ``number`` is often another system's id."""

    id: int
    name: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``score``: 0 to 1, two decimals."""

    id: int
    name: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Entry:
    candidate: Candidate
    name: Name


class Matcher:
    """Candidates, indexed once; asked about one name at a time."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._by: dict[str, dict[str, list[_Entry]]] = {
            kind: defaultdict(list)
            for kind in ("key", "order", "joined", "loose", "alias", "number", "cut", "word")
        }
        self._initials: dict[str, list[_Entry]] = defaultdict(list)
        for one in sorted(candidates, key=lambda one: one.id):
            self._add(_Entry(one, name_of(one.name)))

    def _add(self, entry: _Entry) -> None:
        name, by = entry.name, self._by
        if entry.candidate.number.strip():
            by["number"][entry.candidate.number.strip().casefold()].append(entry)
        if not name.core:
            return
        by["key"][name.key].append(entry)
        by["order"][name.order].append(entry)
        by["joined"][name.joined].append(entry)
        by["loose"][name.loose].append(entry)
        for other in other_names(entry.candidate.name):
            by["alias"][name_of(other).key].append(entry)
        for cut in cuts(name.joined):
            by["cut"][cut].append(entry)
        for word in set(name.core):
            by["word"][word].append(entry)
        if len(name.core) > 2:  # noqa: PLR2004 - two letters are nobody's acronym
            self._initials["".join(word[0] for word in name.core)].append(entry)

    def best(self, name: str, *, number: str = "") -> Suggestion | None:
        """The likeliest one, None when nothing is like it."""
        return next(iter(self.ranked(name, number=number, limit=1)), None)

    def ranked(self, name: str, *, number: str = "", limit: int = 5) -> list[Suggestion]:
        """The likeliest ones, best first. Equal scores: the smaller id first."""
        asked = name_of(name)
        found: dict[int, Suggestion] = {}
        numbered: set[int] = set()
        if asked.core:
            for entry, score, reason in self._alike(name, asked):
                self._keep(found, entry, score, reason)
        for entry in self._by["number"].get(number.strip().casefold(), ()):
            alike = _shared(asked, entry.name) >= HALF
            self._keep(found, entry, 0.99 if alike else 0.8, "same company number")
            numbered.add(entry.candidate.id)
        best = sorted(found.values(), key=lambda one: (-one.score, one.id))
        return [_beside_rivals(one, best, numbered) for one in best[:limit]]

    def _keep(self, found: dict[int, Suggestion], entry: _Entry, score: float, reason: str) -> None:
        if entry.name.marked and score >= CLEAR:
            score, reason = 0.85, "its name in Autotask says not to use it"
        before = found.get(entry.candidate.id)
        if before is None or score > before.score:
            one = entry.candidate
            found[one.id] = Suggestion(one.id, one.name, round(score, 2), reason)

    def _alike(self, text: str, asked: Name) -> Iterable[tuple[_Entry, float, str]]:
        by = self._by
        for entry in by["key"].get(asked.key, ()):
            yield entry, *_same_core(asked, entry.name)
        for entry in by["loose"].get(asked.loose, ()):
            if asked.has_umlaut or entry.name.has_umlaut:
                yield entry, 0.96, "name differs by accents"
        for entry in by["order"].get(asked.order, ()):
            institution = bool(INSTITUTIONS & set(asked.core)) or bool(asked.numbers)
            yield entry, 0.85 if institution else 0.95, "same words in another order"
        for entry in by["joined"].get(asked.joined, ()):
            if asked.numbers == entry.name.numbers:
                yield entry, 0.95, "name differs by spaces"
        for other in other_names(text):
            for entry in by["key"].get(name_of(other).key, ()):
                yield entry, 0.94, f"“{other}” is one of its names"
        for entry in by["alias"].get(asked.key, ()):
            yield entry, 0.94, f"“{asked.key}” is one of its names"
        for cut in cuts(asked.joined):
            for entry in by["cut"].get(cut, ()):
                if is_a_slip(asked, entry.name):
                    yield entry, 0.93, "one letter differs"
        yield from self._similar(asked)

    def _similar(self, asked: Name) -> Iterable[tuple[_Entry, float, str]]:
        """What shares words, or initials; never clear."""
        words = self._by["word"]
        rare = sorted(set(asked.core), key=lambda word: (len(words.get(word, ())), word))
        near: dict[int, _Entry] = {}
        for word in rare[:3]:
            for entry in words.get(word, ())[:MOST_POSTINGS]:
                near[entry.candidate.id] = entry
        scored = sorted(
            near.values(),
            key=lambda entry: (-_shared(asked, entry.name), entry.candidate.id),
        )
        for entry in scored[:5]:
            ratio = SequenceMatcher(None, asked.key, entry.name.key, autojunk=False).ratio()
            score = min(ALIKE, 0.5 * ratio + 0.5 * _shared(asked, entry.name))
            if score >= WORTH_SAYING:
                yield entry, score, _what_differs(asked, entry.name)
        if len(asked.core) == 1:
            for entry in self._initials.get(asked.key, ()):
                yield entry, 0.8, "its initials"


def _same_core(asked: Name, theirs: Name) -> tuple[float, str]:
    if asked.plain == theirs.plain:
        return 1.0, "same name"
    if asked.spelt == theirs.spelt:
        if asked.legal == theirs.legal:
            return 1.0, "same name"
        forms = sorted(set(asked.legal) ^ set(theirs.legal))
        shown = ", ".join(_written(form) for form in forms)
        return 0.97, f"name differs by “{shown}”" if shown else "same name"
    for ours, other in zip(asked.spelt, theirs.spelt, strict=False):
        if ours != other:
            return 0.96, f"“{ours}” read as “{other}”"
    return 0.96, "name differs by spelling"


def _written(form: str) -> str:
    known = {"gmbh": "GmbH", "ltd": "Ltd", "limited": "Limited", "inc": "Inc", "corp": "Corp"}
    return known.get(form, form.upper())


def _beside_rivals(
    one: Suggestion, ranked: Sequence[Suggestion], numbered: Collection[int]
) -> Suggestion:
    """What another candidate is about as good for is not clear; the very same name is.

    Nor is a name whose company number is another candidate's.
    """
    if one.score < CLEAR:
        return one
    if numbered and one.id not in numbered:
        return replace(one, score=0.85, reason="its company number is another company's")
    rivals = [
        other
        for other in ranked
        if other.id != one.id
        and other.score >= CLEAR
        and (one.score < 1 or other.score == 1)
        and other.score >= one.score - RIVAL_WITHIN
    ]
    if not rivals:
        return one
    return replace(one, score=0.85, reason=f"also like “{rivals[0].name}”")


def _shared(asked: Name, theirs: Name) -> float:
    """Of all words of both, how many they share, counted by their letters."""
    ours, other = set(asked.core), set(theirs.core)
    return _letters(ours & other) / max(1, _letters(ours | other))


def _letters(words: set[str]) -> int:
    return sum(len(word) for word in words)


def _what_differs(asked: Name, theirs: Name) -> str:
    words = (*asked.core, *theirs.core)
    different = [word for word in words if (word in asked.core) != (word in theirs.core)]
    if not different or len(different) > 3:  # noqa: PLR2004 - then it says nothing
        return "similar name"
    shown = ", ".join(f"“{word}”" for word in dict.fromkeys(different))
    return f"name differs by {shown}"
