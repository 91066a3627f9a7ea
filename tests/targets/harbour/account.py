"""The desk for tokens and members."""

from __future__ import annotations

from harbour.asking import form, members, number, whole
from harbour.gate import too_often
from harbour.house import House, harbour_master
from harbour.members import ACCESS_SECONDS, Member, Pair
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def _given(pair: Pair) -> Response:
    told = {
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": pair.refresh,
    }
    return JSONResponse(told, headers={"Pragma": "no-cache"})


def _refused(error: str, description: str, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)


def profile(member: Member) -> dict[str, object]:
    return {
        "id": member.id, "email": member.email, "display_name": member.display_name,
        "phone": member.phone, "role": member.role, "owing_cents": member.owing_cents,
    }  # fmt: skip


class AccountDesk:
    """OAuth2 password and refresh grants (RFC 6749), and what a member sees of the members."""

    def __init__(self, house: House) -> None:
        self.house = house

    def routes(self) -> list[Route]:
        return [
            Route("/v2/oauth/token", self.token, methods=["POST"]),
            Route("/v2/oauth/revoke", self.revoke, methods=["POST"]),
            Route("/v2/me", self.me),
            Route("/v2/me", self.change_me, methods=["PATCH"]),
            Route("/v2/members", self.members),
            Route("/v2/office/members", self.office_members),
            Route("/v2/office/berths/{berth_id}", self.price, methods=["PATCH"]),
        ]

    async def token(self, request: Request) -> Response:
        fields = await form(request)
        if fields.get("grant_type") == "refresh_token":
            pair = self.house.tokens.renew(fields.get("refresh_token", ""))
            return _given(pair) if pair else _refused("invalid_grant", "Sign in again.")
        if fields.get("grant_type") != "password":
            return _refused("unsupported_grant_type", "Use password or refresh_token.")
        email, password = fields.get("username", ""), fields.get("password", "")
        if not 0 < len(email) <= 200 or not 0 < len(password) <= 200:
            return _refused("invalid_request", "username and password are needed.")
        client = request.client.host if request.client else "?"
        own, shared = f"{client} {email.lower()}", client
        limits = ((self.house.guesses, own), (self.house.client_guesses, shared))
        if seconds := max(limit.wait(key) for limit, key in limits):
            raise too_often(seconds)
        found = self.house.members.known(email, password)
        if found is None:
            for limit, key in limits:
                limit.note(key)
            return _refused("invalid_grant", self.house.unknown_login(email))
        return _given(self.house.tokens.issue(found.id))

    async def revoke(self, request: Request) -> Response:
        self.house.tokens.revoke((await form(request)).get("token", ""))
        return JSONResponse({})

    async def me(self, request: Request) -> Response:
        return JSONResponse(profile(self.house.caller(request)))

    async def change_me(self, request: Request) -> Response:
        member = self.house.caller(request)
        changes = await members(request, set(), set(self.house.may_change))
        self.house.own_details(member, changes)
        return JSONResponse(profile(member))

    async def members(self, request: Request) -> Response:
        self.house.caller(request)
        limit, offset = number(request, "limit", 20, 1, 100), number(request, "offset", 0, 0, 10**6)
        listed = list(self.house.members.by_id.values())[offset : offset + limit]
        return JSONResponse({"items": [self.house.card(m) for m in listed]})

    async def office_members(self, request: Request) -> Response:
        harbour_master(self.house.caller(request))
        limit, offset = number(request, "limit", 20, 1, 100), number(request, "offset", 0, 0, 10**6)
        listed = list(self.house.members.by_id.values())[offset : offset + limit]
        return JSONResponse({"items": [profile(m) for m in listed]})

    async def price(self, request: Request) -> Response:
        self.house.prices(self.house.caller(request))
        body = await members(request, {"price_cents"}, set())
        cents, ref = whole(body["price_cents"], "price_cents", 100, 100_000), "berth_id"
        if self.house.register.berth(request.path_params[ref]) is None:
            raise HTTPException(404, "There is no such berth.")
        self.house.register.price(request.path_params[ref], cents)
        return JSONResponse(self.house.register.berth(request.path_params[ref]))
