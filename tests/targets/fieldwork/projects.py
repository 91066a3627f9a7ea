"""Projects, their money, exports and analyses, and their samples."""

import csv
import hashlib
import io
from typing import Any

from django.db import models, transaction
from django.http import HttpResponse
from ground.limits import Window
from rest_framework.exceptions import ParseError, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from fieldwork import finding
from fieldwork.base import View, nothing_done, sent
from fieldwork.models import Project, Sample
from fieldwork.serializers import Grant, ProjectOut, SampleOut

MOST = 200


def plain_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell


def any_cell(cell: str) -> str:
    """A cell."""
    return cell


def page_of(request: Request, found: Any) -> Any:
    """The page that is asked for, of 20."""
    given = request.query_params.get("page", "1")
    if not (given.isascii() and given.isdecimal() and 1 <= int(given[:9]) <= 10_000):
        raise ParseError("page is a number from 1 on")
    return found[20 * (int(given[:9]) - 1) :][:20]


class ProjectsView(View):
    """The projects of one of the caller's organisations."""

    def get(self, request: Request, org: str) -> Response:
        found = Project.objects.filter(org=finding.org_of(request.user, org)).order_by("slug")
        return Response(ProjectOut(page_of(request, found), many=True).data)

    def post(self, request: Request, org: str) -> Response:
        found = finding.org_of(request.user, org)
        new = ProjectOut(data=sent(request, "slug", "title", "summary"))
        new.is_valid(raise_exception=True)
        there = Project.objects.filter(org=found)
        if there.filter(slug=new.validated_data["slug"]).exists() or there.count() >= MOST:
            return nothing_done("There is such a project, or there are too many.")
        return Response(ProjectOut(new.save(org=found)).data, status=201)


class ProjectView(View):
    """A project: `to_read` and `to_remove` find it for the caller."""

    to_read: Any = staticmethod(finding.project_of)
    to_remove: Any = staticmethod(finding.project_of)

    def get(self, request: Request, org: str, project: str) -> Response:
        return Response(ProjectOut(self.to_read(request.user, org, project)).data)

    def patch(self, request: Request, org: str, project: str) -> Response:
        found = finding.project_of(request.user, org, project)
        changed = ProjectOut(found, data=sent(request, "title", "summary"), partial=True)
        changed.is_valid(raise_exception=True)
        return Response(ProjectOut(changed.save()).data)

    def delete(self, request: Request, org: str, project: str) -> Response:
        self.to_remove(request.user, org, project).delete()
        return Response(status=204)


class GrantsView(View):
    """Money for a project."""

    serializer: Any = Grant

    def post(self, request: Request, org: str, project: str) -> Response:
        found = finding.project_of(request.user, org, project)
        grant = self.serializer(data=sent(request, "amount"))
        grant.is_valid(raise_exception=True)
        with transaction.atomic():
            Project.objects.filter(pk=found.pk).update(
                budget=models.F("budget") + grant.validated_data["amount"]
            )
        found.refresh_from_db()
        return Response(ProjectOut(found).data, status=201)


class ExportView(View):
    """A project's samples, for spreadsheets."""

    cell: Any = staticmethod(plain_cell)

    def get(self, request: Request, org: str, project: str) -> HttpResponse:
        found = finding.project_of(request.user, org, project)
        written = io.StringIO()
        sheet = csv.writer(written)
        sheet.writerow(["name", "species", "note", "taken"])
        for s in Sample.objects.filter(project=found)[:1000]:
            sheet.writerow([self.cell(c) for c in (s.name, s.species, s.note, str(s.taken))])
        answer = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="samples.csv"'
        return answer


class AnalysesView(View):
    """An analysis of a project's samples: it computes for a while."""

    limit: Window = Window(6, 60)

    def post(self, request: Request, org: str, project: str) -> Response:
        found = finding.project_of(request.user, org, project)
        sent(request, "comment")
        if wait := self.limit.take(str(request.user.pk)):
            raise Throttled(wait=int(wait) + 1)
        names = ",".join(s.name for s in Sample.objects.filter(project=found)[:1000])
        likeness = hashlib.pbkdf2_hmac("sha256", names.encode(), b"likeness", 60_000).hex()
        return Response({"likeness": likeness}, status=201)


class SamplesView(View):
    """A project's samples; `search` looks for a species, `day` reads a day."""

    search: Any = staticmethod(finding.by_species)
    day: Any = staticmethod(finding.checked_day)

    def get(self, request: Request, org: str, project: str) -> Response:
        found = finding.project_of(request.user, org, project)
        samples = self.search(found, request.query_params.get("species", "")[:200])
        if since := request.query_params.get("since"):
            first = self.day(since)
            samples = [s for s in samples if s.taken >= first]
        return Response(SampleOut(page_of(request, samples), many=True).data)

    def post(self, request: Request, org: str, project: str) -> Response:
        found = finding.project_of(request.user, org, project)
        new = SampleOut(data=sent(request, "name", "species", "note", "taken"))
        new.is_valid(raise_exception=True)
        there = Sample.objects.filter(project=found)
        if there.filter(name=new.validated_data["name"]).exists() or there.count() >= MOST:
            return nothing_done("There is such a sample, or there are too many.")
        return Response(SampleOut(new.save(project=found)).data, status=201)


class SampleView(View):
    """A sample: `to_change` finds it for a caller who wants to change it."""

    to_change: Any = staticmethod(finding.sample_of)

    def get(self, request: Request, org: str, project: str, sample: str) -> Response:
        return Response(SampleOut(finding.sample_of(request.user, org, project, sample)).data)

    def patch(self, request: Request, org: str, project: str, sample: str) -> Response:
        found = self.to_change(request.user, org, project, sample)
        changed = SampleOut(found, data=sent(request, "species", "note", "taken"), partial=True)
        changed.is_valid(raise_exception=True)
        return Response(SampleOut(changed.save()).data)

    def delete(self, request: Request, org: str, project: str, sample: str) -> Response:
        finding.sample_of(request.user, org, project, sample).delete()
        return Response(status=204)


class FindView(View):
    """Samples of all projects of an organisation."""

    look: Any = staticmethod(finding.known_fields)

    def post(self, request: Request, org: str) -> Response:
        found = self.look(finding.org_of(request.user, org), sent(request))
        return Response(SampleOut(found, many=True).data)
