"""What stands around the views: sign-in, CSRF, limits, protective headers, errors."""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Request, Response, g, jsonify, redirect, render_template, request
from ground.limits import Window
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError, TooManyRequests

from repairs.sessions import Session, Sessions
from repairs.store import Row, Store

PROTECTIVE = {
    "Content-Security-Policy": (
        "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
View = Callable[..., Any]


def protect(response: Response) -> None:
    """Headers that keep browsers from doing more than they should."""
    for name, value in PROTECTIVE.items():
        response.headers.setdefault(name, value)


def left_to_the_proxy(response: Response) -> None:
    """The proxy in front will see to the headers."""
    response.headers["X-Powered-By"] = "Flask"


def signed_in(view: View) -> View:
    """A view for people who are signed in; others are sent to the login."""

    @wraps(view)
    def guarded(**given: object) -> Any:
        if g.user is None:
            return redirect("/login", 302)
        return view(**given)

    return guarded


def for_staff(view: View) -> View:
    """A view for staff."""

    @wraps(view)
    def guarded(**given: object) -> Any:
        if g.user["role"] != "staff":
            raise Forbidden("This is for staff")
        return view(**given)

    return signed_in(guarded)


def unguarded(view: View) -> View:
    """A view for everybody."""
    return view


def install(
    app: Flask,
    store: Store,
    sessions: Sessions,
    *,
    dress: Callable[[Response], None],
    cookie: Callable[[Response, Session], None],
    token_fits: Callable[[Request, Session], bool],
) -> None:
    """Puts the guard around an application."""
    visitors, users = Window(300, 3), Window(300, 3)

    @app.before_request
    def arrive() -> None:
        g.session = sessions.of(request)
        g.user = _user(store, g.session)
        window, key = (users, str(g.user["id"])) if g.user else (visitors, str(request.remote_addr))
        if wait := window.take(key):
            raise TooManyRequests("Too many requests", retry_after=int(wait) + 1)
        changes = request.method not in {"GET", "HEAD", "OPTIONS"}
        if changes and (g.user or request.path == "/login") and not token_fits(request, g.session):
            raise Forbidden("The form is too old: load it again")

    @app.after_request
    def leave(response: Response) -> Response:
        dress(response)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Request-Id"] = secrets.token_hex(8)
        session: Session | None = g.get("session")
        if session is not None and request.path in {"/login", "/logout"}:
            sessions.keep(session)
            cookie(response, session)
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return _told(error)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        app.logger.error("unexpected", exc_info=error)
        return _told(InternalServerError("Something went wrong on our side"))


def _user(store: Store, session: Session) -> Row | None:
    if session.user_id is None:
        return None
    return store.one("SELECT * FROM users WHERE id = ?", session.user_id)


def _told(error: HTTPException) -> Response:
    known = error.get_response()
    if request.path.startswith("/api/"):
        told = jsonify(error=error.name, message=error.description)
    else:
        told = Response(render_template("error.html", error=error), mimetype="text/html")
    told.status_code = error.code or 500
    for name in ("Retry-After", "Allow"):
        if name in known.headers:
            told.headers[name] = known.headers[name]
    return told
