"""What of a tenant's metadata may be written down: an allow-list of facts, not a list of secrets.

Pure. A fact that is not named here does not get through: no text a tenant wrote (names and labels
of user defined fields, labels of its own lists, descriptions, default values), no number that
stands for something of the tenant's, no address. A label is kept where the vendor wrote it:
in the lists of ``VENDORS``, when it is marked as Autotask's own or nobody can add to the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.answers import excerpt
from tallystick.connectors.autotask.bodies import JsonObject

MOST_FIELDS = 1000
MOST_VALUES = 1000
"""Of one entity, and of one list: far above any seen, low enough to end what never does."""


class Labels(Enum):
    """Which labels of a list are the vendor's."""

    ALL = auto()  # a fixed list that Autotask's own rules are written on
    SYSTEM = auto()  # a list a tenant may add to: those marked ``isSystem``


VENDORS: Mapping[tuple[str, str], Labels] = {
    ("Contracts", "billingPreference"): Labels.ALL,
    ("Contracts", "contractPeriodType"): Labels.ALL,
    ("Contracts", "contractType"): Labels.ALL,
    ("Contracts", "status"): Labels.ALL,
    ("Contracts", "timeReportingRequiresStartAndStopTimes"): Labels.ALL,
    ("Services", "periodType"): Labels.ALL,
    ("BillingItems", "billingItemType"): Labels.ALL,
    ("BillingCodes", "useType"): Labels.ALL,
    ("Currencies", "displaySymbol"): Labels.ALL,
    ("BillingCodes", "billingCodeType"): Labels.SYSTEM,
    ("BillingItems", "subType"): Labels.SYSTEM,
    ("Companies", "companyType"): Labels.SYSTEM,
    ("ContractCharges", "chargeType"): Labels.SYSTEM,
    ("ContractCharges", "status"): Labels.SYSTEM,
}

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_VALUE = re.compile(r"-?[0-9]{1,18}|[A-Za-z]{1,10}", re.ASCII)
_LABEL = re.compile(r"(?!.*\d{4})[\w ()/&,.'+-]{1,60}")
_NUMBERED = re.compile(r"label \d+")
_VERSION = re.compile(r"[0-9][0-9.]{0,15}", re.ASCII)
_ACCESS = ("All", "Restricted", "None")
# In Autotask's words: what is quoted, addresses, hosts, user names, numbers of something.
_FOREIGN = re.compile(
    r"“[^”]*”|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|\S*://\S*|\S+@\S+|\b[\w-]+(?:\.[\w-]+){2,}\S*|\d{4,}"
)
_LONGEST = 300
_LARGEST = 10**9
_LEFT_OUT = "(left out)"


def words(said: str) -> str:
    """Autotask's words without what may be the tenant's. The same again when done twice."""
    kept = said
    while (once_more := _FOREIGN.sub(_LEFT_OUT, excerpt(kept)[:_LONGEST]).strip()) != kept:
        kept = once_more
    return kept


def is_left_out(label: str) -> bool:
    """Whether a label of a recording stands for one that is not told."""
    return _NUMBERED.fullmatch(label) is not None


def api_versions(answer: JsonObject) -> list[str]:
    """Raises Unclear."""
    return [one for one in _list(answer, "apiVersions") if _fits(_VERSION, one)]


def information(answer: JsonObject) -> JsonObject:
    """Of ``EntityInformationModel`` everything; it has no word of the tenant's. Raises Unclear."""
    info = answer.get("info")
    if not isinstance(info, dict):
        raise Unclear("Autotask's answer has no info.")
    rights = ("Create", "Delete", "Query", "Update")
    return {
        "name": _word(info, "name"),
        **{f"can{right}": _flag(info, f"can{right}") for right in rights},
        **{f"userAccessFor{right}": _access(info, f"userAccessFor{right}") for right in rights},
        "hasUserDefinedFields": _flag(info, "hasUserDefinedFields"),
        "supportsWebhookCallouts": _flag(info, "supportsWebhookCallouts"),
    }


def fields(entity: str, answer: JsonObject) -> list[JsonObject]:
    """Of ``FieldInformationModel`` everything, with redacted lists. Raises Unclear.

    A field whose name is no plain word is none of the vendor's and is left out.
    """
    found: dict[str, JsonObject] = {}
    for facts in _objects(answer, "fields"):
        name = _word(facts, "name")
        if name:
            found[name.lower()] = {
                "name": name,
                "dataType": _word(facts, "dataType"),
                **_of_every_field(facts),
                "picklistValues": _values(entity, name, facts),
                "picklistParentValueField": _word(facts, "picklistParentValueField"),
            }
    if "id" not in found:
        raise Unclear(f"Autotask's fields of {entity} have no id.")
    return list(found.values())


