"""Signs a person of the training ground in, and tells the headers that a tool is then given."""

from __future__ import annotations

import base64
import re

import httpx
from ground.target import Login, Person, Service

_KINDS = {
    "json-bearer": "password",
    "oauth2-password": "password",
    "form-session": "password",
    "oauth2-client": "client",
    "api-key": "api_key",
    "basic": "basic",
}


def headers(service: Service, person: Person, url: str) -> dict[str, str]:
    """What goes with each request of this person, by the service's first way to sign in.

    Errors: `httpx.HTTPError` where the service does not let them in.
    """
    login = service.logins[0]
    name, secret = next(
        (c.name, c.secret) for c in person.credentials if c.kind == _KINDS[login.style]
    )
    if login.style == "api-key":
        return {login.header: secret}
    if login.style == "basic":
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        if login.style == "form-session":
            return _session(client, login, name, secret)
        return {"Authorization": f"Bearer {_token(client, login, name, secret)}"}


def _token(client: httpx.Client, login: Login, name: str, secret: str) -> str:
    path = login.operation.partition(" ")[2]
    if login.style == "json-bearer":
        sent = {login.fields["user"]: name, login.fields["password"]: secret}
        answer = client.post(path, json=sent)
    elif login.style == "oauth2-password":
        sent = {login.fields["user"]: name, login.fields["password"]: secret}
        answer = client.post(path, data={"grant_type": "password", **sent})
    else:
        sent = {login.fields["client_id"]: name, login.fields["client_secret"]: secret}
        answer = client.post(path, data={"grant_type": "client_credentials", **sent})
    return str(answer.raise_for_status().json()[login.token])


def _session(client: httpx.Client, login: Login, name: str, secret: str) -> dict[str, str]:
    path = login.operation.partition(" ")[2]
    form = client.get(path).raise_for_status()
    hidden = re.search(r'name="(csrf\w*)"[^>]*value="([^"]+)"', form.text)
    sent = {login.fields["user"]: name, login.fields["password"]: secret}
    answer = client.post(
        path,
        data={**sent, **({hidden[1]: hidden[2]} if hidden else {})},
        headers=_cookie(form, login),
    )
    if answer.is_error:
        answer.raise_for_status()
    found = _cookie(answer, login) or _cookie(form, login)
    if login.csrf:
        session = client.get("/api/session", headers=found).raise_for_status().json()
        found["X-CSRF-Token"] = session["csrf_token"]
    return found


def _cookie(answer: httpx.Response, login: Login) -> dict[str, str]:
    """By hand, as a jar keeps what is meant for TLS from a service on loopback without it."""
    for given in answer.headers.get_list("set-cookie"):
        pair = given.partition(";")[0].strip()
        if pair.startswith(f"{login.cookie}="):
            return {"Cookie": pair}
    return {}
