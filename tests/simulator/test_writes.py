"""Create, change and delete records."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tallystick.simulator import errors

from .tenants import Tenant, where


def contract_body(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return {
        "id": "0",
        "companyID": tenant.company,
        "contractName": "Cloud 2027",
        "contractNumber": "EXT-7",
        "contractType": 7,
        "contractPeriodType": 5,
        "startDate": "2027-01-01",
        "endDate": "2027-12-31T00:00:00",
        "status": 1,
        "timeReportingRequiresStartAndStopTimes": 0,
        "setupFee": 0,
        **changes,
    }


def test_a_contract_is_created_read_and_found_by_its_number(tenant: Tenant) -> None:
    made = tenant.http.post("Contracts", json=contract_body(tenant))
    assert made.status_code == 200
    contract_id = made.json()["itemId"]
    found = tenant.items("Contracts", where("contractNumber", "EXT-7"))
    assert [item["id"] for item in found] == [contract_id]
    assert found[0]["startDate"] == "2027-01-01T00:00:00Z"
    assert found[0]["contractPeriodType"] == 5


@pytest.mark.parametrize(
    "missing",
    [
        "companyID",
        "contractName",
        "contractType",
        "startDate",
        "endDate",
        "status",
        "timeReportingRequiresStartAndStopTimes",
    ],
)
def test_a_contract_needs_its_required_fields(tenant: Tenant, missing: str) -> None:
    body = contract_body(tenant)
    del body[missing]
    assert missing in tenant.errors(tenant.http.post("Contracts", json=body))[0]


@pytest.mark.parametrize(
    "change",
    [
        {"contractName": "x" * 101},
        {"companyID": 999999},
        {"status": 7},
        {"contractPeriodType": 9},
        {"endDate": "2026-12-31"},
        {"status": True},
        {"isDefaultContract": 1},
        {"setupFee": "free"},
    ],
)
def test_a_contract_is_checked(tenant: Tenant, change: dict[str, Any]) -> None:
    answer = tenant.http.post("Contracts", json=contract_body(tenant, **change))
    assert len(tenant.errors(answer)) == 1


def test_a_reference_to_nothing_is_named(tenant: Tenant) -> None:
    answer = tenant.http.post("Contracts", json=contract_body(tenant, companyID=999999))
    assert tenant.errors(answer) == [
        "Reference value on field: companyID of type: Company does not exist or is invalid."
    ]


def test_patch_leaves_the_rest_alone_and_put_empties_it(tenant: Tenant) -> None:
    contract = tenant.http.post("Contracts", json=contract_body(tenant, description="d")).json()
    contract_id = contract["itemId"]
    patch = tenant.http.patch("Contracts", json={"id": contract_id, "contractName": "New"})
    assert patch.json() == {"itemId": contract_id}
    after = tenant.http.get(f"Contracts/{contract_id}").json()["item"]
    assert (after["contractName"], after["description"]) == ("New", "d")
    put = {
        "id": contract_id,
        "contractName": "Newer",
        "startDate": "2027-01-01",
        "endDate": "2027-12-31",
        "status": 1,
        "timeReportingRequiresStartAndStopTimes": 0,
    }
    assert tenant.http.put("Contracts", json=put).status_code == 200
    after = tenant.http.get(f"Contracts/{contract_id}").json()["item"]
    assert (after["contractName"], after["description"]) == ("Newer", None)
    assert after["companyID"] == tenant.company
    assert tenant.http.put("Contracts", json={"id": contract_id}).status_code == 500


def test_read_only_fields_are_ignored(tenant: Tenant) -> None:
    tenant.http.patch(
        "Contracts",
        json={"id": tenant.contract, "contractType": 1, "companyID": 0, "nonsense": True},
    )
    after = tenant.http.get(f"Contracts/{tenant.contract}").json()["item"]
    assert (after["contractType"], after["companyID"]) == (7, tenant.company)


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": 987654}])
def test_an_update_names_an_existing_record(tenant: Tenant, body: dict[str, Any]) -> None:
    assert tenant.http.patch("Contracts", json=body).status_code == 500


def test_a_company_is_created(tenant: Tenant) -> None:
    owner = tenant.items("Resources", where("isActive", True))[0]["id"]
    body = {"companyName": "New", "companyType": 1, "ownerResourceID": owner, "phone": "1"}
    made = tenant.http.post("Companies", json=body).json()["itemId"]
    company = tenant.http.get(f"Companies/{made}").json()["item"]
    assert company["isActive"] is True
    assert company["createDate"] == "2026-05-01T12:00:00.000Z"
    missing = tenant.http.post("Companies", json={})
    assert len(tenant.errors(missing)) == 4


def test_service_names_are_unique(tenant: Tenant) -> None:
    code = tenant.items("BillingCodes", where("isActive", True))[0]["id"]
    body = {"name": "Teams", "unitPrice": 5, "periodType": 2, "billingCodeID": code, "sku": "T-1"}
    made = tenant.http.post("Services", json=body)
    assert made.status_code == 200
    again = tenant.http.post("Services", json={**body, "name": "TEAMS"})
    assert tenant.errors(again)[0].startswith(
        "Violation of UNIQUE KEY constraint 'IX_service'. Cannot insert duplicate key in object "
        "'dbo.Service'. The duplicate key value is (TEAMS)."
    )
    renamed = tenant.http.patch("Services", json={"id": tenant.service, "name": "Teams"})
    assert renamed.status_code == 500
    same = tenant.http.patch("Services", json={"id": tenant.service, "name": "M365"})
    assert same.status_code == 200
    wrong = tenant.http.post("Services", json={**body, "name": "Other", "billingCodeID": 5})
    assert tenant.errors(wrong) == ["BillingCode does not exist or is invalid"]
    priced = tenant.items("PriceListServices", where("serviceID", made.json()["itemId"]))
    assert priced[0]["usesInternalCurrencyPrice"] is True
    assert tenant.items("Services", where("sku", "T-1"))[0]["id"] == made.json()["itemId"]


def test_a_line_is_created_below_its_contract_and_found_by_our_reference(tenant: Tenant) -> None:
    service = tenant.sim.load(services=[{"name": "Teams", "unit_price": "5"}])["services"][0]
    made = tenant.http.post(
        f"Contracts/{tenant.contract}/Services",
        json={"serviceID": service, "internalDescription": "sub-4711", "adjustedPrice": 4.25},
    )
    line = made.json()["itemId"]
    found = tenant.items(
        "ContractServices",
        where("contractID", tenant.contract),
        where("internalDescription", "sub-4711"),
    )
    assert [item["id"] for item in found] == [line]
    assert (found[0]["unitPrice"], found[0]["internalCurrencyAdjustedPrice"]) == (5, 4.25)
    rows = tenant.rows(line)
    assert [row["units"] for row in rows] == [0] * 12
    tenant.http.post(
        f"Contracts/{tenant.contract}/ServiceAdjustments",
        json={"contractServiceID": line, "effectiveDate": "2026-05-03", "unitChange": 2},
    )
    assert tenant.row("2026-05-03", line)["price"] == 8.5


def test_a_second_line_of_one_service_may_be_created(tenant: Tenant) -> None:
    body = {"serviceID": tenant.service, "internalDescription": "second"}
    assert tenant.http.post(f"Contracts/{tenant.contract}/Services", json=body).status_code == 200
    assert len(tenant.items("ContractServices", where("serviceID", tenant.service))) == 2


@pytest.mark.parametrize("contract_type", [1, 3])
def test_services_belong_to_recurring_contracts_only(tenant: Tenant, contract_type: int) -> None:
    other = tenant.sim.load(contracts=[{"company": tenant.company, "type": contract_type}])
    answer = tenant.http.post(
        f"Contracts/{other['contracts'][0]}/Services", json={"serviceID": tenant.service}
    )
    assert len(tenant.errors(answer)) == 1


def test_a_services_period_must_match_the_contracts(tenant: Tenant) -> None:
    yearly = tenant.sim.load(services=[{"name": "Yearly", "period_type": 5}])["services"][0]
    answer = tenant.http.post(f"Contracts/{tenant.contract}/Services", json={"serviceID": yearly})
    assert len(tenant.errors(answer)) == 1


def test_only_the_invoice_description_of_a_line_can_be_changed(tenant: Tenant) -> None:
    answer = tenant.http.patch(
        f"Contracts/{tenant.contract}/Services",
        json={
            "id": tenant.line,
            "invoiceDescription": "text",
            "internalDescription": "other",
            "unitPrice": 1,
            "unitCost": 1,
            "adjustedPrice": 1,
        },
    )
    assert answer.json() == {"itemId": tenant.line}
    line = tenant.items("ContractServices", where("id", tenant.line))[0]
    assert (line["invoiceDescription"], line["internalDescription"]) == ("text", None)
    assert (str(line["unitCost"]), line["internalCurrencyAdjustedPrice"]) == ("17.6000", 22)
    assert tenant.row("2026-05-03")["price"] == 220


def test_a_child_is_changed_below_its_own_parent_only(tenant: Tenant) -> None:
    other = tenant.sim.load(contracts=[{"company": tenant.company}])["contracts"][0]
    answer = tenant.http.patch(
        f"Contracts/{other}/Services", json={"id": tenant.line, "invoiceDescription": "x"}
    )
    assert answer.status_code == 500
    nowhere = tenant.http.post("Contracts/999/Services", json={"serviceID": tenant.service})
    assert nowhere.status_code == 500


def test_charges_are_created_changed_and_deleted(tenant: Tenant) -> None:
    base = f"Contracts/{tenant.contract}/Charges"
    body = {
        "name": "Setup",
        "chargeType": 1,
        "datePurchased": "2026-05-03",
        "unitQuantity": 2.5,
        "unitPrice": 10,
        "unitCost": 4,
        "billingCodeID": tenant.code("Material Code"),
    }
    charge = tenant.http.post(base, json=body).json()["itemId"]
    item = tenant.http.get(f"{base}/{charge}").json()["item"]
    assert (item["billableAmount"], item["extendedCost"], item["unitQuantity"]) == (25, 10, 2.5)
    tenant.http.patch(base, json={"id": charge, "unitQuantity": 3})
    assert tenant.http.get(f"ContractCharges/{charge}").json()["item"]["billableAmount"] == 30
    assert tenant.http.delete(f"{base}/{charge}").json() == {"itemId": charge}
    assert tenant.http.get(f"ContractCharges/{charge}").json() == {"item": None}
    gone = tenant.http.delete(f"{base}/{charge}")
    assert tenant.errors(gone)[0].startswith("No message. No matching records found.")


def test_a_billed_charge_stays(tenant: Tenant) -> None:
    base = f"Contracts/{tenant.contract}/Charges"
    body = charge_body(tenant)
    charge = tenant.http.post(base, json=body).json()["itemId"]
    assert tenant.sim.approve_and_post(tenant.contract, date(2026, 5, 2)) != []
    assert tenant.http.patch(base, json={"id": charge, "unitQuantity": 1}).status_code == 200
    tenant.sim.approve_and_post(tenant.contract, date(2026, 5, 3))
    assert tenant.http.delete(f"{base}/{charge}").status_code == 500
    assert tenant.http.patch(base, json={"id": charge, "unitQuantity": 2}).status_code == 500


def charge_body(tenant: Tenant, **more: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "chargeType": 1,
        "datePurchased": "2026-05-03",
        "unitQuantity": 1,
        "unitPrice": 12.5,
        "unitCost": 9,
        "billingCodeID": tenant.code("Material Code"),
        **more,
    }


def test_a_charge_is_billed_once(tenant: Tenant) -> None:
    base = f"Contracts/{tenant.contract}/Charges"
    charge = tenant.http.post(base, json=charge_body(tenant)).json()["itemId"]
    free = charge_body(tenant, isBillableToCompany=False)
    tenant.http.post(base, json=free)
    for _ in range(2):
        tenant.sim.approve_and_post(tenant.contract, date(2026, 5, 31))
    items = tenant.items("BillingItems", where("contractChargeID", op="exist"))
    assert [(one["contractChargeID"], one["extendedPrice"], one["ourCost"]) for one in items] == [
        (charge, Decimal("12.5"), 9)
    ]
    assert tenant.http.get(f"ContractCharges/{charge}").json()["item"]["isBilled"] is True


def test_a_charge_needs_a_material_code(tenant: Tenant) -> None:
    base = f"Contracts/{tenant.contract}/Charges"
    without = tenant.http.post(base, json=charge_body(tenant, billingCodeID=None))
    assert tenant.errors(without) == [errors.CHARGE_NEEDS_CODE]
    service_code = charge_body(tenant, billingCodeID=tenant.code("Service Code"))
    assert tenant.errors(tenant.http.post(base, json=service_code)) == [errors.CHARGE_CODE_TYPE]


@pytest.mark.parametrize("contract_type", [4, 6, 8])
def test_some_contracts_take_no_charge(tenant: Tenant, contract_type: int) -> None:
    contract = tenant.sim.load(
        contracts=[{"ref": "k", "company": tenant.company, "type": contract_type}]
    )["refs"]["k"]
    answer = tenant.http.post(f"Contracts/{contract}/Charges", json=charge_body(tenant))
    assert tenant.errors(answer) == [errors.CHARGE_CONTRACT_TYPE]


def test_notes_can_be_written(tenant: Tenant) -> None:
    base = f"Contracts/{tenant.contract}/Notes"
    note = tenant.http.post(base, json={"title": "Title", "description": "Text"}).json()["itemId"]
    listed = tenant.http.get(base).json()["items"]
    assert [item["id"] for item in listed] == [note]
    assert listed[0]["contractID"] == tenant.contract


def test_entities_without_a_right_have_no_verb(tenant: Tenant) -> None:
    assert tenant.http.post("Currencies", json={}).status_code == 405
    assert tenant.http.patch("BillingCodes", json={}).status_code == 404
    assert tenant.http.delete(f"Contracts/{tenant.contract}").status_code == 405


def test_locations_carry_a_time_zone(tenant: Tenant) -> None:
    location = tenant.items("InternalLocations", where("isDefault", True))[0]
    assert location["timeZone"] == "(UTC-05:00) Eastern Time (US & Canada)"


def test_metadata_describes_the_entity(tenant: Tenant) -> None:
    info = tenant.http.get("ContractServiceAdjustments/entityInformation").json()["info"]
    assert (info["canCreate"], info["canQuery"], info["canUpdate"]) == (True, False, False)
    assert info["userAccessForCreate"] == "All"
    fields = tenant.http.get("Contracts/entityInformation/fields").json()["fields"]
    by_name = {field["name"]: field for field in fields}
    assert by_name["contractType"]["isPickList"] is True
    values = {v["value"]: v["label"] for v in by_name["contractType"]["picklistValues"]}
    assert values["7"] == "Recurring Service"
    assert by_name["contractPeriodType"]["isReadOnly"] is True
    assert by_name["companyID"]["referenceEntityType"] == "Company"
    udfs = tenant.http.get("Companies/entityInformation/userDefinedFields").json()["fields"]
    assert [udf["name"] for udf in udfs] == ["Tenant ID", "Customer Segment"]
    without = tenant.http.get("Services/entityInformation/userDefinedFields")
    assert without.status_code == 404
    entities = tenant.http.get("EntityInformation").json()["entityDescriptions"]
    assert "ContractService" in {entity["info"]["name"] for entity in entities}
    child = tenant.http.get("Contracts/1/Services/entityInformation/fields")
    assert child.status_code == 200
