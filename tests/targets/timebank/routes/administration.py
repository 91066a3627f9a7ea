"""What administrators do."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query

from timebank.callers import Callers
from timebank.routes.wallets import Wallets
from timebank.schemas import Credit, MemberLine, Wallet
from timebank.store import Row


def router(wallets: Wallets, callers: Callers, *, may_credit: Callable[..., Row]) -> APIRouter:
    """`may_credit` lets those pass who may create minutes."""
    routes = APIRouter(prefix="/admin")
    store = wallets.store

    @routes.get("/members", dependencies=[Depends(callers.administrator())])
    def list_members(
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    ) -> list[MemberLine]:
        """All members."""
        rows = store.all("SELECT * FROM members ORDER BY email LIMIT ? OFFSET ?", limit, offset)
        return [MemberLine.model_validate(r) for r in rows]

    @routes.post("/wallets/{wallet_id}/credits", status_code=201)
    def credit_wallet(
        wallet_id: UUID, body: Credit, caller: Annotated[Row, Depends(may_credit)]
    ) -> Wallet:
        """Books minutes that nobody gave: for work that the community pays."""
        if not store.run(
            "UPDATE wallets SET balance = balance + ? WHERE id = ? AND balance < 1000000",
            body.minutes, str(wallet_id),
        ):  # fmt: skip
            raise HTTPException(404, "Not Found")
        return Wallet.model_validate(wallets.any(str(wallet_id), caller["id"]))

    return routes
