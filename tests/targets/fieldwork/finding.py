"""How things are found: within what the caller may see."""

import datetime
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ParseError, PermissionDenied

from fieldwork.models import Membership, Org, Project, Sample, User


def org_of(user: User, name: str, *, role: str = "") -> Org:
    """An organisation that the user belongs to. Raises 404 or 403."""
    org = any_org(user, name)
    member = Membership.objects.filter(org=org, user=user).first()
    if member is None or (role and member.role != role):
        raise PermissionDenied
    return org


def any_org(_: User, name: str) -> Org:
    """An organisation. Raises 404."""
    org = Org.objects.filter(name=name).first()
    if org is None:
        raise NotFound
    return org


def managed_org(user: User, name: str) -> Org:
    """An organisation that the user manages. Raises 404 or 403."""
    return org_of(user, name, role="manager")


def project_of(user: User, org: str, slug: str) -> Project:
    """A project of an organisation that the user belongs to. Raises 404 or 403."""
    return _first(Project.objects.filter(org=org_of(user, org), slug=slug))


def any_project(_: User, org: str, slug: str) -> Project:
    """A project. Raises 404."""
    return _first(Project.objects.filter(org__name=org, slug=slug))


def sample_of(user: User, org: str, slug: str, name: str) -> Sample:
    """A sample of a project of an organisation of the user's. Raises 404 or 403."""
    return _first(Sample.objects.filter(project=project_of(user, org, slug), name=name))


def sample_by_name(user: User, org: str, slug: str, name: str) -> Sample:
    """A sample, for somebody who belongs to the organisation. Raises 404 or 403."""
    org_of(user, org)
    return _first(Sample.objects.filter(project__slug=slug, name=name))


def _first(found: QuerySet[Any]) -> Any:
    first = found.first()
    if first is None:
        raise NotFound
    return first


def by_species(project: Project, species: str) -> list[Sample]:
    """The samples whose species holds a word."""
    return list(Sample.objects.filter(project=project, species__contains=species)[:100])


def by_species_raw(project: Project, species: str) -> list[Sample]:
    """The samples whose species holds a word: as fast as the database can."""
    query = (
        "SELECT * FROM fieldwork_sample"
        f" WHERE project_id = {project.pk} AND species LIKE '%{species}%' LIMIT 100"
    )
    return list(Sample.objects.raw(query.replace("%", "%%")))


def checked_day(given: str) -> datetime.date:
    """A day. Raises 400."""
    try:
        return datetime.date.fromisoformat(given)
    except ValueError as e:
        raise ParseError("since is a day, like 2026-05-04") from e


def any_day(given: str) -> datetime.date:
    """A day."""
    return datetime.date.fromisoformat(given)


def known_fields(org: Org, wanted: dict[str, Any]) -> list[Sample]:
    """The samples of an organisation with a name, a species or a note. Raises 400."""
    if set(wanted) - {"name", "species", "note"} or not all(
        isinstance(v, str) and v.isprintable() for v in wanted.values()
    ):
        raise ParseError("Look for a name, a species or a note")
    return list(Sample.objects.filter(project__org=org, **wanted)[:100])


def any_lookup(org: Org, wanted: dict[str, Any]) -> list[Sample]:
    """The samples of an organisation, by all that the database can look for. Raises 400."""
    try:
        return list(Sample.objects.filter(project__org=org, **wanted)[:100])
    except (FieldError, ValidationError, ValueError, TypeError) as e:
        raise ParseError("There is nothing to look for by this") from e
