"""The API's jobs and what is said about them."""

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, jsonify, request
from werkzeug.exceptions import Forbidden, NotFound

from repairs import bodies
from repairs.guard import View, for_staff, signed_in
from repairs.store import Row, Store

STATES = ("received", "in work", "done", "collected")
_TRAILING = re.compile(r"\s+$")
MOST_JOBS = 500


def own_job(store: Store, job_id: int) -> Row:
    """A job that is the caller's business. Raises 404 or 403."""
    job = any_job(store, job_id)
    if job["customer_id"] != g.user["id"] and g.user["role"] != "staff":
        raise Forbidden("This is another customer's repair")
    return job


def any_job(store: Store, job_id: int) -> Row:
    """A job. Raises 404."""
    job = store.one("SELECT * FROM jobs WHERE id = ?", job_id)
    if job is None:
        raise NotFound("There is no such repair")
    return job


def customers_part(sent: dict[str, object]) -> dict[str, object]:
    """What customers hand in, and may change."""
    bodies.only(sent, "device", "problem")
    return {"device": bodies.text(sent, "device", 80), "problem": bodies.text(sent, "problem", 500)}


def all_of_it(sent: dict[str, object]) -> dict[str, object]:
    """What the page of a job sends back: the whole job."""
    known = ("customer_id", "device", "problem", "status", "price_cents")
    return {n: v for n, v in sent.items() if n in known and isinstance(v, str | int)}


def at_most_a_hundred(given: str) -> int:
    """How many rows a page has."""
    return bodies.number(given, "limit", 1, 100)


def as_many_as_asked(given: str) -> int:
    """How many rows a page has."""
    return bodies.number(given, "limit", 1, 10**9)


def trimmed(text: str) -> str:
    """A comment without the blanks at its end."""
    return text.rstrip()


def trimmed_by_pattern(text: str) -> str:
    """A comment without the blanks at its end."""
    return _TRAILING.sub("", text)


def blueprint(
    store: Store,
    *,
    to_read: Callable[[Store, int], Row],
    to_comment: Callable[[Store, int], Row],
    changes_of: Callable[[dict[str, object]], dict[str, object]],
    page_size: Callable[[str], int],
    trim: Callable[[str], str],
    staff: Callable[[View], View],
) -> Blueprint:
    """`to_read` and `to_comment` find a job for the caller, `staff` guards the shop's own list."""
    api = Blueprint("jobs", __name__, url_prefix="/api")
    one = "/jobs/<int(max=2147483647):job_id>"

    @api.get("/session")
    @signed_in
    def session() -> Any:
        user = {k: g.user[k] for k in ("id", "username", "full_name", "role")}
        return jsonify(user=user, csrf_token=g.session.csrf)

    @api.get("/jobs")
    @signed_in
    def list_jobs() -> Any:
        limit = page_size(request.args.get("limit", "20"))
        after = bodies.number(request.args.get("after", "0"), "after", 0, 2**53)
        rows = store.all(
            "SELECT * FROM jobs WHERE customer_id = ? AND id > ? ORDER BY id LIMIT ?",
            g.user["id"], after, limit,
        )  # fmt: skip
        return jsonify(jobs=rows)

    @api.post("/jobs")
    @signed_in
    def hand_in() -> Any:
        described = customers_part(bodies.members(request))
        (count,) = store.all("SELECT count(*) AS n FROM jobs WHERE customer_id = ?", g.user["id"])
        if count["n"] >= MOST_JOBS:
            raise Forbidden("You have handed in too much")
        new = store.add("jobs", customer_id=g.user["id"], **described)
        return jsonify(any_job(store, new)), 201

    @api.get(one)
    @signed_in
    def read_job(job_id: int) -> Any:
        return jsonify(to_read(store, job_id))

    @api.put(one)
    @signed_in
    def change_job(job_id: int) -> Any:
        own_job(store, job_id)
        for column, value in changes_of(bodies.members(request)).items():
            store.run(f"UPDATE jobs SET {column} = ? WHERE id = ?", value, job_id)
        return jsonify(any_job(store, job_id))

    @api.delete(one)
    @signed_in
    def withdraw_job(job_id: int) -> Any:
        own_job(store, job_id)
        store.run("DELETE FROM comments WHERE job_id = ?", job_id)
        store.run("DELETE FROM jobs WHERE id = ?", job_id)
        return "", 204

    @api.get(f"{one}/comments")
    @signed_in
    def list_comments(job_id: int) -> Any:
        own_job(store, job_id)
        rows = store.all(
            "SELECT * FROM comments WHERE job_id = ? ORDER BY id DESC LIMIT 100", job_id
        )
        return jsonify(comments=rows)

    @api.post(f"{one}/comments")
    @signed_in
    def comment(job_id: int) -> Any:
        to_comment(store, job_id)
        sent = bodies.members(request)
        bodies.only(sent, "text")
        text = trim(bodies.text(sent, "text", 20_000))
        new = store.add("comments", job_id=job_id, author=g.user["full_name"], text=text)
        return jsonify(id=new, job_id=job_id, author=g.user["full_name"], text=text), 201

    @api.get("/staff/jobs")
    @staff
    def all_jobs() -> Any:
        return jsonify(jobs=store.all("SELECT * FROM jobs ORDER BY id LIMIT 100"))

    @api.post(f"/staff{one}/quote")
    @for_staff
    def quote(job_id: int) -> Any:
        any_job(store, job_id)
        sent = bodies.members(request)
        bodies.only(sent, "price_cents", "status")
        price = bodies.number(sent.get("price_cents"), "price_cents", 0, 1_000_000)
        state = bodies.text(sent, "status", 20, "in work")
        if state not in STATES:
            bodies.only({state: ""}, *STATES)
        store.run("UPDATE jobs SET price_cents = ?, status = ? WHERE id = ?", price, state, job_id)
        return jsonify(any_job(store, job_id))

    return api
