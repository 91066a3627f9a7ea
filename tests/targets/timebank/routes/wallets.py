"""Wallets, the transfers between them, and vouchers."""

import secrets
import time
import uuid
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from ground.limits import Window
from pydantic import BaseModel

from timebank.callers import Callers, throttle
from timebank.schemas import Redemption, Transfer, Voucher, VoucherIn, Wallet, WalletIn
from timebank.store import Row, Store

Limit = Annotated[int, Query(ge=1, le=100)]
Before = Annotated[int | None, Query(ge=1, le=2**53)]
Find = Callable[[str, str], Row | None]
MOST_WALLETS = 200


class Wallets:
    """The wallets in the database. `own` and `any` find one by its id, for a member."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def own(self, wallet: str, member: str) -> Row | None:
        """A wallet of the member."""
        return self.store.one("SELECT * FROM wallets WHERE id = ? AND owner = ?", wallet, member)

    def any(self, wallet: str, member: str) -> Row | None:
        """A wallet."""
        return self.store.one("SELECT * FROM wallets WHERE id = ?", wallet)

    def open(self, member: str, label: str, balance: int = 0) -> str:
        """The id of a new wallet."""
        new = str(uuid.uuid4())
        self.store.run(
            "INSERT INTO wallets VALUES (?, ?, ?, ?, ?)",
            new,
            member,
            label,
            balance,
            time.time_ns(),
        )
        return new

    def move(self, source: str, destination: str, minutes: int, note: str) -> str | None:
        """The id of the transfer, or None where the balance is too small."""
        new, store = str(uuid.uuid4()), self.store
        with store.transaction():
            if not store.run(
                "UPDATE wallets SET balance = balance - ? WHERE id = ? AND balance >= ?",
                minutes, source, minutes,
            ):  # fmt: skip
                return None
            store.run("UPDATE wallets SET balance = balance + ? WHERE id = ?", minutes, destination)
            store.run(
                "INSERT INTO transfers (id, source, destination, minutes, note, made)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                new, source, destination, minutes, note, time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )  # fmt: skip
        return new


def _screened() -> None:
    """The fraud desk looks at each redemption; it takes its time."""
    time.sleep(0.03)


def claimed_at_once(store: Store, code: str, wallet: str) -> bool:
    """Marks the voucher and books it in one step."""
    _screened()
    with store.transaction():
        if not store.run(
            "UPDATE vouchers SET redeemed_by = ? WHERE code = ? AND redeemed_by IS NULL",
            wallet, code,
        ):  # fmt: skip
            return False
        store.run(
            "UPDATE wallets SET balance = balance +"
            " (SELECT minutes FROM vouchers WHERE code = ?) WHERE id = ?",
            code, wallet,
        )  # fmt: skip
    return True


def looked_up_first(store: Store, code: str, wallet: str) -> bool:
    """Looks whether the voucher is good, has it screened, and books it."""
    found = store.one("SELECT * FROM vouchers WHERE code = ?", code)
    if found is None or found["redeemed_by"] is not None:
        return False
    _screened()
    store.run("UPDATE wallets SET balance = balance + ? WHERE id = ?", found["minutes"], wallet)
    store.run("UPDATE vouchers SET redeemed_by = ? WHERE code = ?", wallet, code)
    return True


def router(
    wallets: Wallets,
    callers: Callers,
    *,
    to_read: Find,
    to_change: Find,
    to_list: Find,
    transfer_in: type[BaseModel],
    redeem: Callable[[Store, str, str], bool],
) -> APIRouter:
    """`to_read`, `to_change` and `to_list` find the wallet that an operation is about."""
    routes = APIRouter()
    store, member, guesses = wallets.store, callers.member(), Window(20, 60)

    def _or_404(found: Row | None) -> Row:
        if found is None:
            raise HTTPException(404, "Not Found")
        return found

    @routes.get("/wallets")
    def list_wallets(
        caller: Annotated[Row, Depends(member)], limit: Limit = 50, after: Before = None
    ) -> list[Wallet]:
        """The caller's wallets; the next page is `after` as many."""
        rows = store.all(
            "SELECT * FROM wallets WHERE owner = ? ORDER BY opened LIMIT ? OFFSET ?",
            caller["id"], limit, after or 0,
        )  # fmt: skip
        return [Wallet.model_validate(r) for r in rows]

    @routes.post("/wallets", status_code=201)
    def open_wallet(body: WalletIn, caller: Annotated[Row, Depends(member)]) -> Wallet:
        """Opens an empty wallet."""
        if len(store.all("SELECT 1 FROM wallets WHERE owner = ?", caller["id"])) >= MOST_WALLETS:
            raise HTTPException(409, "You have too many wallets")
        new = wallets.open(caller["id"], body.label)
        return Wallet.model_validate(_or_404(wallets.own(new, caller["id"])))

    @routes.get("/wallets/{wallet_id}")
    def read_wallet(wallet_id: UUID, caller: Annotated[Row, Depends(member)]) -> Wallet:
        """One of the caller's wallets."""
        return Wallet.model_validate(_or_404(to_read(str(wallet_id), caller["id"])))

    @routes.patch("/wallets/{wallet_id}")
    def relabel_wallet(
        wallet_id: UUID, body: WalletIn, caller: Annotated[Row, Depends(member)]
    ) -> Wallet:
        """Gives a wallet another label."""
        wallet = _or_404(to_change(str(wallet_id), caller["id"]))
        store.run("UPDATE wallets SET label = ? WHERE id = ?", body.label, wallet["id"])
        return Wallet.model_validate({**wallet, "label": body.label})

    @routes.delete("/wallets/{wallet_id}", status_code=204)
    def close_wallet(wallet_id: UUID, caller: Annotated[Row, Depends(member)]) -> None:
        """Closes an empty wallet."""
        wallet = _or_404(wallets.own(str(wallet_id), caller["id"]))
        if not store.run("DELETE FROM wallets WHERE id = ? AND balance = 0", wallet["id"]):
            raise HTTPException(409, "The wallet is not empty")

    @routes.get("/wallets/{wallet_id}/transfers")
    def list_transfers(
        wallet_id: UUID,
        caller: Annotated[Row, Depends(member)],
        limit: Limit = 50,
        before: Before = None,
    ) -> list[Transfer]:
        """A wallet's transfers, the newest first."""
        wallet = _or_404(to_list(str(wallet_id), caller["id"]))
        rows = store.all(
            "SELECT * FROM transfers WHERE (source = ? OR destination = ?) AND number < ?"
            " ORDER BY number DESC LIMIT ?",
            wallet["id"], wallet["id"], before or 2**53, limit,
        )  # fmt: skip
        return [Transfer.model_validate(r) for r in rows]

    @routes.post("/wallets/{wallet_id}/transfers", status_code=201)
    def transfer(
        wallet_id: UUID, body: transfer_in, caller: Annotated[Row, Depends(member)]
    ) -> Transfer:
        """Gives minutes to another wallet."""
        source = _or_404(wallets.own(str(wallet_id), caller["id"]))
        destination = wallets.any(str(body.to_wallet), caller["id"])
        if destination is None or destination["id"] == source["id"]:
            raise HTTPException(422, "There is no such wallet to give to")
        new = wallets.move(source["id"], destination["id"], body.minutes, body.note)
        if new is None:
            raise HTTPException(409, "The balance is too small")
        return Transfer.model_validate(
            _or_404(store.one("SELECT * FROM transfers WHERE id = ?", new))
        )

    @routes.post("/vouchers", status_code=201)
    def give_voucher(body: VoucherIn, caller: Annotated[Row, Depends(member)]) -> Voucher:
        """Takes minutes from a wallet and puts them into a voucher for somebody."""
        wallet = _or_404(wallets.own(str(body.wallet_id), caller["id"]))
        code = secrets.token_urlsafe(12)
        with store.transaction():
            if not store.run(
                "UPDATE wallets SET balance = balance - ? WHERE id = ? AND balance >= ?",
                body.minutes, wallet["id"], body.minutes,
            ):  # fmt: skip
                raise HTTPException(409, "The balance is too small")
            store.run(
                "INSERT INTO vouchers VALUES (?, ?, ?, NULL)", code, caller["id"], body.minutes
            )
        return Voucher(code=code, minutes=body.minutes)

    @routes.post("/vouchers/redemptions", status_code=201)
    def redeem_voucher(body: Redemption, caller: Annotated[Row, Depends(member)]) -> Wallet:
        """Books a voucher to one of the caller's wallets. It is good for one time."""
        wallet = _or_404(wallets.own(str(body.wallet_id), caller["id"]))
        throttle(guesses, caller["id"])
        if not redeem(store, body.code, wallet["id"]):
            raise HTTPException(409, "The voucher is not known or was redeemed")
        return Wallet.model_validate(_or_404(wallets.own(wallet["id"], caller["id"])))

    return routes
