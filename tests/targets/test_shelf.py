"""The target model on a live stranger's service: it finds its way in, and around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from l7audit.journal import Exchange, Record, encode
from l7audit.model import Identity, Kind, Safety, Target
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel

DOCUMENT = Path(__file__).with_name("shelf") / "shelf.yaml"


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def sessions(shelf: Target, records: list[Record]) -> Iterator[Sessions]:
    probe = Probe(shelf, records.append, safety=Safety.INTRUSIVE)
    yield Sessions(TargetModel.of(DOCUMENT.read_text(), shelf, seed=3), probe)
    probe.close()


@pytest.fixture
def ada(shelf: Target) -> Identity:
    return shelf.identities[0]


def places(sessions: Sessions, kind: Kind) -> list[str]:
    return [str(s.place()) for s in sessions.model.surfaces(kind, limit=9)]


def test_its_operations_are_known_by_their_meaning(sessions: Sessions) -> None:
    assert {
        kind: places(sessions, kind)
        for kind in (
            Kind.LOGIN, Kind.REVOKE_TOKEN, Kind.JWKS, Kind.HEALTH, Kind.OPENAPI, Kind.KEY_CREATE,
            Kind.KEY_LIST, Kind.KEY_ROTATE, Kind.KEY_REVOKE, Kind.TOKEN,
        )
    } == {
        Kind.LOGIN: ["POST /enter"],
        Kind.REVOKE_TOKEN: ["POST /leave"],
        Kind.JWKS: ["GET /trust/keyring"],
        Kind.HEALTH: ["GET /pulse"],
        Kind.OPENAPI: ["GET /shelf.yaml"],
        Kind.KEY_CREATE: ["POST /cards"],
        Kind.KEY_LIST: ["GET /cards"],
        Kind.KEY_ROTATE: ["POST /cards/{cardRef}/renewal"],
        Kind.KEY_REVOKE: ["DELETE /cards/{cardRef}"],
        Kind.TOKEN: [],
    }  # fmt: skip


def test_both_credentials_let_a_reader_in_and_nothing_else_does(
    sessions: Sessions, ada: Identity
) -> None:
    (read,) = sessions.model.protected_reads(limit=1)
    ways = sessions.ways(ada)
    assert [w.kind for w in ways] == ["api_key", "bearer"]
    assert all(sessions.probe.send(read.request(auth=way)).ok for way in ways)
    for stranger in (Auth.none(), Auth.bearer("a.b.c"), Auth.api_key("X-API-Key", "x")):
        assert sessions.probe.send(read.request(auth=stranger)).refused


def test_a_token_that_was_handed_back_opens_nothing(sessions: Sessions, ada: Identity) -> None:
    (read,) = sessions.model.protected_reads(limit=1)
    auth = Auth.bearer(sessions.bearer(ada, fresh=True))
    assert sessions.probe.send(read.request(auth=auth)).ok
    (leave,) = sessions.model.surfaces(Kind.REVOKE_TOKEN)
    assert sessions.probe.send(leave.request(auth=auth)).ok
    assert sessions.probe.send(read.request(auth=auth)).refused
    sessions.forget(ada)


def test_reads_of_single_things_are_filled_by_making_one_and_removing_it(
    sessions: Sessions, ada: Identity
) -> None:
    surfaces = sessions.model.surfaces(Kind.RESOURCE_READ)
    assert [str(s.place()) for s in surfaces] == ["GET /volumes/{volumeRef}"]
    found = sessions.model.resolve(surfaces[0], sessions, ada)
    assert found is not None
    request = found.request(auth=sessions.auth(ada))
    assert sessions.probe.send(request).ok
    sessions.clean()
    assert sessions.probe.send(request).status == 404


def test_a_small_quota_is_met_by_a_burst_and_told_of(sessions: Sessions, shelf: Target) -> None:
    limited = next(i for i in shelf.identities if "limited" in i.tags)
    (read,) = sessions.model.protected_reads(limit=1)
    answers = sessions.probe.burst([read.request(auth=sessions.auth(limited))] * 60, 8)
    refused = [a for a in answers if a.throttled]
    assert 20 <= len(answers) - len(refused) < 60
    assert all(int(a.headers.get("Retry-After")) >= 1 for a in refused)


def test_a_key_that_is_made_works_until_it_is_revoked(sessions: Sessions, ada: Identity) -> None:
    (read,) = sessions.model.protected_reads(limit=1)
    (create,) = sessions.model.surfaces(Kind.KEY_CREATE)
    made = sessions.probe.send(create.request(auth=sessions.auth(ada))).json()
    auth = Auth.api_key("X-Shelf-Access", made["accessKey"])
    assert sessions.probe.send(read.request(auth=auth)).ok
    (revoke,) = sessions.model.surfaces(Kind.KEY_REVOKE)
    gone = revoke.request(auth=sessions.auth(ada), path={"cardRef": made["cardRef"]})
    assert sessions.probe.send(gone).ok
    assert sessions.probe.send(read.request(auth=auth)).refused


def test_no_credential_of_a_reader_is_written_down(
    sessions: Sessions, ada: Identity, records: list[Record]
) -> None:
    token = sessions.bearer(ada)
    for read in sessions.model.protected_reads(sessions, ada):
        sessions.probe.send(read.request(auth=Auth.bearer(token)))
    written = b"".join(encode(r) for r in records if isinstance(r, Exchange)).decode()
    assert written
    for secret in (token, *(c.secret for c in ada.credentials)):
        assert secret not in written
