"""Ways to swap a component for one that behaves a little differently."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.authentication import Authenticator
from l7audit_stack.api.security.keys import ApiKeys
from l7audit_stack.api.security.tokens import TokenIssuer, TokenVerifier

Swap = Callable[[Parts], Parts]
T = TypeVar("T")


def become(kind: type[T], original: Any, **more: Any) -> T:
    """A dataclass of `kind` with the fields of `original`, and more."""
    given = {f.name: getattr(original, f.name) for f in dataclasses.fields(original)}
    return kind(**{**given, **more})


def verifier(kind: type[TokenVerifier], **more: Any) -> Swap:
    """Judges tokens by another class."""
    return lambda parts: dataclasses.replace(parts, tokens=become(kind, parts.tokens, **more))


def issuer(kind: type[TokenIssuer] = TokenIssuer, **more: Any) -> Swap:
    """Makes tokens by another class."""
    return lambda parts: dataclasses.replace(parts, issuer=become(kind, parts.issuer, **more))


def keys(kind: type[ApiKeys]) -> Swap:
    """Judges API keys by another class."""
    return lambda parts: dataclasses.replace(parts, keys=become(kind, parts.keys))


def authenticator(kind: type[Authenticator]) -> Swap:
    """Turns credentials into principals by another class."""
    return lambda parts: dataclasses.replace(parts, authenticator=kind)
