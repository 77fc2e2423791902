"""Slips of the hand in a name: one letter too many, too few, or two swapped. Pure."""

from __future__ import annotations

from tallystick.mappings.names import Name

LONG_WORD = 7
LONGEST_KEY = 60


def cuts(joined: str) -> set[str]:
    """The key without each of its letters: two that differ by one letter share one of these."""
    if not LONG_WORD <= len(joined) <= LONGEST_KEY:
        return set()
    return {joined, *(joined[:at] + joined[at + 1 :] for at in range(len(joined)))}


def is_a_slip(asked: Name, theirs: Name) -> bool:
    """One letter, in one long word, not its first one, not a plural, not a number."""
    if len(asked.core) != len(theirs.core):
        return False
    pairs = [
        (ours, other) for ours, other in zip(asked.core, theirs.core, strict=True) if ours != other
    ]
    if len(pairs) != 1:
        return False
    ours, other = pairs[0]
    if min(len(ours), len(other)) < LONG_WORD or ours[0] != other[0]:
        return False
    if any(sign.isdigit() for sign in ours + other):
        return False
    if ours.rstrip("s") == other.rstrip("s"):
        return False
    return _is_one_edit(ours, other)


def _is_one_edit(one: str, other: str) -> bool:
    """One letter more or less, or two neighbours swapped."""
    if len(one) == len(other):
        wrong = [at for at in range(len(one)) if one[at] != other[at]]
        # Another letter is another name as often as a slip: Altenberg is not Altenburg.
        return (
            len(wrong) == 2  # noqa: PLR2004 - the two that changed places
            and wrong[1] == wrong[0] + 1
            and one[wrong[0]] == other[wrong[1]]
            and one[wrong[1]] == other[wrong[0]]
        )
    short, long = sorted((one, other), key=len)
    if len(long) != len(short) + 1:
        return False
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
