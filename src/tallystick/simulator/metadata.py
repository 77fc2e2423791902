"""What the API says about its own entities: rights, fields, picklists, user defined fields."""

from __future__ import annotations

from typing import Any

from tallystick.simulator.fields import Entity, Field


def entity_information(entity: Entity) -> dict[str, Any]:
    """The shape of ``EntityInformationModel`` (swagger)."""

    def access(allowed: bool) -> str:
        return "All" if allowed else "None"

    return {
        "name": entity.singular,
        "canCreate": entity.can_create,
        "canDelete": entity.can_delete,
        "canQuery": entity.queried,
        "canUpdate": entity.can_update,
        "userAccessForCreate": access(entity.can_create),
        "userAccessForDelete": access(entity.can_delete),
        "userAccessForQuery": access(entity.queried),
        "userAccessForUpdate": access(entity.can_update),
        "hasUserDefinedFields": entity.has_udfs,
        "supportsWebhookCallouts": entity.has_webhooks,
    }


def field_information(field: Field) -> dict[str, Any]:
    """The shape of ``FieldInformationModel`` (swagger); a picklist's value is a string there."""
    values = None
    if field.picklist is not None:
        values = [
            {
                "value": str(value),
                "label": label,
                "isDefaultValue": False,
                "sortOrder": position,
                "parentValue": "",
                "isActive": True,
                "isSystem": True,
            }
            for position, (value, label) in enumerate(field.picklist.items(), start=1)
        ]
    return {
        "name": field.name,
        "dataType": field.kind.reported,
        "length": field.length,
        "isRequired": field.required,
        "isReadOnly": field.read_only or field.create_only,
        "isQueryable": field.queryable,
        "isReference": bool(field.reference),
        "referenceEntityType": field.reference,
        "isPickList": field.picklist is not None,
        "picklistValues": values,
        "picklistParentValueField": "",
        "isSupportedWebhookField": False,
    }


def udf_information(udf: dict[str, Any]) -> dict[str, Any]:
    """The shape of the swagger's ``Field`` model."""
    return {
        "name": udf["name"],
        "label": udf["label"],
        "type": udf["type"],
        "length": udf["length"],
        "description": "",
        "isRequired": False,
        "isReadOnly": False,
        "isQueryable": True,
        "isReference": False,
        "referenceEntityType": "",
        "isPickList": False,
        "picklistValues": None,
        "picklistParentValueField": "",
        "defaultValue": "",
        "isSupportedWebhookField": False,
    }
