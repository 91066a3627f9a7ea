"""Registering, signing in and out, and passwords that were forgotten."""

import hmac
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from ground import passwords
from ground.limits import Window

from timebank.callers import Callers, throttle, too_many
from timebank.schemas import (
    Note,
    PasswordChange,
    Registration,
    ResetConfirmation,
    ResetRequest,
    SignIn,
    Token,
)
from timebank.store import Row, Store

SENT = "If the address is right, a mail is on its way"
_FIRST_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def add_member(store: Store, email: str, password: str, name: str, role: str = "member") -> str:
    """The id of a new member; one whose address is taken is not added."""
    member = str(uuid.uuid4())
    kept, today = passwords.sealed(password), time.strftime("%Y-%m-%d")
    store.run(
        "INSERT OR IGNORE INTO members (id, email, password, display_name, role, joined)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        member, email.lower(), kept, name, role, today,
    )  # fmt: skip
    return member


def same_time(password: str, member: Row | None) -> bool:
    """Whether the password fits; nobody's password takes as long."""
    fits = passwords.matches(password, member["password"] if member else passwords.NOBODYS)
    return fits and member is not None


def quick_answer(password: str, member: Row | None) -> bool:
    """Whether the password fits."""
    return member is not None and passwords.matches(password, member["password"])


def discreet(member: Row | None) -> None:
    """Nobody learns who is a member."""


def helpful(member: Row | None) -> None:
    """Says so where an address was mistyped."""
    if member is None:
        raise HTTPException(404, "There is no member with this address")


def router(
    store: Store,
    callers: Callers,
    *,
    fits: Callable[[str, Row | None], bool],
    on_reset: Callable[[Row | None], None],
    failures: Window,
    codes: Window,
) -> APIRouter:
    """`failures` limits wrong passwords of an account, `codes` what is done about reset codes."""
    routes = APIRouter()
    registrations, resets = Window(120, 60), Window(60, 60)

    def _good(password: str) -> None:
        if password.lower() in passwords.COMMON:
            raise HTTPException(422, "This password is guessed too easily")

    @routes.post("/registrations", status_code=202)
    def register(request: Request, body: Registration) -> Note:
        """Becomes a member. The answer is the same where the address has one already."""
        throttle(registrations, request.client.host)
        _good(body.password)
        add_member(store, body.email, body.password, body.display_name)
        return Note(detail="Welcome: sign in with your address and password")

    @routes.post("/sessions", status_code=201)
    def sign_in(body: SignIn) -> Token:
        """Signs in with address and password."""
        email = body.email.lower()
        if wait := failures.wait(email):
            raise too_many(wait)
        member = store.one("SELECT * FROM members WHERE email = ?", email)
        if not fits(body.password, member):
            failures.add(email)
            raise HTTPException(401, "Wrong address or password", {"WWW-Authenticate": "Bearer"})
        failures.forget(email)
        tokens = callers.tokens
        return Token(
            access_token=tokens.issued(member["id"], member["epoch"]), expires_in=tokens.lifetime
        )

    @routes.delete("/sessions/current", status_code=204, dependencies=[Depends(callers.member())])
    def sign_out(request: Request) -> None:
        """Ends the token that was sent."""
        callers.ended.add(request.state.claims)

    @routes.post("/password-resets", status_code=202)
    def ask_for_reset(request: Request, body: ResetRequest) -> Note:
        """Has a code mailed that allows to set a new password."""
        throttle(resets, request.client.host)
        throttle(codes, f"ask {body.email.lower()}")
        member = store.one("SELECT * FROM members WHERE email = ?", body.email.lower())
        on_reset(member)
        code = "".join(secrets.choice(_FIRST_ALPHABET) for _ in range(10))
        store.run(
            "INSERT OR REPLACE INTO reset_codes VALUES (?, ?, ?, 0)",
            member["id"] if member else "nobody", code, int(time.time()) + 600,
        )  # fmt: skip
        return Note(detail=SENT)

    @routes.post("/password-resets/confirmations", status_code=204)
    def confirm_reset(body: ResetConfirmation) -> None:
        """Sets a new password with the code from the mail."""
        throttle(codes, f"confirm {body.email.lower()}")
        _good(body.new_password)
        with store.transaction():
            found = store.one(
                "SELECT c.* FROM reset_codes c JOIN members m ON m.id = c.member"
                " WHERE m.email = ? AND c.expires > ?",
                body.email.lower(), int(time.time()),
            )  # fmt: skip
            code = found["code"] if found else "-"
            if not hmac.compare_digest(code.encode(), body.code.encode("utf-8", "replace")):
                raise HTTPException(400, "The code is wrong or too old")
            _renew(found["member"], body.new_password)

    @routes.put("/members/me/password", status_code=204)
    def change_password(
        body: PasswordChange, caller: Annotated[Row, Depends(callers.member())]
    ) -> None:
        """Changes the password, and ends all tokens."""
        if wait := failures.wait(caller["email"]):
            raise too_many(wait)
        if not passwords.matches(body.current_password, caller["password"]):
            failures.add(caller["email"])
            raise HTTPException(403, "The current password is wrong")
        _good(body.new_password)
        _renew(caller["id"], body.new_password)

    def _renew(member: str, password: str) -> None:
        store.run("DELETE FROM reset_codes WHERE member = ?", member)
        store.run(
            "UPDATE members SET password = ?, epoch = epoch + 1 WHERE id = ?",
            passwords.sealed(password),
            member,
        )

    return routes
