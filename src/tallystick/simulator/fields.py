"""What a field and an entity are, and how their one-line facts are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The value a field holds; ``reported`` is the word the metadata answer uses for it."""

    INT = "int"
    LONG = "long"
    BOOL = "bool"
    STRING = "string"
    MONEY = "money"
    DOUBLE = "double"
    DATE = "date"
    DATETIME = "datetime"

    @property
    def reported(self) -> str:
        return _REPORTED[self]


_REPORTED = {
    Kind.INT: "integer",
    Kind.LONG: "long",
    Kind.BOOL: "boolean",
    Kind.STRING: "string",
    Kind.MONEY: "double",
    Kind.DOUBLE: "double",
    Kind.DATE: "datetime",
    Kind.DATETIME: "datetime",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity, as the metadata answer describes it."""

    name: str
    kind: Kind
    length: int
    required: bool
    read_only: bool
    create_only: bool
    queryable: bool
    reference: str
    picklist: Mapping[int, str] | Mapping[str, str] | None

    @property
    def settable_on_create(self) -> bool:
        return not self.read_only or self.create_only

    @property
    def settable_on_update(self) -> bool:
        return not self.read_only and not self.create_only


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of the API: its fields and what may be done with it, where.

    ``root`` and ``child`` list the verbs at ``/V1.0/{name}`` and at
    ``/V1.0/{parent}/{parentId}/{child_name}``; ``D`` is DELETE on the ``/{id}`` beneath.
    ``denied`` are the acts (query, create, update, delete) the API user may not do.
    """

    name: str
    singular: str
    fields: Mapping[str, Field]
    queried: bool = True
    root: frozenset[str] = frozenset()
    root_delete: bool = False
    parent: str = ""
    child_name: str = ""
    parent_field: str = ""
    child: frozenset[str] = frozenset()
    child_delete: bool = False
    has_udfs: bool = False
    has_webhooks: bool = False
    denied: frozenset[str] = frozenset()

    def field(self, name: str) -> Field | None:
        """The field of that name in any letter case."""
        return self.fields.get(name) or _by_folded(self, name)

    @property
    def can_create(self) -> bool:
        return "POST" in self.root or "POST" in self.child

    @property
    def can_update(self) -> bool:
        return "PATCH" in self.root or "PATCH" in self.child

    @property
    def can_delete(self) -> bool:
        return self.root_delete or self.child_delete


def _by_folded(entity: Entity, name: str) -> Field | None:
    wanted = name.lower()
    for field in entity.fields.values():
        if field.name.lower() == wanted:
            return field
    return None


def parse(facts: str, picklists: Mapping[str, Mapping[int, str]]) -> dict[str, Field]:
    """Read a comma-separated list of one-line facts (notation: ``catalogue_contracts``)."""
    fields: dict[str, Field] = {}
    for fact in facts.split(","):
        words = fact.split()
        name, (kind, _, length) = words[0], words[1].partition("/")
        flags, reference, has_picklist = "", "", False
        for word in words[2:]:
            if word.startswith(">"):
                reference = word[1:]
            elif word == "?":
                has_picklist = True
            else:
                flags = word
        fields[name] = Field(
            name=name,
            kind=Kind(kind),
            length=int(length or 0),
            required="R" in flags,
            read_only="o" in flags,
            create_only="c" in flags,
            queryable="n" not in flags,
            reference=reference,
            picklist=picklists.get(name, {}) if has_picklist else None,
        )
    return fields
