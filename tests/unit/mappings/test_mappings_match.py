"""Suggestions: what may be accepted unseen, what is for a person, and why."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.mappings.match import CLEAR, Candidate, Matcher, Suggestion
from tallystick.mappings.names import name_of, other_names

PAIRS = Path(__file__).with_name("customer_names.csv")
PRECISION, RECALL = 0.99, 0.85


def best(name: str, *theirs: str, number: str = "") -> Suggestion | None:
    matcher = Matcher(Candidate(at, one) for at, one in enumerate(theirs))
    return matcher.best(name, number=number)


def test_quality_on_three_hundred_nasty_names(capsys: pytest.CaptureFixture[str]) -> None:
    """Every customer of the set is matched against every company of it."""
    with PAIRS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 300
    companies = {
        name: at for at, name in enumerate(sorted({r["company"] for r in rows if r["company"]}))
    }
    matcher = Matcher(Candidate(at, name) for name, at in companies.items())
    right, wrong, missed = 0, [], []
    for row in (row for row in rows if row["customer"]):
        found = matcher.best(row["customer"])
        clear = found is not None and found.score >= CLEAR
        if clear and found is not None and found.id == companies.get(row["company"]):
            right += 1
        elif clear:
            wrong.append((row, found))
        elif row["company"]:
            missed.append(row)
    precision = right / (right + len(wrong))
    recall = right / sum(1 for row in rows if row["customer"] and row["company"])
    with capsys.disabled():
        print(f"\nsuggestions: precision {precision:.3f}, recall {recall:.3f} at {CLEAR}")
    assert precision >= PRECISION, wrong
    assert recall >= RECALL, missed


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ("Contoso", "contoso ", "same name"),
        ("Contoso Ltd", "Contoso Ltd.", "same name"),
        ("Contoso", "Contoso GmbH", "name differs by “GmbH”"),
        ("Contoso Ltd", "Contoso Limited", "same name"),
        ("Contoso Ltd", "Contoso GmbH", "name differs by “GmbH, Ltd”"),
        ("Zephyrine Intl", "Zephyrine International", "“intl” read as “international”"),
        ("Müllerhof", "Muellerhof", "name differs by accents"),
        ("Autohaus Grebenstett", "Grebenstett Autohaus", "same words in another order"),
        ("Data Mallow", "DataMallow", "name differs by spaces"),
        ("Fabrikamm Robotics", "Fabrikam Robotics", "one letter differs"),
        ("Old Name Ltd, now", "Old Name", "name differs by “now”"),
        ("Jane Orrell t/a Bluebellow Florist", "Bluebellow Florist", "“Bluebellow Florist” is"),
    ],
)
def test_the_reason_is_said(ours: str, theirs: str, reason: str) -> None:
    found = best(ours, theirs)
    assert found is not None
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Northwind Traders", "Northwind Trading"),
        ("Acme (Berlin)", "Acme (Hamburg)"),
        ("Acme", "Acme Holding"),
        ("Depot 4 Storage", "Depot 3 Storage"),
        ("Saltmarsh Surgery East", "Saltmarsh Surgery"),
        ("Thackeray and Ross", "Thackeray and Moss"),
        ("Westbrook Studios", "Westbrook Studio"),
        ("Redthistle Spa", "Redthistle"),
        ("Alder & Oak Law", "Alder & Ash Law"),
        ("Hansrad Dental", "Hansrod Dental"),
        ("Altenberg Logistik", "Altenburg Logistik"),
        ("Contoso", "Contoso (DO NOT USE)"),
        ("Contoso", "Contoso (old)"),
        ("Joe's Garage", "Jo's Garage"),
        ("Baer Dental", "Bar Dental"),
        ("Blue Harbour", "Blu Harbour"),
        ("Contoso (New York)", "New York"),
        ("Depot 1 2", "Depot 12"),
        ("Unit 1 11", "Unit 11 1"),
        ("Limited Edition Prints", "Edition Prints"),
        ("Wellness SPA", "Wellness"),
        ("Miramonte University", "University Miramonte"),
    ],
)
def test_what_only_looks_alike_is_for_a_person(ours: str, theirs: str) -> None:
    found = best(ours, theirs)
    assert found is None or found.score < CLEAR


def test_two_that_are_about_as_good_are_for_a_person() -> None:
    found = best("Kremmling", "Kremmling AG", "Kremmling GmbH")
    assert found is not None
    assert found.score < CLEAR
    assert "also like “Kremmling" in found.reason
    forms = best("Acme Ltd", "Acme Ltd", "Acme Limited")
    assert forms is not None
    assert forms.score < CLEAR, "the same form written twice"
    same = best("Contoso", "Contoso", "contoso")
    assert same is not None
    assert same.score < CLEAR, "the very same name twice"


def test_the_very_same_name_beats_another_legal_form() -> None:
    found = best("Kremmling AG", "Kremmling AG", "Kremmling GmbH")
    assert found is not None
    assert (found.name, found.score) == ("Kremmling AG", 1.0)


def test_the_company_number_counts_with_a_name_that_is_like_it() -> None:
    matcher = Matcher([Candidate(1, "Contoso Retail", "C-77"), Candidate(2, "Fabrikam", "")])
    found = matcher.best("Contoso Retail Group", number="c-77")
    assert found is not None
    assert (found.id, found.score, found.reason) == (1, 0.99, "same company number")
    conflict = matcher.best("Fabrikam", number="C-77")
    assert conflict is not None
    assert conflict.score < CLEAR, "the name says one, the number another"
    numbered = Matcher([Candidate(1, "Alder and Ash", "1")])
    stranger = numbered.best("Smith and Moss", number="1")
    assert stranger is not None
    assert stranger.score < CLEAR
    other = matcher.best("Tailspin", number="C-77")
    assert other is not None
    assert other.score < CLEAR


def test_several_are_ranked() -> None:
    theirs = ["Contoso Berlin", "Contoso Bern", "Contoso", "Fabrikam"]
    matcher = Matcher(Candidate(at, one) for at, one in enumerate(theirs))
    ranked = matcher.ranked("Contoso Berlin")
    assert ranked[0].name == "Contoso Berlin"
    assert "Fabrikam" not in [one.name for one in ranked]
    assert len(matcher.ranked("Contoso", limit=2)) == 2


@pytest.mark.parametrize(
    "odd", ["", " ", "???", "🦊", "GmbH & Co. KG", "\x00\x01", "a" * 5000, "株式会社"]
)
def test_odd_names_are_nobody_in_particular(odd: str) -> None:
    found = best(odd, "Contoso", "???", "Limited")
    assert found is None or found.score <= 1


def test_other_names_are_read_from_the_name() -> None:
    assert other_names("Pebbleton Press (formerly Gannet Rock Media)")[-1] == "Gannet Rock Media"
    assert other_names("Acme (Berlin)") == ()
    assert name_of("NGS - Norgate Glass Solutions Ltd").key == "norgate glass solutions"


NAMES = st.text(max_size=40) | st.sampled_from(
    ["Contoso", "Contoso Ltd", "Contoso GmbH", "Fabrikam & Co", "Fabrikam and Co. KG", "A.B.K."]
)


@given(ours=NAMES, theirs=st.lists(NAMES, max_size=6))
@settings(max_examples=300, deadline=None)
def test_whatever_the_names_are(ours: str, theirs: list[str]) -> None:
    candidates = [Candidate(at, one) for at, one in enumerate(theirs)]
    one = Matcher(candidates).ranked(ours)
    assert one == Matcher(reversed(candidates)).ranked(ours), "the order they came in is nothing"
    assert all(0 <= found.score <= 1 for found in one)
    assert [found.score for found in one] == sorted((f.score for f in one), reverse=True) or any(
        "also like" in found.reason for found in one
    )
    exact = [name for name in theirs if name == ours]
    if len(exact) == 1 and name_of(ours).core and len(theirs) == 1:
        assert one[0].score == 1.0
