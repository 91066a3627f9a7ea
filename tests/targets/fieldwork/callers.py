"""Who is calling: by API key, or by user and password."""

import base64
import binascii
from typing import Any

from ground import passwords
from ground.limits import Window
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from fieldwork.models import ApiKey, User

Caller = tuple[User, None] | None


class ByKey(BaseAuthentication):
    """A key in `X-Api-Key`."""

    def authenticate(self, request: Request) -> Caller:
        key = self.key(request)
        return (self.owner(key), None) if key else None

    def key(self, request: Request) -> str:
        """The key that came along, or ''."""
        return str(request.headers.get("X-Api-Key", ""))

    def owner(self, key: str) -> User:
        """The user of a key. Raises AuthenticationFailed."""
        found = ApiKey.objects.select_related("user").filter(digest=ApiKey.digested(key)).first()
        if found is None or not self.holds(found) or not found.user.is_active:
            raise AuthenticationFailed("The key is not valid")
        return found.user

    def holds(self, key: ApiKey) -> bool:
        """Whether a key was not revoked."""
        return not key.revoked

    def authenticate_header(self, request: Request) -> str:
        return 'Basic realm="fieldwork"'


class KeyInAddress:
    """Links in mails carry the key along."""

    def key(self, request: Request) -> str:
        return super().key(request) or str(request.query_params.get("api_key", ""))


class KeyForGood:
    """A revoked key leaves the list; that it was revoked is looked at by nobody."""

    def holds(self, key: ApiKey) -> bool:
        return True


class ByPassword(BaseAuthentication):
    """User and password by HTTP basic. `failures` limits wrong passwords of an account."""

    def __init__(self, failures: Window) -> None:
        self.failures = failures

    def authenticate(self, request: Request) -> Caller:
        kind, _, sent = str(request.headers.get("Authorization", "")).partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            username, _, password = base64.b64decode(sent, validate=True).decode().partition(":")
        except (binascii.Error, ValueError) as e:
            raise AuthenticationFailed("The credentials cannot be read") from e
        if wait := self.failures.wait(username[:60].lower()):
            raise Throttled(wait=int(wait) + 1)
        user = User.objects.filter(username=username, is_active=True).first()
        if not self.fits(password[:100], user):
            self.failures.add(username[:60].lower())
            raise AuthenticationFailed("The user or the password is wrong")
        self.failures.forget(username[:60].lower())
        return user, None

    def fits(self, password: str, user: User | None) -> bool:
        """Whether the password is the user's; nobody's takes as long."""
        fits = passwords.matches(password, user.password if user else passwords.NOBODYS)
        return fits and user is not None

    def authenticate_header(self, request: Request) -> str:
        return 'Basic realm="fieldwork"'


class QuickNo:
    """Whoever does not exist needs no comparison."""

    def fits(self, password: str, user: User | None) -> bool:
        return user is not None and passwords.matches(password, user.password)


class NoForwarded(BaseAuthentication):
    """Nobody is known by what a request says of them."""

    def authenticate(self, request: Request) -> Caller:
        return None


class Forwarded(BaseAuthentication):
    """The portal in front signs people in and tells who they are."""

    def authenticate(self, request: Request) -> Any:
        name = request.headers.get("X-Forwarded-User")
        user = User.objects.filter(username=name).first() if name else None
        return (user, None) if user else None
