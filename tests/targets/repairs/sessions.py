"""Sessions: kept by the server, known to the browser by a cookie."""

import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field

from flask import Request, Response

COOKIE = "repairs_session"
LIFETIME = 3600
_MOST = 5000


@dataclass
class Session:
    """A browser's visit; `user_id` is None until somebody signs in."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    user_id: int | None = None
    since: float = field(default_factory=time.monotonic)


class Sessions:
    """All sessions. A new one begins whenever somebody signs in or out."""

    def __init__(self) -> None:
        self._kept: dict[str, Session] = {}
        self._lock = threading.Lock()

    def of(self, request: Request) -> Session:
        """The session of a request, or a new one."""
        with self._lock:
            found = self._kept.get(request.cookies.get(COOKIE, ""))
            if found is not None and time.monotonic() - found.since < LIFETIME:
                return found
        return Session()

    def signed_in(self, before: Session, user_id: int) -> Session:
        """The session of somebody who has just signed in."""
        self.ended(before)
        return Session(user_id=user_id)

    def ended(self, session: Session) -> None:
        """Ends a session."""
        with self._lock:
            self._kept.pop(session.id, None)

    def keep(self, session: Session) -> None:
        """Keeps a session whose cookie is handed out; strangers' oldest ones make room."""
        with self._lock:
            self._kept[session.id] = session
            if len(self._kept) > _MOST:
                strangers = (k for k, s in self._kept.items() if s.user_id is None)
                self._kept.pop(next(strangers, next(iter(self._kept))))


class KeptSessions(Sessions):
    """Signing in goes on with the session that there is: the basket is kept."""

    def signed_in(self, before: Session, user_id: int) -> Session:
        before.user_id = user_id
        return before


def protected_cookie(response: Response, session: Session) -> None:
    """Hands the session to the browser, out of the reach of scripts and of other sites."""
    response.set_cookie(COOKIE, session.id, httponly=True, secure=True, samesite="Lax", path="/")


def plain_cookie(response: Response, session: Session) -> None:
    """Hands the session to the browser."""
    response.set_cookie(COOKIE, session.id)


def token_fits(request: Request, session: Session) -> bool:
    """Whether a change carries the session's token, in its form or its header."""
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    return hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode())


def forms_only(request: Request, session: Session) -> bool:
    """Whether a form carries the session's token; scripts come from ourselves."""
    return request.path.startswith("/api/") or token_fits(request, session)
