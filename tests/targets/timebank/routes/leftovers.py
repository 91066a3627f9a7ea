"""What teams forget to take away: an older version, a page for developers, an inner list.

None of it is in the document.
"""

import sys
from uuid import UUID

from fastapi import APIRouter, HTTPException

from timebank.routes.wallets import Wallets
from timebank.schemas import Wallet


def first_version(wallets: Wallets) -> APIRouter:
    """What the first application read, before there were members."""
    routes = APIRouter(prefix="/v1", include_in_schema=False)

    @routes.get("/wallets/{wallet_id}")
    def read_wallet(wallet_id: UUID) -> Wallet:
        found = wallets.any(str(wallet_id), "")
        if found is None:
            raise HTTPException(404, "Not Found")
        return Wallet.model_validate(found)

    return routes


def for_developers(secret: str, database: str) -> APIRouter:
    """How the service is set up."""
    routes = APIRouter(prefix="/debug", include_in_schema=False)

    @routes.get("/config")
    def config() -> dict[str, object]:
        return {
            "JWT_SECRET": secret,
            "DATABASE_URL": f"sqlite:///{database}",
            "DEBUG": True,
            "PYTHON": sys.version,
        }

    return routes


def for_the_newsletter(wallets: Wallets) -> APIRouter:
    """The list that the newsletter's job reads each night."""
    routes = APIRouter(prefix="/v2/internal", include_in_schema=False)

    @routes.get("/members")
    def members() -> list[dict[str, object]]:
        return wallets.store.all("SELECT id, email, display_name, role FROM members LIMIT 1000")

    return routes
