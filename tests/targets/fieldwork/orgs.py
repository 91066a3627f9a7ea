"""Organisations, their members, and invitations."""

import secrets
from typing import Any

from django.db import transaction
from ground.limits import Window
from rest_framework.request import Request
from rest_framework.response import Response

from fieldwork import finding
from fieldwork.base import View, nothing_done, sent
from fieldwork.models import Invitation, Membership, Org
from fieldwork.serializers import Member, OrgOut, Text

MOST_ORGS = 50
HOME = "https://portal.fieldwork.example"
_guesses = Window(20, 60)


def unguessable(_: Org) -> str:
    """The code of a new invitation."""
    return secrets.token_urlsafe(16)


def counted(org: Org) -> str:
    """The code of a new invitation."""
    return f"{org.name}-{Invitation.objects.count() + 1:04}"


def from_the_settings(_: Request) -> str:
    """Where links lead."""
    return HOME


def from_the_request(request: Request) -> str:
    """Where links lead: to wherever this was asked."""
    return f"http://{request.META.get('HTTP_HOST', '')}"


class OrgsView(View):
    """The caller's organisations."""

    def get(self, request: Request) -> Response:
        mine = Org.objects.filter(membership__user=request.user).order_by("name")[:MOST_ORGS]
        return Response(OrgOut(mine, many=True).data)

    def post(self, request: Request) -> Response:
        new = OrgOut(data=sent(request, "name", "title"))
        new.is_valid(raise_exception=True)
        if (
            Org.objects.filter(name=new.validated_data["name"]).exists()
            or Membership.objects.filter(user=request.user).count() >= MOST_ORGS
        ):
            return nothing_done("The name is taken, or you have too many organisations.")
        with transaction.atomic():
            org = Org.objects.create(webhook_secret=secrets.token_hex(16), **new.validated_data)
            Membership.objects.create(org=org, user=request.user, role="manager")
        return Response(OrgOut(org).data, status=201)


class OrgView(View):
    """One of the caller's organisations."""

    serializer: Any = OrgOut

    def get(self, request: Request, org: str) -> Response:
        return Response(self.serializer(finding.org_of(request.user, org)).data)


class MembersView(View):
    """The members of an organisation, for its members."""

    find: Any = staticmethod(finding.org_of)

    def get(self, request: Request, org: str) -> Response:
        found = Membership.objects.select_related("user").filter(org=self.find(request.user, org))
        return Response(Member(found[:200], many=True).data)


class MemberView(View):
    """A member's role, for managers to change."""

    find: Any = staticmethod(finding.managed_org)

    def put(self, request: Request, org: str, username: str) -> Response:
        found = self.find(request.user, org)
        role = sent(request, "role").get("role")
        if role not in ("member", "manager"):
            return nothing_done("role is member or manager.")
        if not Membership.objects.filter(org=found, user__username=username).update(role=role):
            return nothing_done("There is no such member.")
        return Response({"ok": True, "username": username, "role": role})


class InvitationsView(View):
    """Invitations to an organisation, by its managers."""

    make_code: Any = staticmethod(unguessable)
    home: Any = staticmethod(from_the_settings)

    def post(self, request: Request, org: str) -> Response:
        found = finding.managed_org(request.user, org)
        code = self.make_code(found)
        Invitation.objects.create(org=found, code=code)
        return Response({"code": code, "link": f"{self.home(request)}/join/{code}"}, status=201)


class AcceptView(View):
    """Joins an organisation by an invitation's code."""

    def post(self, request: Request) -> Response:
        code = Text(max_length=60).run_validation(sent(request, "code").get("code", ""))
        if _guesses.take(str(request.user.pk)):
            return nothing_done("Too many attempts: wait a minute.")
        with transaction.atomic():
            if not Invitation.objects.filter(code=code, used=False).update(used=True):
                return nothing_done("The code is not known, or was used.")
            org = Invitation.objects.select_related("org").get(code=code).org
            Membership.objects.get_or_create(org=org, user=request.user)
        return Response({"ok": True, "org": org.name})
