"""What things are known by in the world: `sku`, `isbn`, `plate`. A member of that name in a body
says which of those that are listed elsewhere is meant, though no path names them so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from l7audit.target.operation import Operation
from l7audit.target.references import Reference
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.words import words

_KEYS = {
    "sku", "isbn", "issn", "ean", "upc", "gtin", "barcode", "plate", "vin", "symbol", "ticker",
    "callsign", "serial", "asin", "mpn",
}  # fmt: skip
_WARES = {
    "product", "item", "article", "dish", "drink", "meal", "ware", "good", "service", "variant",
    "offer", "treat", "snack",
}  # fmt: skip
_CATALOGUES = {
    "menu", "catalog", "catalogue", "assortment", "shop", "store", "inventory", "stock",
    "price", "pricelist", *_WARES,
}  # fmt: skip


def keyed(operations: Sequence[Operation], reference: Reference) -> list[Operation]:
    """The listings whose things may be known by such a member: first those that declare it."""
    told = words(reference.name)
    if not told or not (told[-1] in _KEYS or (reference.sure and _is_ware(reference))):
        return []
    listings = [o for o in operations if o.method == "GET" and "{" not in o.template]
    saying = [o for o in listings if any(words(n) == told for n in properties(_one(o)))]
    rest = [o for o in listings if o not in saying and _may_list(o)]
    named = [o for o in rest if _CATALOGUES & set(words(o.template.rstrip("/").rpartition("/")[2]))]
    return [*saying, *named]


def key_in(thing: Any, reference: Reference) -> str:
    """What a thing of a listing is known by under the name of a member; empty where by nothing."""
    if not isinstance(thing, dict):
        return ""
    told = words(reference.name)
    members = {words(str(n)): v for n, v in thing.items() if _short(v)}
    found = members.get(told, members.get(told[-1:], ""))
    return str(found)


def _is_ware(reference: Reference) -> bool:
    return any(noun[-1:] and noun[-1] in _WARES for noun in reference.nouns)


def _may_list(operation: Operation) -> bool:
    """Whether a read may be a listing: it says so, or its document says nothing."""
    schema = operation.answer_schema
    return (not properties(schema) and type_of(schema) in {"", "array"}) or bool(_one(operation))


def _one(operation: Operation) -> Schema:
    """The schema of one of the things of a listing; empty where the document tells none."""
    schema = alternative(operation.answer_schema)
    lists = [schema, *properties(schema).values()] if schema else []
    items = (p.get("items") for p in map(alternative, lists) if type_of(p) == "array")
    return next((i for i in items if isinstance(i, dict)), {})


def _short(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""
