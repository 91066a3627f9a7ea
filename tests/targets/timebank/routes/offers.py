"""Offers: what members do for others."""

import base64
import binascii
import time
import uuid
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query

from timebank.callers import Callers
from timebank.schemas import Offer, OfferChange, OfferIn
from timebank.store import Row, Store

ORDERS = {
    "newest": "number DESC",
    "oldest": "number",
    "title": "title",
    "minutes": "minutes",
}


def by_name(sort: str) -> str:
    """One of the orders that there are."""
    if sort not in ORDERS:
        raise HTTPException(422, f"sort is one of {', '.join(ORDERS)}")
    return ORDERS[sort]


def by_column(sort: str) -> str:
    """An order by any column, with its direction."""
    return ORDERS.get(sort, sort)


def read_page(cursor: str) -> int:
    """Where a page begins."""
    try:
        at = int(base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii"))
    except (binascii.Error, ValueError) as e:
        raise HTTPException(422, "The cursor is not one of ours") from e
    if not 0 <= at < 2**53:
        raise HTTPException(422, "The cursor is not one of ours")
    return at


def trusted_page(cursor: str) -> int:
    """Where a page begins: cursors are made by ourselves."""
    return int(base64.urlsafe_b64decode(cursor).decode())


def publish(store: Store, owner: str, title: str, text: str, minutes: int) -> str:
    """The id of a new offer."""
    new, now = str(uuid.uuid4()), time.strftime("%Y-%m-%dT%H:%M:%SZ")
    store.run(
        "INSERT INTO offers (id, owner, title, text, minutes, published) VALUES (?, ?, ?, ?, ?, ?)",
        new, owner, title, text, minutes, now,
    )  # fmt: skip
    return new


def own(store: Store, offer: str, member: str) -> int:
    """Removes an offer of the member."""
    return store.run("DELETE FROM offers WHERE id = ? AND owner = ?", offer, member)


def any_of_them(store: Store, offer: str, _: str) -> int:
    """Removes an offer."""
    return store.run("DELETE FROM offers WHERE id = ?", offer)


def router(
    store: Store,
    callers: Callers,
    *,
    order: Callable[[str], str],
    page: Callable[[str], int],
    remove: Callable[[Store, str, str], int],
) -> APIRouter:
    """`order` turns a sort into SQL, `page` a cursor into a place."""
    routes = APIRouter(prefix="/offers")
    member = callers.member()

    @routes.get("", dependencies=[Depends(member)])
    def list_offers(
        q: Annotated[str, Query(max_length=80)] = "",
        sort: Annotated[str, Query(max_length=200)] = "newest",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> list[Offer]:
        """All members' offers; `q` looks in their titles."""
        rows = store.all(
            "SELECT * FROM offers WHERE instr(lower(title), lower(?)) > 0"
            f" ORDER BY {order(sort)} LIMIT ? OFFSET ?",
            q, limit, page(cursor) if cursor else 0,
        )  # fmt: skip
        return [Offer.model_validate(r) for r in rows]

    @routes.post("", status_code=201)
    def publish_offer(body: OfferIn, caller: Annotated[Row, Depends(member)]) -> Offer:
        """Publishes an offer."""
        return _found(publish(store, caller["id"], body.title, body.text, body.minutes))

    @routes.get("/{offer_id}", dependencies=[Depends(member)])
    def read_offer(offer_id: UUID) -> Offer:
        """An offer: all members may read it."""
        return _found(str(offer_id))

    @routes.patch("/{offer_id}")
    def change_offer(
        offer_id: UUID, body: OfferChange, caller: Annotated[Row, Depends(member)]
    ) -> Offer:
        """Changes one of the caller's offers."""
        if str(_found(str(offer_id)).owner) != caller["id"]:
            raise HTTPException(404, "Not Found")
        for column, value in body.model_dump(exclude_none=True).items():
            store.run(f"UPDATE offers SET {column} = ? WHERE id = ?", value, str(offer_id))
        return _found(str(offer_id))

    @routes.delete("/{offer_id}", status_code=204)
    def withdraw_offer(offer_id: UUID, caller: Annotated[Row, Depends(member)]) -> None:
        """Withdraws one of the caller's offers."""
        if not remove(store, str(offer_id), caller["id"]):
            raise HTTPException(404, "Not Found")

    def _found(offer: str) -> Offer:
        row = store.one("SELECT * FROM offers WHERE id = ?", offer)
        if row is None:
            raise HTTPException(404, "Not Found")
        return Offer.model_validate(row)

    return routes
