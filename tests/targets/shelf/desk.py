"""The shelf's operations."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from shelf.guard import Guard
from shelf.passes import LIFETIME, Press
from shelf.quotas import Quotas
from shelf.readers import Library, Reader
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CARD_HEADER = "X-Shelf-Access"
DOCUMENT = Path(__file__).with_name("shelf.yaml")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="shelf"'}
_CATALOGUE = [{"isbn": "9780000000001", "title": "The Long Row"}]


class Desk:
    """Answers requests with what the library holds."""

    def __init__(self, library: Library, press: Press) -> None:
        self.library = library
        self.press = press
        self._guesses = Quotas()

    # --- who is asking ------------------------------------------------------------------------

    def identify(self, headers: Headers) -> Reader | None:
        """The reader of a request: by card or by pass, never by both at once."""
        cards, passes = headers.getlist(CARD_HEADER), headers.getlist("authorization")
        if len(cards) + len(passes) != 1:
            return None
        if cards:
            return self.library.holder(cards[0])
        scheme, _, text = passes[0].partition(" ")
        found = self.press.read(text) if scheme.lower() == "bearer" else None
        if found is None or found[1] in self.library.returned:
            return None
        return self.library.readers.get(found[0])

    def reader(self, request: Request) -> Reader:
        found = self.identify(request.headers)
        if found is None:
            raise HTTPException(401, "Show a card or a pass.", _CHALLENGE)
        return found

    # --- getting in and out -------------------------------------------------------------------

    async def enter(self, request: Request) -> Response:
        body = await _object(request, {"mail": str, "pass": str}, {"mail", "pass"})
        client = request.client.host if request.client else "?"
        admitted, told = self._guesses.take(f"{client} {body['mail']}", 30, 60)
        if admitted:  # a list of readers is tried through with one guess for each
            admitted, told = self._guesses.take(client, 100, 50)
        if not admitted:
            raise HTTPException(429, "Too many attempts.", {"Retry-After": told["Retry-After"]})
        found = self.library.known(body["mail"], body["pass"])
        if found is None:
            raise HTTPException(401, "The mail or the pass is wrong.", _CHALLENGE)
        return JSONResponse({"jwt": self.press.make(found.ref), "goodForSeconds": LIFETIME})

    async def leave(self, request: Request) -> Response:
        self.reader(request)
        text = request.headers.get("authorization", "").partition(" ")[2]
        found = self.press.read(text)
        if found is not None:
            self.library.returned.add(found[1])
        return Response(status_code=204)

    async def keyring(self, _: Request) -> Response:
        return JSONResponse(self.press.keyring)

    # --- reading ------------------------------------------------------------------------------

    async def pulse(self, _: Request) -> Response:
        return JSONResponse({"beating": True})

    async def catalogue(self, _: Request) -> Response:
        return JSONResponse({"titles": _CATALOGUE})

    async def document(self, _: Request) -> Response:
        return Response(DOCUMENT.read_bytes(), media_type="application/yaml")

    async def oneself(self, request: Request) -> Response:
        found = self.reader(request)
        return JSONResponse({"readerRef": found.ref, "mail": found.mail})

    # --- volumes ------------------------------------------------------------------------------

    async def volumes(self, request: Request) -> Response:
        return JSONResponse({"volumes": list(self.reader(request).volumes.values())})

    async def put_up(self, request: Request) -> Response:
        found = self.reader(request)
        body = await _object(request, {"title": str, "pages": int}, {"title"})
        if len(found.volumes) >= 500:
            raise HTTPException(409, "The shelf is full.")
        volume = {"volumeRef": secrets.token_hex(6), **body}
        found.volumes[str(volume["volumeRef"])] = volume
        return JSONResponse(volume, 201)

    def _volume(self, request: Request) -> tuple[Reader, str]:
        found, ref = self.reader(request), request.path_params["volumeRef"]
        if ref not in found.volumes:
            raise HTTPException(404, "There is no such volume on your shelf.")
        return found, ref

    async def volume(self, request: Request) -> Response:
        found, ref = self._volume(request)
        return JSONResponse(found.volumes[ref])

    async def relabel(self, request: Request) -> Response:
        found, ref = self._volume(request)
        body = await _object(request, {"title": str, "pages": int}, {"title"})
        found.volumes[ref] = {"volumeRef": ref, **body}
        return JSONResponse(found.volumes[ref])

    async def take_down(self, request: Request) -> Response:
        found, ref = self._volume(request)
        del found.volumes[ref]
        return Response(status_code=204)

    # --- cards --------------------------------------------------------------------------------

    async def cards(self, request: Request) -> Response:
        found = self.reader(request)
        mine = [c for c in self.library.cards.values() if c.reader == found.ref]
        return JSONResponse({"cards": [c.told() for c in mine]})

    async def issue(self, request: Request) -> Response:
        found = self.reader(request)
        body = await _object(request, {"label": str, "expiresInSeconds": int}, {"label"})
        card, secret = self.library.issue(found, body["label"], body.get("expiresInSeconds"))
        return JSONResponse({**card.told(), "accessKey": secret}, 201)

    async def renew(self, request: Request) -> Response:
        found, ref = self._card(request)
        old = self.library.cards.pop(ref)
        card, secret = self.library.issue(found, old.label)
        return JSONResponse({**card.told(), "accessKey": secret}, 201)

    async def withdraw(self, request: Request) -> Response:
        _, ref = self._card(request)
        del self.library.cards[ref]
        return Response(status_code=204)

    def _card(self, request: Request) -> tuple[Reader, str]:
        found, ref = self.reader(request), request.path_params["cardRef"]
        card = self.library.cards.get(ref)
        if card is None or card.reader != found.ref:
            raise HTTPException(404, "You have no such card.")
        return found, ref


async def _object(request: Request, members: dict[str, type], needed: set[str]) -> dict[str, Any]:
    """The JSON object of a request with exactly these members; 415 or 422 for anything else."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise HTTPException(415, "Send application/json.")
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "That is not JSON.") from error
    if not isinstance(body, dict) or not needed <= body.keys() <= members.keys():
        raise HTTPException(422, "The members are not those that are asked for.")
    for name, value in body.items():
        right = isinstance(value, members[name]) and not isinstance(value, bool)
        if not right or (isinstance(value, str) and not 0 < len(value) <= 200):
            raise HTTPException(422, f"The member {name} does not fit.")
        if isinstance(value, int) and not 1 <= value <= 10**6:
            raise HTTPException(422, f"The member {name} does not fit.")
    return body


