"""The service's addresses, with the parts that were asked for."""

import json
from pathlib import Path
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from ground.limits import NoWindow, Window
from ground.starting import Start

from fieldwork import callers, finding, leftovers, orgs, people, projects, serializers

DOCUMENT = json.loads(Path(__file__).with_name("swagger.json").read_text())


def document(_: HttpRequest) -> JsonResponse:
    """The OpenAPI document."""
    return JsonResponse(DOCUMENT)


def health(_: HttpRequest) -> JsonResponse:
    """Whether the service is well."""
    return JsonResponse({"status": "ok"})


def authenticators(start: Start) -> list[Any]:
    """The ways in, the most usual first."""
    keys = (
        *start.part("FW-01", (), (callers.KeyInAddress,)),
        *start.part("FW-03", (), (callers.KeyForGood,)),
        callers.ByKey,
    )
    passwords = (*start.part("FW-06", (), (callers.QuickNo,)), callers.ByPassword)
    by_key = type("Keys", keys, {})()
    by_password = type("Passwords", passwords, {})(start.part("FW-05", Window(5, 60), NoWindow()))
    forwarded = start.part("FW-02", callers.NoForwarded, callers.Forwarded)()
    return [lambda: by_key, lambda: by_password, lambda: forwarded]


def urls(start: Start) -> list[URLPattern]:
    """All addresses."""
    ways = authenticators(start)
    part = start.part

    def at(address: str, view: Any, **parts: Any) -> URLPattern:
        return path(f"api/{address}", view.as_view(authentication_classes=ways, **parts))

    one = "orgs/<slug:org>/projects/<slug:project>"
    found = [
        path("swagger.json", document),
        path("health", health),
        at(
            "account",
            people.AccountView,
            serializer=part("FW-13", serializers.Account, serializers.OpenAccount),
        ),
        at(
            "account/password",
            people.PasswordView,
            good=part("FW-04", people.strong, people.long_enough),
        ),
        at("keys", people.KeysView),
        at("keys/<slug:name>", people.KeyView),
        at("orgs", orgs.OrgsView),
        at(
            "orgs/<slug:org>",
            orgs.OrgView,
            serializer=part("FW-14", serializers.OrgOut, serializers.WholeOrg),
        ),
        at(
            "orgs/<slug:org>/members",
            orgs.MembersView,
            find=part("FW-10", finding.org_of, finding.any_org),
        ),
        at(
            "orgs/<slug:org>/members/<slug:username>",
            orgs.MemberView,
            find=part("FW-12", finding.managed_org, finding.org_of),
        ),
        at(
            "orgs/<slug:org>/invitations",
            orgs.InvitationsView,
            make_code=part("FW-21", orgs.unguessable, orgs.counted),
            home=part("FW-20", orgs.from_the_settings, orgs.from_the_request),
        ),
        at("invitations/accept", orgs.AcceptView),
        at("orgs/<slug:org>/projects", projects.ProjectsView),
        at(
            one,
            projects.ProjectView,
            to_read=part("FW-07", finding.project_of, finding.any_project),
            to_remove=part("FW-09", finding.project_of, finding.any_project),
        ),
        at(
            f"{one}/grants",
            projects.GrantsView,
            serializer=part("FW-18", serializers.Grant, serializers.AnyGrant),
        ),
        at(
            f"{one}/export",
            projects.ExportView,
            cell=part("FW-17", projects.plain_cell, projects.any_cell),
        ),
        at(
            f"{one}/analyses",
            projects.AnalysesView,
            limit=part("FW-19", Window(6, 60), NoWindow()),
        ),
        at(
            f"{one}/samples",
            projects.SamplesView,
            search=part("FW-15", finding.by_species, finding.by_species_raw),
            day=part("FW-25", finding.checked_day, finding.any_day),
        ),
        at(
            f"{one}/samples/<slug:sample>",
            projects.SampleView,
            to_change=part("FW-08", finding.sample_of, finding.sample_by_name),
        ),
        at(
            "orgs/<slug:org>/samples/find",
            projects.FindView,
            look=part("FW-16", finding.known_fields, finding.any_lookup),
        ),
        at("admin/users", part("FW-11", people.UsersView, people.UsersForAll)),
        at("admin/users/<slug:username>", people.LockView),
    ]
    found += part("FW-26", [], [path("debug/env", leftovers.environment)])
    found += part("FW-27", [], [path("internal/users", leftovers.users)])
    return found
