"""The caller's account and keys; what administrators see."""

import secrets
from typing import Any

from ground import passwords
from rest_framework.request import Request
from rest_framework.response import Response

from fieldwork.base import StaffView, View, nothing_done, sent
from fieldwork.models import ApiKey, User
from fieldwork.serializers import Account, Slug, Text

MOST_KEYS = 50


def strong(password: str) -> bool:
    """Whether a password is hard to guess."""
    return len(password) >= 12 and password.lower() not in passwords.COMMON


def long_enough(password: str) -> bool:
    """Whether a password will do."""
    return len(password) >= 4


class AccountView(View):
    """`serializer` says what a caller may change."""

    serializer: Any = Account

    def get(self, request: Request) -> Response:
        return Response(self.serializer(request.user).data)

    def patch(self, request: Request) -> Response:
        changed = self.serializer(request.user, data=sent(request), partial=True)
        changed.is_valid(raise_exception=True)
        changed.save()
        return Response(changed.data)


class PasswordView(View):
    """`good` says which passwords are taken."""

    good: Any = staticmethod(strong)

    def post(self, request: Request) -> Response:
        body = sent(request, "current", "new")
        current, new = (
            Text(max_length=100).run_validation(body.get(k, "")) for k in ("current", "new")
        )
        if not passwords.matches(current, request.user.password):
            return nothing_done("The current password is wrong.")
        if not self.good(new):
            return nothing_done("The new password is guessed too easily.")
        request.user.password = passwords.sealed(new)
        request.user.save(update_fields=["password"])
        return Response({"ok": True})


class KeysView(View):
    """The caller's keys. A key is shown once."""

    def get(self, request: Request) -> Response:
        keys = ApiKey.objects.filter(user=request.user, revoked=False)[:MOST_KEYS]
        return Response([{"name": k.name} for k in keys])

    def post(self, request: Request) -> Response:
        name = Slug().run_validation(sent(request, "name").get("name", ""))
        mine = ApiKey.objects.filter(user=request.user, revoked=False)
        if mine.filter(name=name).exists() or mine.count() >= MOST_KEYS:
            return nothing_done("There is such a key, or there are too many.")
        key = f"fw_{secrets.token_hex(16)}"
        ApiKey.objects.create(user=request.user, name=name, digest=ApiKey.digested(key))
        return Response({"name": name, "key": key}, status=201)


class KeyView(View):
    """One of the caller's keys."""

    def delete(self, request: Request, name: str) -> Response:
        mine = ApiKey.objects.filter(user=request.user, revoked=False, name=name)
        if not mine.update(revoked=True):
            return nothing_done("There is no such key.")
        return Response({"ok": True})


class UsersView(StaffView):
    """All users, for staff."""

    def get(self, request: Request) -> Response:
        users = User.objects.order_by("username")[:100]
        return Response([{"username": u.username, "email": u.email} for u in users])


class UsersForAll(View):
    """All users: the page that lists them is shown to staff only."""

    get = UsersView.get


class LockView(StaffView):
    """Whether a user may sign in."""

    def put(self, request: Request, username: str) -> Response:
        locked = sent(request, "locked").get("locked")
        if not isinstance(locked, bool) or username == request.user.username:
            return nothing_done("locked is true or false, and not for yourself.")
        if not User.objects.filter(username=username).update(is_active=not locked):
            return nothing_done("There is no such user.")
        return Response({"ok": True})