async def _told(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, HTTPException) else "Something broke."
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return JSONResponse({"fault": said}, status, headers)


def build(library: Library, press: Press, origins: frozenset[str]) -> Guard:
    """The whole service."""
    desk = Desk(library, press)
    routes = [
        Route("/enter", desk.enter, methods=["POST"]),
        Route("/leave", desk.leave, methods=["POST"]),
        Route("/trust/keyring", desk.keyring),
        Route("/pulse", desk.pulse),
        Route("/catalogue", desk.catalogue),
        Route("/shelf.yaml", desk.document),
        Route("/oneself", desk.oneself),
        Route("/volumes", desk.volumes),
        Route("/volumes", desk.put_up, methods=["POST"]),
        Route("/volumes/{volumeRef}", desk.volume),
        Route("/volumes/{volumeRef}", desk.relabel, methods=["PUT"]),
        Route("/volumes/{volumeRef}", desk.take_down, methods=["DELETE"]),
        Route("/cards", desk.cards),
        Route("/cards", desk.issue, methods=["POST"]),
        Route("/cards/{cardRef}/renewal", desk.renew, methods=["POST"]),
        Route("/cards/{cardRef}", desk.withdraw, methods=["DELETE"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers=dict.fromkeys((HTTPException, ClientDisconnect, Exception), _told),
    )
    app.router.redirect_slashes = False
    return Guard(app, desk.identify, origins)
