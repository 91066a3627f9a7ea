"""Errors as problem details (RFC 9457): what the caller may know, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from l7audit_stack.api.operation import Reply

PROBLEM_MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """Raise it anywhere below the app: it becomes the answer.

    `slug` names the kind of problem for machines, `detail` is one sentence for people, `members`
    are further fields of the document (for example `errors`), `headers` go onto the answer.
    `denied` says that a right was lacking, whatever the answer tells of it: the audit log wants it.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        denied: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        self.denied = denied or status == 403


def not_found(what: str = "resource", *, denied: bool = False) -> Problem:
    """The one answer for what is absent and for what belongs to somebody else's tenant."""
    return Problem(404, "not-found", f"There is no such {what}.", denied=denied)


@dataclass(frozen=True)
class ProblemRenderer:
    """Turns problems and unexpected errors into answers."""

    type_prefix: str = "urn:l7audit:problem:"
    titles: Mapping[int, str] = field(
        default_factory=lambda: {status.value: status.phrase for status in HTTPStatus}
    )

    def render(self, problem: Problem, request_id: str) -> Reply:
        document = {
            "type": self.type_prefix + problem.slug,
            "title": self.titles.get(problem.status, "Error"),
            "status": problem.status,
            "detail": problem.detail,
            "request_id": request_id,
            **problem.members,
        }
        return Reply(
            content=msgspec.json.encode(document),
            status=problem.status,
            media_type=PROBLEM_MEDIA_TYPE,
            headers=problem.headers,
        )

    def unexpected(self, error: Exception, request_id: str) -> Reply:
        """The answer to an error nobody foresaw: the log has its story, the caller only the id."""
        return self.render(
            Problem(500, "internal-error", "The request could not be completed."), request_id
        )