def user_defined_fields(answer: JsonObject, *, with_names: bool) -> list[JsonObject]:
    """Of the swagger's ``Field`` model: kind, length and flags; name and label only when asked
    for. Descriptions, default values and labels of lists never. Raises Unclear."""
    found: dict[str, JsonObject] = {}
    for number, facts in enumerate(_objects(answer, "fields"), start=1):
        name = label = f"udf {number}"
        if with_names:
            name = _text(facts, "name") or name
            label = _text(facts, "label") or name
        found[name.lower()] = {
            "name": name,
            "label": label,
            "type": _word(facts, "type"),
            **_of_every_field(facts),
            "picklistValues": _values("", "", facts),
            "picklistParentValueField": "",
        }
    return list(found.values())


def _of_every_field(facts: JsonObject) -> JsonObject:
    return {
        "length": _whole(facts, "length"),
        "isRequired": _flag(facts, "isRequired"),
        "isReadOnly": _flag(facts, "isReadOnly"),
        "isQueryable": _flag(facts, "isQueryable"),
        "isReference": _flag(facts, "isReference"),
        "referenceEntityType": _word(facts, "referenceEntityType"),
        "isPickList": _flag(facts, "isPickList"),
        "isSupportedWebhookField": _flag(facts, "isSupportedWebhookField"),
    }


def _values(entity: str, field: str, facts: JsonObject) -> list[JsonObject] | None:
    """A list's values; those that are not the vendor's are numbered after its highest one."""
    given = facts.get("picklistValues")
    if not isinstance(given, list):
        return None
    values = [one for one in given if isinstance(one, dict)][:MOST_VALUES]
    parent = (entity, str(facts.get("picklistParentValueField")))
    labels = VENDORS.get((entity, field))
    kept = [_is_vendors(one, labels) for one in values]
    numbers = [_value(one) for one, is_kept in zip(values, kept, strict=True) if is_kept]
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    found, left_out = [], 0
    for one, is_kept in zip(values, kept, strict=True):
        left_out += not is_kept
        found.append(
            {
                "value": _value(one) if is_kept else str(last + left_out),
                "label": one["label"] if is_kept else f"label {left_out}",
                "isDefaultValue": _flag(one, "isDefaultValue"),
                "sortOrder": _whole(one, "sortOrder"),
                "parentValue": _parent_value(one, VENDORS.get(parent)),
                "isActive": _flag(one, "isActive"),
                "isSystem": _flag(one, "isSystem"),
            }
        )
    return found


def _is_vendors(value: JsonObject, labels: Labels | None) -> bool:
    if labels is None or (labels is Labels.SYSTEM and value.get("isSystem") is not True):
        return False
    label = value.get("label")
    if not _fits(_VALUE, _value(value)) or not _fits(_LABEL, label):
        return False
    return not is_left_out(str(label))


def _value(value: JsonObject) -> str:
    """A text in the vendor's model, and a number now and then."""
    given = value.get("value")
    return str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""


def _parent_value(value: JsonObject, parents: Labels | None) -> str | None:
    given = value.get("parentValue")
    if given is None:
        return None
    return str(given) if parents is Labels.ALL and _fits(_VALUE, str(given)) else ""


# One fact each; what is not of the form it must have is not told.


def _fits(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _word(facts: JsonObject, name: str) -> str | None:
    value = facts.get(name)
    return value if value == "" or _fits(_WORD, value) else None


def _access(facts: JsonObject, name: str) -> str | None:
    value = facts.get(name)
    return value if value in _ACCESS else None


def _flag(facts: JsonObject, name: str) -> bool | None:
    value = facts.get(name)
    return value if isinstance(value, bool) else None


def _whole(facts: JsonObject, name: str) -> int | None:
    value = facts.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _LARGEST else None


def _text(facts: JsonObject, name: str) -> str:
    value = facts.get(name)
    return excerpt(value)[:100] if isinstance(value, str) else ""


def _list(answer: JsonObject, name: str) -> list[Any]:
    found = answer.get(name)
    if not isinstance(found, list) or len(found) > MOST_FIELDS:
        raise Unclear(f"Autotask's answer has no {name}, or too many.")
    return found


def _objects(answer: JsonObject, name: str) -> list[JsonObject]:
    found = _list(answer, name)
    if not all(isinstance(one, dict) for one in found):
        raise Unclear(f"Autotask's {name} were not what they should be.")
    return found
