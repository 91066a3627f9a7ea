"""The external provider: a target as its profile says, or one sentence why it can't be reached."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from l7audit.errors import AuditError
from l7audit.exits import Exit
from l7audit.model import Capability, Identity, Source, Target
from l7audit.profile import Budget, Profile, TargetProfile
from l7audit_plugins.providers.external import External, l7audit_register_provider

ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server on a free port that gives each connection to `talk`."""
    with ExitStack() as stack:

        def start(talk: Callable[[socket.socket], None]) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=_accept, args=(listener, talk))
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            port: int = listener.getsockname()[1]
            return port

        yield start


def _accept(listener: socket.socket, talk: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            talk(connection)


def answer(connection: socket.socket) -> None:
    """Any answer will do: a target may well be unhappy with `/`."""
    connection.recv(65536)
    connection.sendall(ANSWER)


@contextmanager
def opened(tmp_path: Path, said: list[str] | None = None, **aim: Any) -> Iterator[Target]:
    profile = Profile(
        target=TargetProfile(provider="external", **aim),
        budget=Budget(timeout=0.3),
        source=str(tmp_path / "l7audit.yaml"),
    )
    (tmp_path / "l7audit.yaml").touch()
    with External().open(profile, tmp_path, (said if said is not None else []).append) as target:
        yield target


def refusal(tmp_path: Path, **aim: Any) -> AuditError:
    with (
        pytest.raises(AuditError) as caught,
        opened(tmp_path, None, **aim),
    ):
        raise AssertionError("it was opened")
    assert "\n" not in str(caught.value)
    return caught.value


def test_it_is_registered_under_its_name() -> None:
    assert l7audit_register_provider().name == "external"


def test_a_target_that_answers_is_opened_whatever_it_says(tmp_path: Path, serve: Serve) -> None:
    url = f"http://127.0.0.1:{serve(answer)}/api/"
    said: list[str] = []
    with opened(tmp_path, said, url=url) as target:
        assert target.base_url == url.rstrip("/")
        assert target.origins == [url.removesuffix("/api/")]
        assert target.capabilities == [Capability.HTTP, Capability.LISTENER]
    assert "no OpenAPI document is known, so most controls are out of scope" in said


def test_what_the_profile_gives_is_what_the_target_grants(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "openapi.json").write_text("{}")
    who = Identity(name="alice")
    url = f"http://127.0.0.1:{serve(answer)}"
    with opened(
        tmp_path,
        url=url,
        openapi="openapi.json",
        identities=[who],
        origins=["http://LOCALHOST:80", url],
        allowed_origins=["https://app.example.org"],
        hints={"login": "POST /enter"},
    ) as target:
        granted = [Capability.HTTP, Capability.OPENAPI, Capability.IDENTITIES]
        assert target.capabilities == [*granted, Capability.LISTENER]
        assert target.origins == [url, "http://localhost"]
        assert target.identities == [who]
        assert target.openapi == str(tmp_path / "openapi.json")
        assert target.allowed_origins == ["https://app.example.org"]
        assert target.hints == {"login": "POST /enter"}


def test_logs_that_the_profile_names_are_granted(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "api.log").write_text("x\n")
    url = f"http://127.0.0.1:{serve(answer)}"
    with opened(tmp_path, url=url, logs=["api.log"]) as target:
        assert target.logs == [str(tmp_path / "api.log")]
        assert Capability.LOGS in target.capabilities


def test_a_document_at_the_targets_own_origin_is_left_to_the_run(
    tmp_path: Path, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{serve(answer)}"
    with opened(tmp_path, url=url, openapi=f"{url}/openapi.json") as target:
        assert target.openapi == f"{url}/openapi.json"


@pytest.mark.parametrize(
    ("aim", "sentence"),
    [
        ({}, "has no URL"),
        ({"url": "ftp://127.0.0.1"}, "not an http or https URL"),
        ({"url": "https://"}, "not an http or https URL"),
        ({"url": "http://a:b@127.0.0.1"}, "holds a user or a password"),
        ({"url": "http://127.0.0.1:99999"}, "target.url is unusable"),
        ({"url": "http://127.0.0.1:1/a b"}, "target.url is unusable"),
        ({"url": "http://127.0.0.1", "origins": ["x"]}, "target.origins is unusable"),
        ({"url": "http://127.0.0.1", "openapi": "nope.json"}, "nope.json does not exist"),
        ({"url": "http://127.0.0.1", "openapi": "https://a.test/o.json"}, "not one of the target"),
        ({"url": "http://127.0.0.1", "ca_file": "nope.pem"}, "nope.pem does not exist"),
        ({"url": "http://127.0.0.1", "logs": ["nope.log"]}, "nope.log of the target is no file"),
    ],
)
def test_a_wrong_profile_is_said_before_anything_is_sent(
    tmp_path: Path, aim: dict[str, Any], sentence: str
) -> None:
    error = refusal(tmp_path, **aim)
    assert sentence in str(error)
    assert error.exit is Exit.USAGE
    assert error.mend


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_closed_port_is_one_sentence(tmp_path: Path) -> None:
    port = free_port()
    error = refusal(tmp_path, url=f"http://127.0.0.1:{port}")
    assert f"nothing listens on port {port}" in str(error)
    assert error.exit is Exit.INTERNAL


def test_a_name_that_does_not_resolve_is_one_sentence(tmp_path: Path) -> None:
    error = refusal(tmp_path, url="http://no-such-host.invalid")
    assert "the name 'no-such-host.invalid' does not resolve" in str(error)


def test_a_target_that_says_nothing_is_given_up_after_the_profiles_time(
    tmp_path: Path, serve: Serve
) -> None:
    quiet = threading.Event()
    port = serve(lambda _: quiet.wait(10) and None)
    try:
        error = refusal(tmp_path, url=f"http://127.0.0.1:{port}")
    finally:
        quiet.set()
    assert "did not answer within 0.3 s" in str(error)


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"\x15\x03\x03\x00\x02\x02F"])
def test_a_server_that_speaks_something_else_is_one_sentence(
    tmp_path: Path, serve: Serve, banner: bytes
) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(banner)

    error = refusal(tmp_path, url=f"http://127.0.0.1:{serve(talk)}")
    assert "does not answer in HTTP" in str(error)


