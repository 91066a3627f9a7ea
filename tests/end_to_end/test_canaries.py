"""Secrets as canaries: whatever a target and its checks do with them, no file of a run holds one.

A service gives every secret back in every way that answers can; checks quote what they got. Then
each file that the run left is searched for every secret, in every form, by every reporter there is.
"""

from __future__ import annotations

import base64
import html
import http.server
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import pytest
from booth.suite import Suite, profile_file
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from l7audit import plugins as all_plugins
from l7audit import rendering
from l7audit.cli import crash
from l7audit.cli.main import ending
from l7audit.errors import UsageError
from l7audit.exits import Exit
from l7audit.folders import JOURNAL
from l7audit.model import Credential, Identity

TEXT = {"type": "string"}
DOCUMENT = json.dumps(
    {
        "openapi": "3.1.0",
        "info": {"title": "Parrot", "version": "1"},
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Parrot-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            }
        },
        "paths": {
            "/login": {
                "post": {
                    "security": [],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["username", "password"],
                                    "properties": {"username": TEXT, "password": TEXT},
                                }
                            }
                        }
                    },
                    "responses": {"200": {"description": "A token"}},
                }
            },
            "/echo": {
                "get": {
                    "security": [{"key": []}, {"bearer": []}],
                    "responses": {"200": {"description": "All"}},
                }
            },
        },
    }
)


def base64s(secret: str) -> Iterator[str]:
    data = secret.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in (b"", b"u:", b"xyz:"):
            yield encode(before + data).decode()


def forms(secret: str) -> dict[str, str]:
    """A secret as services give it back."""
    return {
        "plain": secret,
        "percent": quote(secret, safe=""),
        "all percent": "".join(f"%{b:02x}" for b in secret.encode()),
        "form": quote_plus(secret),
        "json": json.dumps(secret)[1:-1],
        "all json": "".join(f"\\u{ord(c):04x}" for c in secret),
        "html": html.escape(secret),
        "all html": "".join(f"&#{ord(c)};" for c in secret),
        "hex": secret.encode().hex(),
        "upper": secret.upper(),
        "lower": secret.lower(),
        "base64": base64.b64encode(secret.encode()).decode(),
        "base64url": base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
        "basic": base64.b64encode(b"user:" + secret.encode()).decode(),
    }


def traces(secret: str) -> set[str]:
    """What must stand in no file: the forms, and what of base64 is the secret's own."""
    cores = {text[4:-4] for text in base64s(secret)}
    one_line = {f for f in forms(secret).values() if "\n" not in f}
    lines = {line for line in secret.splitlines() if len(line) > 20}
    return {t for t in one_line | cores | lines if len(t) >= 8}


class Parrot:
    """Serves on loopback; `given` are the secrets that it made itself."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.given = {
            "minted": "minted-" + secrets.token_urlsafe(24),
            "cookie": "cookie" + secrets.token_hex(16),
            "private key": "".join(pem.decode().splitlines()[1:-1]),
        }
        parrot = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                status, kind, headers, body = parrot.answer(
                    self.path, dict(self.headers), self.rfile.read(length)
                )
                self.send_response(status)
                self.send_header("Content-Type", kind)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _do  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.identities = [
            Identity(
                name="polly",
                credentials=[
                    Credential(kind="api_key", name="X-Parrot-Key", secret=known["api_key"]),
                    Credential(kind="bearer", secret=known["bearer"]),
                    Credential(kind="password", name="polly", secret=known["password"]),
                    Credential(kind="client", name="cracker", secret=known["client"]),
                    Credential(kind="basic", name="polly", secret=known["basic"]),
                ],
            ),
            Identity(
                name="minter",
                credentials=[Credential(kind="password", name="minter", secret=known["password"])],
            ),
        ]

    def answer(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, str, list[tuple[str, str]], bytes]:
        if path == "/openapi.json":
            return 200, "application/json", [], DOCUMENT.encode()
        if path == "/login":
            token = {"access_token": self.given["minted"], "token_type": "bearer"}
            cookie = ("Set-Cookie", f"sid={self.given['cookie']}; HttpOnly; Path=/")
            return 200, "application/json", [cookie], json.dumps(token).encode()
        if path == "/key":
            begin, end = (f"-----{word} PRIVATE KEY-----" for word in ("BEGIN", "END"))
            pem = f"{begin}\n{self.given['private key']}\n{end}\n"
            return 200, "text/plain", [], pem.encode()
        if path == "/cookie":
            return 200, "text/plain", [], f"your cookie is {self.given['cookie']}".encode()
        everything = dict(self.known)
        if self.given["minted"] in headers.get("Authorization", ""):  # by then it is known as one
            everything["minted"] = self.given["minted"]
        wanted = path.partition("?form=")[2].partition("&")[0]
        said = {n: forms(s)[unquote(wanted) or "plain"] for n, s in everything.items()}
        echoed = [("X-Echo-" + n.replace("_", "-"), v) for n, v in said.items()]
        text = "\n".join([path, *map(": ".join, headers.items()), body.decode(), *said.values()])
        return 200, "text/plain; charset=utf-8", echoed, text.encode()


HEAD = '''\
"""Checks that quote whatever they get."""
import json
import sys
from urllib.parse import quote

import pytest
from l7audit.model import Place
from l7audit.probe.request import Auth, Request

ECHO = Place(operation="GET /echo")
FORMS = [FORMS]


def echo(form="plain", more=""):
    return Request("GET", f"/echo?form={quote(form)}{more}")


def said(check):
    return [c.secret for c in check.identities[0].credentials]


def witness(check):
    check.witness("It answers", lambda: check.send(echo()))
'''

CHECKS = {
    "AA-01": """\
