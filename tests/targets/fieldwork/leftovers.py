"""What nobody remembers, and no document names."""

import sys

import django
from django.conf import settings
from django.http import HttpRequest, JsonResponse

from fieldwork.models import User


def environment(_: HttpRequest) -> JsonResponse:
    """What the operators looked at on the first day."""
    return JsonResponse(
        {
            "SECRET_KEY": settings.SECRET_KEY,
            "DATABASE": str(settings.DATABASES["default"]["NAME"]),
            "django": django.get_version(),
            "python": sys.version,
        }
    )


def users(_: HttpRequest) -> JsonResponse:
    """What the directory's job reads each night."""
    return JsonResponse({"users": list(User.objects.values("username", "email", "is_staff"))})