def test_https_against_a_plain_port_is_one_sentence(tmp_path: Path, serve: Serve) -> None:
    error = refusal(tmp_path, url=f"https://127.0.0.1:{serve(answer)}")
    assert "does not speak TLS as it should" in str(error)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def with_tls(certificate: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def talk(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                answer(secure)
        except (ssl.SSLError, ConnectionError):
            return  # the client refused our certificate, as it should

    return talk


def test_a_certificate_of_an_unknown_authority_is_one_sentence(
    tmp_path: Path, serve: Serve, certificate: Path
) -> None:
    error = refusal(tmp_path, url=f"https://127.0.0.1:{serve(with_tls(certificate))}")
    assert "its certificate is refused (self-signed certificate)" in str(error)
    assert "target.ca_file" in error.mend


def test_an_authority_that_the_profile_names_is_trusted(
    tmp_path: Path, serve: Serve, certificate: Path
) -> None:
    port = serve(with_tls(certificate))
    with opened(tmp_path, url=f"https://127.0.0.1:{port}", ca_file="server.pem") as target:
        assert target.ca_file == str(certificate)


def test_a_ca_file_that_is_no_certificate_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    error = refusal(tmp_path, url=f"https://127.0.0.1:{free_port()}", ca_file="empty.pem")
    assert "holds no certificate" in str(error)


def test_source_is_granted_where_the_profile_names_it(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    url = f"http://127.0.0.1:{serve(answer)}"
    source = Source(root="code", paths=["app"], advisories="../osv")
    with opened(tmp_path, url=url, source=source) as target:
        assert Capability.SOURCE in target.capabilities
        assert target.source.root == str((tmp_path / "code").resolve())
        assert target.source.paths == ["app"]
    with opened(tmp_path, url=url) as target:
        assert Capability.SOURCE not in target.capabilities
    assert "nowhere does not exist" in str(
        refusal(tmp_path, url=url, source=Source(root="nowhere"))
    )
