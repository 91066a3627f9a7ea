"""The pages: sign in and out, one's jobs, the search of the help pages."""

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, redirect, render_template, request
from ground import passwords
from ground.limits import Window
from markupsafe import Markup
from werkzeug.exceptions import NotFound, TooManyRequests

from repairs.guard import signed_in
from repairs.sessions import Sessions
from repairs.store import Row, Store

HELP = {
    "How long does a repair take?": "Most take a week.",
    "What does a repair cost?": "We send an offer first.",
    "What about batteries?": "Bring them in a bag of their own.",
}


_OURS = re.compile(r"/[A-Za-z0-9_-][A-Za-z0-9_/-]{0,80}(\?[A-Za-z0-9_=&-]{0,80})?")


def inside(target: str) -> str:
    """Where to go after signing in: a page of ours."""
    return target if _OURS.fullmatch(target) else "/jobs"


def anywhere(target: str) -> str:
    """Where to go after signing in."""
    return target or "/jobs"


def one_sentence(_: Row | None) -> str:
    """Why nobody was let in."""
    return "The name or the password is wrong."


def precise(user: Row | None) -> str:
    """Why nobody was let in."""
    return "The password is wrong." if user else "There is no customer of this name."


def escaped(words: str) -> str:
    """What was looked for, as text."""
    return words


def marked(words: str) -> str:
    """What was looked for, set in bold."""
    return Markup(f"<b>{words}</b>")


def blueprint(
    store: Store,
    sessions: Sessions,
    *,
    next_page: Callable[[str], str],
    reason: Callable[[Row | None], str],
    shown: Callable[[str], str],
) -> Blueprint:
    """`next_page` is where to go after signing in, `reason` why one is not let in."""
    pages = Blueprint("pages", __name__)
    failures = Window(5, 60)

    @pages.get("/")
    @signed_in
    def home() -> Any:
        return redirect("/jobs", 302)

    @pages.get("/login")
    def login_form() -> Any:
        target = request.args.get("next", "")
        if g.user is not None:
            return redirect(next_page(target), 302)
        return render_template("login.html", csrf=g.session.csrf, next=target, problem="")

    @pages.post("/login")
    def login() -> Any:
        username = request.form.get("username", "")[:80].encode("utf-8", "replace").decode()
        if wait := failures.wait(username.lower()):
            raise TooManyRequests("Too many attempts", retry_after=int(wait) + 1)
        user = store.one("SELECT * FROM users WHERE username = ?", username.lower())
        password = request.form.get("password", "")[:100].encode("utf-8", "replace").decode()
        fits = passwords.matches(password, user["password"] if user else passwords.NOBODYS)
        target = request.form.get("next", "")
        if user is None or not fits:
            failures.add(username.lower())
            page = render_template(
                "login.html", csrf=g.session.csrf, next=target, problem=reason(user)
            )
            return page, 401
        failures.forget(username.lower())
        g.session = sessions.signed_in(g.session, user["id"])
        return redirect(next_page(target), 303)

    @pages.post("/logout")
    @signed_in
    def logout() -> Any:
        sessions.ended(g.session)
        g.session = sessions.of(_Nobody())
        return redirect("/login", 303)

    @pages.get("/jobs")
    @signed_in
    def jobs() -> str:
        found = store.all(
            "SELECT * FROM jobs WHERE customer_id = ? ORDER BY id DESC LIMIT 50", g.user["id"]
        )
        return render_template("jobs.html", jobs=found, user=g.user, csrf=g.session.csrf)

    @pages.get("/jobs/<int(max=2147483647):job_id>")
    @signed_in
    def job(job_id: int) -> str:
        found = store.one(
            "SELECT * FROM jobs WHERE id = ? AND customer_id = ?", job_id, g.user["id"]
        )
        if found is None:
            raise NotFound("There is no such job")
        comments = store.all("SELECT * FROM comments WHERE job_id = ? LIMIT 100", job_id)
        return render_template("job.html", job=found, comments=comments)

    @pages.get("/search")
    def search() -> str:
        words = request.args.get("q", "")[:100]
        found = {q: a for q, a in HELP.items() if words and words.lower() in q.lower()}
        return render_template("search.html", words=shown(words), found=found)

    return pages


class _Nobody:
    """A request without a cookie, for which a new session begins."""

    cookies: dict[str, str] = {}
