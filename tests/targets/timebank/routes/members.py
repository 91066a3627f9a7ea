"""Members: themselves, and each other."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from timebank.callers import Callers
from timebank.schemas import Card, GiftIn, Me, Note
from timebank.store import Row, Store

GIFT = 60


def once(store: Store, member: str, wallet: str) -> bool:
    """Books the gift unless it was given; says whether it was booked."""
    with store.transaction():
        if not store.run("UPDATE members SET gifted = 1 WHERE id = ? AND gifted = 0", member):
            return False
        store.run("UPDATE wallets SET balance = balance + ? WHERE id = ?", GIFT, wallet)
    return True


def on_request(store: Store, member: str, wallet: str) -> bool:
    """Books the gift: the application shows its button to new members only."""
    with store.transaction():
        store.run("UPDATE members SET gifted = 1 WHERE id = ?", member)
        store.run("UPDATE wallets SET balance = balance + ? WHERE id = ?", GIFT, wallet)
    return True


def router(
    store: Store,
    callers: Callers,
    *,
    profile: type[BaseModel],
    card: type[Card],
    give: Callable[[Store, str, str], bool],
) -> APIRouter:
    """`profile` is what members may change of themselves, `card` what others see."""
    routes = APIRouter(prefix="/members")
    member = callers.member()

    @routes.get("/me")
    def me(caller: Annotated[Row, Depends(member)]) -> Me:
        """The caller."""
        return Me.model_validate(caller)

    @routes.patch("/me")
    def change_me(body: profile, caller: Annotated[Row, Depends(member)]) -> Me:
        """Changes what others see of the caller."""
        changes = {k: v for k, v in body.model_dump(exclude_none=True).items() if k in caller}
        for column, value in changes.items():
            store.run(f"UPDATE members SET {column} = ? WHERE id = ?", value, caller["id"])
        return Me.model_validate(_found(caller["id"]))

    @routes.post("/me/welcome-gift", status_code=201)
    def welcome_gift(body: GiftIn, caller: Annotated[Row, Depends(member)]) -> Note:
        """Books the hour that each member gets once."""
        wallet = store.one("SELECT owner FROM wallets WHERE id = ?", str(body.wallet_id))
        if wallet is None or wallet["owner"] != caller["id"]:
            raise HTTPException(404, "Not Found")
        if not give(store, caller["id"], str(body.wallet_id)):
            raise HTTPException(409, "The gift was given already")
        return Note(detail=f"{GIFT} minutes were booked")

    @routes.get("/{member_id}", dependencies=[Depends(member)])
    def read_member(member_id: UUID) -> card:
        """What members see of each other."""
        return card.model_validate(_found(str(member_id)))

    def _found(member_id: str) -> Row:
        found = store.one("SELECT * FROM members WHERE id = ?", member_id)
        if found is None:
            raise HTTPException(404, "Not Found")
        return found

    return routes
