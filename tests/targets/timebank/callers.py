"""Who is calling: the member behind a bearer token, and what only administrators may do."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from ground.limits import Window

from timebank.store import Row, Store
from timebank.tokens import RefusedError, Tokens

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")
Presented = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Ended:
    """The tokens that were handed back."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add(self, claims: dict[str, Any]) -> None:
        """Ends a token before its time."""
        self.store.run("DELETE FROM ended_tokens WHERE expires < ?", int(time.time()))
        self.store.run(
            "INSERT OR IGNORE INTO ended_tokens VALUES (?, ?)",
            str(claims["jti"]),
            claims.get("exp", 1 << 40),
        )

    def has(self, claims: dict[str, Any]) -> bool:
        """Whether a token was ended."""
        jti = str(claims.get("jti"))
        return self.store.one("SELECT 1 FROM ended_tokens WHERE jti = ?", jti) is not None


class ForgottenByClient(Ended):
    """Logging out is the client's matter: it throws its token away."""

    def add(self, claims: dict[str, Any]) -> None:
        return


class Callers:
    """Dependencies that give the caller, or refuse."""

    def __init__(self, store: Store, tokens: Tokens, ended: Ended, limit: Window) -> None:
        self.store, self.tokens, self.ended, self.limit = store, tokens, ended, limit

    def member(self) -> Callable[..., Row]:
        """Any member who is signed in."""

        def member(request: Request, presented: Presented) -> Row:
            if presented is None:
                raise _unauthorised()
            try:
                claims = self.tokens.claims(presented.credentials)
            except RefusedError as e:
                raise _unauthorised() from e
            found = self.store.one("SELECT * FROM members WHERE id = ?", str(claims.get("sub")))
            if found is None or claims.get("epoch") != found["epoch"] or self.ended.has(claims):
                raise _unauthorised()
            throttle(self.limit, found["id"])
            request.state.claims = claims
            return found

        return member

    def administrator(self) -> Callable[..., Row]:
        """An administrator; for anybody else the operation is not there."""

        def administrator(caller: Annotated[Row, Depends(self.member())]) -> Row:
            if caller["role"] != "administrator":
                raise HTTPException(404, "Not Found")
            return caller

        return administrator


def throttle(window: Window, key: str) -> None:
    """Counts a request; raises 429 with the seconds to wait where there were too many."""
    if wait := window.take(key):
        raise too_many(wait)


def too_many(wait: float) -> HTTPException:
    """The refusal of somebody who asks too often."""
    return HTTPException(429, "Too many requests", {"Retry-After": str(int(wait) + 1)})


def _unauthorised() -> HTTPException:
    return HTTPException(401, "Sign in first", {"WWW-Authenticate": "Bearer"})
