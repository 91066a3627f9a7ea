"""Anybody's URL: nothing is started or changed, the profile says who we are there."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from l7audit.errors import ProviderError, UsageError
from l7audit.hookspecs import Progress, Provider, hookimpl
from l7audit.model import Capability, Source, Target
from l7audit.probe.scope import Origin, on_loopback
from l7audit.profile import Profile, TargetProfile
from l7audit.target.reachable import looked_for

MEND = "Start it, or correct target.url in the profile."


class External(Provider):
    """A service at a URL, reached with what the base install brings."""

    name = "external"

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        """The target as the profile describes it, once it answers. Errors: `ProviderError`."""
        aim = profile.target
        base = _origin(aim.url, "target.url")
        origins = dict.fromkeys([base, *(_origin(o, "target.origins") for o in aim.origins)])
        ca_file = _ca_file(profile)
        document = _document(profile, set(origins))
        logs = _logs(profile)
        source = _source(profile)
        progress(f"asking {base} whether it is there")
        _reach(aim.url, base, ca_file, profile.budget.timeout)
        target = Target(
            name=base.authority,
            provider=self.name,
            base_url=aim.url.rstrip("/"),
            capabilities=_capabilities(aim),
            origins=[str(origin) for origin in origins],
            openapi=document,
            ca_file=ca_file,
            identities=aim.identities,
            allowed_origins=aim.allowed_origins,
            hints=aim.hints,
            logs=logs,
            source=source,
        )
        if not document and aim.hints.get("discover_openapi") is True:
            target = looked_for(target, profile.budget, progress)
        if not target.openapi:
            progress("no OpenAPI document is known, so most controls are out of scope")
        yield target


def _capabilities(aim: TargetProfile) -> list[Capability]:
    """HTTP always, and that it can call us where it is on this machine; a document, identities,
    names, logs and source where the profile gives them."""
    granted = [Capability.HTTP]
    if aim.openapi:
        granted.append(Capability.OPENAPI)
    if aim.identities:
        granted.append(Capability.IDENTITIES)
    if on_loopback(urlsplit(aim.url).hostname or ""):
        granted.append(Capability.LISTENER)
    if aim.hints.get("resolver"):
        granted.append(Capability.NAMES)
    if aim.logs:
        granted.append(Capability.LOGS)
    if aim.source.paths or aim.source.requirements:
        granted.append(Capability.SOURCE)
    return granted


def _origin(url: str, field: str) -> Origin:
    if not url:
        raise UsageError(
            "The external target has no URL.",
            mend="Name it: --target https://api.example.org, or target.url in the profile.",
        )
    try:
        return Origin.of(url)
    except ValueError as error:
        raise UsageError(
            f"{field} is unusable: {error}.", mend="Write it like https://api.example.org"
        ) from error


def _source(profile: Profile) -> Source:
    """The source that the profile names. Errors: `UsageError` where its root is no folder."""
    root = profile.beside(profile.target.source.root)
    if not root.is_dir():
        raise UsageError(f"The folder {root} does not exist.", mend="Correct target.source.root.")
    return msgspec.structs.replace(profile.target.source, root=str(root.resolve()))


def _ca_file(profile: Profile) -> str:
    if not profile.target.ca_file:
        return ""
    path = profile.beside(profile.target.ca_file)
    if not path.is_file():
        raise UsageError(f"The CA file {path} does not exist.", mend="Correct target.ca_file.")
    try:
        ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError) as error:
        raise UsageError(
            f"The CA file {path} holds no certificate that can be read.",
            mend="Name a file of certificates in PEM format: target.ca_file",
        ) from error
    return str(path.resolve())


def _logs(profile: Profile) -> list[str]:
    """The target's log files, which are there and can be read."""
    found = []
    for name in profile.target.logs:
        path = profile.beside(name)
        if not os.access(path, os.R_OK) or not path.is_file():
            raise UsageError(
                f"The log {path} of the target is no file that can be read.",
                mend="Correct target.logs, or let whoever runs the audit read it.",
            )
        found.append(str(path.resolve()))
    return found


def _document(profile: Profile, origins: set[Origin]) -> str:
    """The OpenAPI document's URL or absolute path. It may not come from a stranger."""
    named = profile.target.openapi
    if not named:
        return ""
    if "://" in named:
        origin = _origin(named, "target.openapi")
        if origin not in origins:
            raise UsageError(
                f"The OpenAPI document is at {origin}, which is not one of the target's origins.",
                mend="Download it and name the file, or add the origin to target.origins.",
            )
        return named
    path = profile.beside(named)
    if not path.is_file():
        raise UsageError(
            f"The OpenAPI document {path} does not exist.", mend="Correct target.openapi."
        )
    return str(path.resolve())


def _reach(url: str, origin: Origin, ca_file: str, timeout: float) -> None:
    """One request, whose answer may be anything. Errors: `ProviderError` saying what stood in
    the way: the name, the port, the certificate, the time or the protocol."""
    parts = urlsplit(url)
    try:
        connection = _connection(origin, ca_file, timeout)
        try:
            connection.request("GET", parts.path or "/", headers={"Accept": "*/*"})
            connection.getresponse()
        finally:
            connection.close()
    except http.client.InvalidURL as error:
        raise UsageError(f"target.url is unusable: {error}.", mend="Percent-encode it.") from error
    except socket.gaierror as error:
        raise ProviderError(
            f"{origin} cannot be reached: the name {origin.host!r} does not resolve.", mend=MEND
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise ProviderError(
            f"{origin} cannot be trusted: its certificate is refused ({error.verify_message}).",
            mend="Name the CA that signed it: target.ca_file in the profile.",
        ) from error
    except ssl.SSLError as error:
        raise ProviderError(
            f"{origin} does not speak TLS as it should ({error.reason or error}).",
            mend="Check the port, and http against https.",
        ) from error
    except TimeoutError as error:
        raise ProviderError(
            f"{origin} did not answer within {timeout:g} s.",
            mend="Check that nothing blocks the way, or raise budget.timeout in the profile.",
        ) from error
    except ConnectionRefusedError as error:
        raise ProviderError(
            f"{origin} cannot be reached: nothing listens on port {origin.port}.", mend=MEND
        ) from error
    except http.client.HTTPException as error:
        raise ProviderError(
            f"{origin} does not answer in HTTP ({type(error).__name__}).",
            mend="Check the port, and http against https.",
        ) from error
    except OSError as error:
        raise ProviderError(
            f"{origin} cannot be reached: {error.strerror or error}.", mend=MEND
        ) from error


def _connection(origin: Origin, ca_file: str, timeout: float) -> http.client.HTTPConnection:
    if origin.scheme == "http":
        return http.client.HTTPConnection(origin.host, origin.port, timeout=timeout)
    context = ssl.create_default_context(cafile=ca_file or None)
    return http.client.HTTPSConnection(origin.host, origin.port, timeout=timeout, context=context)


@hookimpl
def l7audit_register_provider() -> External:
    """Anybody's service under the name `external`."""
    return External()
