"""Puts the timebank together and serves it."""

import secrets

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from ground.limits import NoWindow, Window
from ground.starting import Start

from timebank import guard, schemas
from timebank.callers import Callers, Ended, ForgottenByClient
from timebank.guard import Guard
from timebank.routes import administration, hooks, leftovers, members, offers, sessions
from timebank.routes import wallets as wallet_routes
from timebank.routes.wallets import Wallets
from timebank.store import Store
from timebank.tokens import LIFETIME, Tokens, UnsignedToo

PEOPLE = (
    ("ada@timebank.example", "violet-harbour-61", "Ada", "member"),
    ("ben@timebank.example", "copper-meadow-27", "Ben", "member"),
    ("ruth@timebank.example", "granite-lantern-88", "Ruth", "administrator"),
)


def _seed(store: Store, wallets: Wallets) -> None:
    opened = []
    for email, password, name, role in PEOPLE:
        member = sessions.add_member(store, email, password, name, role)
        opened.append(wallets.open(member, "Everyday", 1200))
        offers.publish(store, member, f"{name} walks your dog", "Any weather, any dog.", 45)
    wallets.move(opened[0], opened[1], 30, "for the dog")


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Says where a request is wrong, and repeats nothing of it."""
    assert isinstance(error, RequestValidationError)
    wrong = [{"at": ".".join(str(p) for p in e["loc"]), "is": e["msg"]} for e in error.errors()]
    return JSONResponse({"detail": "The request is not valid", "errors": wrong[:20]}, 422)


def build(start: Start) -> Guard:
    """The application, with the weaknesses that were asked for."""
    store = Store(start.folder)
    wallets = Wallets(store)
    _seed(store, wallets)

    secret = start.part("TB-02", secrets.token_urlsafe(32), "secret")
    make_tokens = start.part("TB-01", Tokens, UnsignedToo)
    tokens = make_tokens(secret, start.part("TB-03", LIFETIME, None))
    ended = start.part("TB-04", Ended, ForgottenByClient)(store)
    callers = Callers(store, tokens, ended, Window(300, 3))

    nothing = APIRouter()
    app = FastAPI(
        title="Timebank", version="2.3", docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, start.part("TB-21", guard.quiet, guard.talkative))

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the service is well."""
        return {"status": "ok"}

    v2 = APIRouter(prefix="/v2")
    v2.include_router(
        sessions.router(
            store,
            callers,
            fits=start.part("TB-19", sessions.same_time, sessions.quick_answer),
            on_reset=start.part("TB-20", sessions.discreet, sessions.helpful),
            failures=start.part("TB-17", Window(5, 60), NoWindow()),
            codes=start.part("TB-18", Window(5, 300), NoWindow()),
        )
    )
    v2.include_router(
        members.router(
            store,
            callers,
            profile=start.part("TB-10", schemas.Profile, schemas.OpenProfile),
            card=start.part("TB-11", schemas.Card, schemas.FullCard),
            give=start.part("TB-15", members.once, members.on_request),
        )
    )
    v2.include_router(
        wallet_routes.router(
            wallets,
            callers,
            to_read=start.part("TB-05", wallets.own, wallets.any),
            to_change=start.part("TB-06", wallets.own, wallets.any),
            to_list=start.part("TB-07", wallets.own, wallets.any),
            transfer_in=start.part("TB-14", schemas.TransferIn, schemas.AnyTransferIn),
            redeem=start.part(
                "TB-16", wallet_routes.claimed_at_once, wallet_routes.looked_up_first
            ),
        )
    )
    v2.include_router(
        offers.router(
            store,
            callers,
            order=start.part("TB-12", offers.by_name, offers.by_column),
            page=start.part("TB-21", offers.read_page, offers.trusted_page),
            remove=start.part("TB-08", offers.own, offers.any_of_them),
        )
    )
    v2.include_router(
        hooks.router(
            store,
            callers,
            admit=start.part("TB-13", hooks.partners_only, hooks.any_address),
            deliver=start.part("TB-13", hooks.queued, hooks.fetched_now),
        )
    )
    v2.include_router(
        administration.router(
            wallets,
            callers,
            may_credit=start.part("TB-09", callers.administrator(), callers.member()),
        )
    )
    app.include_router(v2)
    app.include_router(start.part("TB-22", nothing, leftovers.first_version(wallets)))
    app.include_router(
        start.part("TB-23", nothing, leftovers.for_developers(secret, "timebank.sqlite"))
    )
    app.include_router(start.part("TB-24", nothing, leftovers.for_the_newsletter(wallets)))
    return Guard(
        app,
        start.part("TB-25", guard.only_the_app, guard.whoever_asks),
        Window(300, 3),
    )


if __name__ == "__main__":
    start = Start("timebank")
    server = uvicorn.Server(
        uvicorn.Config(
            build(start), log_level="critical", access_log=False, server_header=False,
            lifespan="off", timeout_graceful_shutdown=1, proxy_headers=False,
        )
    )  # fmt: skip
    start.announce()
    server.run(sockets=[start.listener])
