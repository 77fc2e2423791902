"""What of a tenant's metadata may be written down: by an allow-list, so a fact nobody thought of
is left out. Pure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask import redact

CANARY = "Fabrikam canary Ltd"


def entry(number: object, label: object, **more: object) -> dict[str, object]:
    return {
        "value": number,
        "label": label,
        "isDefaultValue": False,
        "sortOrder": 3,
        "parentValue": "",
        "isActive": True,
        "isSystem": False,
        **more,
    }


def listed(entity: str, field: str, *values: dict[str, object]) -> list[tuple[str, str]]:
    known = [{"name": "id"}, {"name": field, "isPickList": True, "picklistValues": list(values)}]
    found = redact.fields(entity, {"fields": known})[1]["picklistValues"]
    return [(one["value"], one["label"]) for one in found]


# Lists.


def test_a_list_of_the_vendors_keeps_numbers_and_labels() -> None:
    types = [entry("1", "Time & Materials"), entry("7", "Recurring Service")]
    assert listed("Contracts", "contractType", *types) == [
        ("1", "Time & Materials"),
        ("7", "Recurring Service"),
    ]


def test_a_list_of_the_tenants_is_numbered() -> None:
    ours = [entry("29682834", CANARY), entry("29682835", "Gold", isSystem=True)]
    assert listed("Companies", "classification", *ours) == [("1", "label 1"), ("2", "label 2")]
    assert listed("Services", "contractType", *ours) == [("1", "label 1"), ("2", "label 2")]


def test_what_a_tenant_added_to_a_list_of_the_vendors_is_numbered_after_it() -> None:
    values = [
        entry("1", "Customer", isSystem=True),
        entry("101", CANARY),
        entry("7", "Vendor", isSystem=True),
        entry("102", "Customer"),
    ]
    assert listed("Companies", "companyType", *values) == [
        ("1", "Customer"),
        ("8", "label 1"),
        ("7", "Vendor"),
        ("9", "label 2"),
    ]


@pytest.mark.parametrize(
    "label", ["a@b.example", "https://x.example", "No. 29682834", "x" * 61, 7, None, "label 4", ""]
)
def test_a_label_that_is_no_plain_words_is_not_kept(label: object) -> None:
    assert listed("Contracts", "status", entry("1", label), entry("5", "Active")) == [
        ("6", "label 1"),
        ("5", "Active"),
    ]


def test_a_value_that_is_no_number_or_letter_is_not_kept() -> None:
    assert listed("Contracts", "status", entry("m", "Active"), entry("a b", "Other")) == [
        ("m", "Active"),
        ("1", "label 1"),
    ]


def test_a_parents_value_is_kept_where_the_parents_list_is() -> None:
    def parents(parent: object) -> list[object]:
        facts = {
            "name": "x",
            "picklistParentValueField": parent,
            "picklistValues": [
                entry("1", "a", parentValue="7"),
                entry("2", "b", parentValue=None),
                entry("3", "c", parentValue=CANARY),
            ],
        }
        found = redact.fields("Contracts", {"fields": [{"name": "id"}, facts]})
        return [one["parentValue"] for one in found[1]["picklistValues"]]

    assert parents("contractType") == ["7", None, ""]
    assert parents("contractCategory") == ["", None, ""]
    assert parents(None) == ["", None, ""]


def test_a_list_without_end_is_cut() -> None:
    endless = [entry(str(number), "Active") for number in range(redact.MOST_VALUES + 5)]
    assert len(listed("Contracts", "status", *endless)) == redact.MOST_VALUES


# Fields.


def test_every_fact_of_a_field_is_kept_and_no_other() -> None:
    facts = {
        "name": "companyID",
        "dataType": "integer",
        "length": 0,
        "isRequired": True,
        "isReadOnly": False,
        "isQueryable": True,
        "isReference": True,
        "referenceEntityType": "Company",
        "isPickList": False,
        "picklistValues": None,
        "picklistParentValueField": "",
        "isSupportedWebhookField": False,
    }
    answer = {"fields": [{"name": "id"}, {**facts, "description": CANARY, "label": CANARY}]}
    assert redact.fields("Contracts", answer)[1] == facts


def test_a_fact_of_another_form_is_not_told() -> None:
    facts = {
        "name": "x",
        "dataType": CANARY,
        "length": "70",
        "isRequired": 1,
        "referenceEntityType": CANARY,
        "isReadOnly": {},
        "picklistValues": {},
        "isPickList": True,
    }
    found = redact.fields("Contracts", {"fields": [{"name": "id"}, facts]})[1]
    assert {name for name, value in found.items() if value is not None} == {"name", "isPickList"}
    length = {"name": "x", "length": -1}
    found = redact.fields("Contracts", {"fields": [{"name": "id"}, length]})[1]
    assert found["length"] is None


def test_a_name_that_is_no_word_and_a_name_told_twice() -> None:
    known = [{"name": name} for name in ("id", CANARY, "", None, "a" * 65, "city", "City")]
    assert [one["name"] for one in redact.fields("X", {"fields": known})] == ["id", "City"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"fields": None},
        {"fields": ["id"]},
        {"fields": [{"name": "city"}]},
        {"fields": [{"name": f"a{number}"} for number in range(redact.MOST_FIELDS + 1)]},
    ],
)
def test_what_is_no_list_of_fields_is_unclear(answer: dict[str, Any]) -> None:
    with pytest.raises(Unclear):
        redact.fields("Contracts", answer)


# Rights, versions, user defined fields.


def test_rights_are_kept_as_they_are() -> None:
    info: dict[str, object] = {"name": "Contract", "hasUserDefinedFields": True}
    for right in ("Create", "Delete", "Query", "Update"):
        info |= {f"can{right}": True, f"userAccessFor{right}": "Restricted"}
    found = redact.information({"info": {**info, "owner": CANARY}})
    assert found == {**info, "supportsWebhookCallouts": None}
    assert (
        redact.information({"info": {"userAccessForQuery": CANARY}})["userAccessForQuery"] is None
    )
    with pytest.raises(Unclear):
        redact.information({"info": CANARY})


def test_versions_are_numbers() -> None:
    assert redact.api_versions({"apiVersions": ["1.0", CANARY, "webservices5.example", 2]}) == [
        "1.0"
    ]


UDF = {
    "name": CANARY,
    "label": f"{CANARY} label",
    "type": "string",
    "length": 100,
    "description": CANARY,
    "defaultValue": CANARY,
    "isPickList": True,
    "picklistValues": [entry("1", CANARY)],
    "picklistParentValueField": CANARY,
}


def test_a_user_defined_field_keeps_its_form_alone() -> None:
    found = redact.user_defined_fields({"fields": [UDF, {}]}, with_names=False)
    assert CANARY not in json.dumps(found)
    assert [(one["name"], one["label"], one["type"], one["length"]) for one in found] == [
        ("udf 1", "udf 1", "string", 100),
        ("udf 2", "udf 2", None, None),
    ]


def test_with_names_it_has_name_and_label_and_nothing_else() -> None:
    found = redact.user_defined_fields({"fields": [UDF, {"name": ""}]}, with_names=True)
    assert [(one["name"], one["label"]) for one in found] == [
        (CANARY, f"{CANARY} label"),
        ("udf 2", "udf 2"),
    ]
    assert json.dumps(found).count(CANARY) == 2


# Autotask's own words.


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("The logged in Resource may not.", "The logged in Resource may not."),
        ("Can't do that. It isn't there.", "Can't do that. It isn't there."),
        (
            "No HTTP resource was found that matches the request URI 'https://h.example/V1.0/X'.",
            "No HTTP resource was found that matches the request URI (left out).",
        ),
        ("See https://h.example/a?b now", "See (left out) now"),
        ("Host webservices5.autotask.net:443 is busy", "Host (left out) is busy"),
        ("User api@fabrikam.example is locked", "User (left out) is locked"),
        ('Company "Fabrikam" and “Contoso”', "Company (left out) and (left out)"),
        ("Record 29682834 of 3", "Record (left out) of 3"),
        ("x " * 400, ("x " * 150).rstrip()),
    ],
)
def test_words_are_kept_without_what_may_be_the_tenants(said: str, kept: str) -> None:
    assert redact.words(said) == kept
    assert redact.words(kept) == kept


@given(st.text(alphabet="ab1.'\"“”@:/ 2345\n(", max_size=400))
def test_words_are_the_same_when_redacted_again(said: str) -> None:
    once = redact.words(said)
    assert redact.words(once) == once


# All of it at once.


def telling(canary: str) -> st.SearchStrategy[Any]:
    """Anything of the API's shapes, with the canary in every place a text can be."""
    names = st.sampled_from(
        [*UDF, "label", "value", "sortOrder", "isSystem", "parentValue", canary]
    )
    return st.recursive(
        st.sampled_from([canary, f"{canary}@x.example", f"https://{canary}", True, 1, None]),
        lambda inside: st.lists(inside, max_size=3) | st.dictionaries(names, inside, max_size=5),
        max_leaves=12,
    )


@pytest.mark.parametrize(
    ("place", "canary"),
    [
        # A list of the tenant's: nothing of it. A list of the vendor's: only plain words.
        *((place, "Fabrikam 29682834") for place in redact.VENDORS),
        (("Companies", "classification"), "Fabrikam Ltd"),
        (("ContractCharges", "category"), "Fabrikam Ltd"),
    ],
)
@settings(max_examples=40)
@given(data=st.data())
def test_no_answer_gets_a_text_of_the_tenant_through(
    place: tuple[str, str], canary: str, data: st.DataObject
) -> None:
    entity, field = place
    values = data.draw(st.lists(telling(canary), max_size=3))
    other = data.draw(telling(canary))
    facts = {**(other if isinstance(other, dict) else {}), "picklistValues": values}
    answer = {"fields": [{"name": "id"}, {**facts, "name": field}], "more": other}
    udfs = {"fields": [one for one in (*values, facts) if isinstance(one, dict)]}
    told = [
        redact.fields(entity, answer),
        redact.user_defined_fields(udfs, with_names=False),
        redact.information({"info": {**facts, "name": None, "referenceEntityType": other}}),
        redact.api_versions({"apiVersions": values}),
    ]
    assert canary not in json.dumps(told)
