"""What all views share."""

from typing import Any

from ground.limits import Window
from rest_framework.exceptions import NotAuthenticated, PermissionDenied, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

_requests = Window(300, 3)


class View(APIView):
    """A view for callers who are known; each may ask so often and no more."""

    def initial(self, request: Request, *args: Any, **given: Any) -> None:
        super().initial(request, *args, **given)
        if request.user is None:
            raise NotAuthenticated
        if wait := _requests.take(str(request.user.pk)):
            raise Throttled(wait=int(wait) + 1)


class StaffView(View):
    """A view for staff."""

    def initial(self, request: Request, *args: Any, **given: Any) -> None:
        super().initial(request, *args, **given)
        if not request.user.is_staff:
            raise PermissionDenied


def sent(request: Request, *names: str) -> dict[str, Any]:
    """The JSON object of a request. Raises 400 for others, and for members that are not known."""
    if not isinstance(request.data, dict):
        raise ValidationError("Send a JSON object.")
    if names and set(request.data) - set(names):
        raise ValidationError(f"Only {', '.join(names)} can be sent.")
    return dict(request.data)


def nothing_done(why: str) -> Response:
    """How this API says that it understood and did nothing."""
    return Response({"ok": False, "error": why})