witness(check)
for form in FORMS:
    answer = check.send(echo(form))
    check.violation(Place(operation="GET /echo", part=form), f"It says {answer.text}", answer,
                    expected=answer.text, seen=answer.headers.get("X-Echo-api-key"))
""",
    "AA-02": """\
witness(check)
sent = [check.send(echo().with_auth(check.sessions.auth(check.identities[0])))]
for secret in said(check):
    sent += [
        check.send(echo(more="&q=" + quote(secret, safe=""))),
        check.send(echo().with_auth(Auth.bearer(secret))),
        check.send(echo().with_auth(Auth.basic("polly", secret))),
        check.send(echo().with_auth(Auth.cookie("sid", secret.encode().hex()))),
        check.send(Request("POST", "/echo", content=json.dumps({"a": [secret]}).encode())),
    ]
sent.append(check.send(Request("GET", "/key")))
check.observe(f"I know {said(check)}", *sent, all=said(check), nested={s: [s] for s in said(check)})
check.violation(ECHO, f"It knows {said(check)}", *sent, seen=sent[-1].text)
""",
    "AA-03": "witness(check)\nraise RuntimeError(f'broke with {said(check)}')\n",
    "AA-04": "witness(check)\nassert said(check) == ['nothing'], said(check)\n",
    "AA-05": """\
print(said(check), check.send(Request("GET", "/key")).text)
print(said(check), file=sys.stderr)
witness(check)
check.inconclusive(f"Who knows {said(check)}")
""",
    "AA-06": """\
check.witness(f"{said(check)} are known", lambda: check.send(echo()))
check.measure(said(check)[0], "count", value=1.0)
check.expect(True, Place(operation=f"GET /{said(check)[1]}"), "It does")
""",
    "AA-07": "witness(check)\ncheck.not_applicable(f'There is no {said(check)[2]}')\n",
    "AA-08": """\
minter = check.identities[1]
token = check.sessions.bearer(minter)
given = check.send(Request("POST", "/login")).headers.get("Set-Cookie")
check.observe(f"It gave {given}", check.send(Request("GET", "/cookie")), given=given)
auth = Auth.bearer(token)
check.witness("The minted token opens it", lambda: check.send(echo().with_auth(auth)))
for form in FORMS:
    answer = check.send(echo(form).with_auth(auth))
    check.violation(Place(operation="GET /echo", part=form), f"It says {answer.text}", answer)
""",
}


@pytest.fixture
def parrot() -> Iterator[Parrot]:
    marks = {"password": "p&ss <\"w'rd\\>/+%", "client": "cl+ient/="}
    known = {
        name: marks.get(name, "") + secrets.token_urlsafe(18) + "aZ"
        for name in ("api_key", "bearer", "password", "client", "basic")
    }
    parrot = Parrot(known)
    thread = threading.Thread(target=parrot.server.serve_forever)
    thread.start()
    yield parrot
    parrot.server.shutdown()
    parrot.server.server_close()
    thread.join()


def leaks(where: str, text: str, canaries: dict[str, str]) -> list[str]:
    """Which canaries a text holds, and in what form."""
    found = []
    for name, secret in canaries.items():
        found += [f"{where}: {name} as {trace!r}" for trace in traces(secret) if trace in text]
    return found


def test_no_secret_reaches_any_output(
    parrot: Parrot,
    make_suite: Callable[..., Suite],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("L7AUDIT_HISTORY", str(tmp_path / "history.sqlite3"))
    head = HEAD.replace("[FORMS]", repr(list(forms("x"))))
    suite = make_suite(CHECKS, head=head)
    path = profile_file(tmp_path, suite, parrot)
    canaries = {**parrot.known, **parrot.given}
    code = ending(("run", "--profile", path.name, "--out", "out", "--jobs", "2"))
    assert code in (Exit.FAILED, Exit.UNTRUSTED), capfd.readouterr().err
    folder = (tmp_path / "out" / "latest").resolve()
    plugins = all_plugins.load()
    for name in plugins.reporters:
        with suppress(UsageError):  # the one that needs a browser, where there is none
            rendering.render(folder / JOURNAL, plugins, folder, [name])
    assert ending(("bundle", str(folder))) == Exit.PASSED
    assert ending(("verify", str(folder))) == Exit.PASSED
    assert ending(("history",)) == Exit.PASSED
    said = capfd.readouterr()
    written = [p for p in tmp_path.rglob("*") if p.is_file() and p != path]
    assert {"checks.log", "journal.jsonl", "history.sqlite3"} < {p.name for p in written}
    found = leaks("terminal", said.out + said.err, canaries)
    for file in written:
        if tmp_path / "site" not in file.parents:
            found += leaks(file.name, file.read_bytes().decode("utf-8", "replace"), canaries)
    assert found == []
    journal = (folder / JOURNAL).read_text()
    assert journal.count("[redacted:") > 100
    verdicts = {
        c["id"]: c["verdict"] for c in json.loads((folder / "results.json").read_text())["controls"]
    }
    assert verdicts == {
        "AA-01": "fail",
        "AA-02": "fail",
        "AA-03": "error",
        "AA-04": "error",
        "AA-05": "inconclusive",
        "AA-06": "pass",
        "AA-07": "not_applicable",
        "AA-08": "fail",
    }


def test_the_log_of_a_crash_keeps_no_secret_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    secret = "p&" + secrets.token_urlsafe(18)
    monkeypatch.setenv("PARROT_API_KEY", secret)
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwb2xseSJ9.c2lnbmF0dXJl"
    sentence = crash.sentence(RuntimeError(f"{secret} and {jwt} and {quote(secret)}"))
    (log,) = tmp_path.iterdir()
    for text in (sentence, log.read_text()):
        assert leaks("log", text, {"secret": secret}) == []
        assert jwt not in text
    assert "RuntimeError" in log.read_text()
