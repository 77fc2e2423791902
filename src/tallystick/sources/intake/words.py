"""What is said of an event that became no operation, or one with a note. Pure."""

from __future__ import annotations

SO_ALREADY = "It is so here already: nothing to record."
KNOWN = "The subscription is recorded here already: nothing to record."
CUSTOMER = "The customer's name was kept. That is no operation of a subscription."
NOT_DONE_THERE = (
    "It failed at the source, or is still under way there: nothing has changed. Nothing was "
    "recorded."
)
OVER_BEFORE = "It was over before it was ever recorded here: nothing to bill. Nothing was recorded."
DISABLED = (
    "Disabled has no operation: it may become active again or end. Nothing was recorded. Say "
    "suspended, cancelled or deleted when it is."
)
ENDS_EARLIER = (
    "Its term ends earlier than what is recorded: this version has no operation for that. Nothing "
    "was recorded."
)
ENDS_LATER = (
    "Its term ends a few days later than what is recorded: this version has no operation for that. "
    "Nothing was recorded."
)
RENEWED_OTHERWISE = (
    "It was renewed here already, and quantity and price are told otherwise: record each as a "
    "change of its own. Nothing was recorded."
)
SEEN_BEFORE = (
    "A newer list of the source has shown what came of it: it is not recorded a second time."
)
LATE = (
    "Something newer of this subscription has been recorded already, and order is not changed "
    "afterwards. Nothing was recorded. Record it from today or from its own day, or ignore it."
)
CONFLICT = (
    "The same id was told before with another content, and that one counts. Nothing was recorded. "
    "A correction needs an id of its own."
)
IGNORED = "Ignored"


def unknown(subject: str) -> str:
    return (
        f"No subscription “{subject}” is recorded here. It is kept, and taken up once the "
        "subscription is."
    )


def held(missing: str, minutes: int) -> str:
    return (
        f"Waits for {missing} of this subscription, which has not come. After {minutes} minutes it "
        "is recorded without."
    )


def with_a_gap(missing: str) -> str:
    return f"Recorded although {missing} of this subscription never came."


def brings_far(sentence: str) -> str:
    """``sentence``: ``unit price 15.20 to 2.40 EUR is more than a factor 3``."""
    return (
        f"A promotion brings its price with it: {sentence}. Nothing was recorded: look whether "
        "that price is right, then apply it."
    )


def far(moves: str) -> str:
    """``moves``: ``unit price 15.20 to 182.40 EUR``."""
    return (
        f"It moves by more than a factor 3: {moves}. Nothing was recorded: "
        "look whether a year's price was meant, then apply it."
    )


def differs(what: str, said: object, here: object) -> str:
    return f"{what} {said} (here {here})"


def has_offer_but(differs: str) -> str:
    return (
        f"It has this offer here already, and something else differs: {differs}. Nothing was "
        "recorded. Change that by hand, then ignore it."
    )


def other_currency(said: str, here: str) -> str:
    return f"is {said}, and the subscription is in {here or 'no currency yet'}"


def other_before(what: str, said: object, was: object) -> str:
    return f"Recorded. It says that the {what} was {said} before; here it was {was}."


def told_before(number: int, because: str) -> str:
    return f"Told before, as number {number}. {because}".rstrip()
