"""A specimen of a run: every verdict, every section, and a target that means harm."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit.assess.assess import assess
from l7audit.assess.baseline import baseline_of
from l7audit.assess.results import Results
from l7audit.assess.targets import documented_targets
from l7audit.journal import (
    FORMAT,
    AnyRecord,
    CheckEnded,
    CheckStarted,
    Exchange,
    Journal,
    Measurement,
    Message,
    ProofCell,
    Record,
    Records,
    RunEnded,
    RunStarted,
    Skipped,
    Violation,
    Witness,
)
from l7audit.model import Capability, Confidence, Control, Place, Severity, Verdict, Waiver

START = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
TODAY = date(2026, 9, 21)

HOSTILE = (
    "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)>"
    '" onmouseover="alert(3) \u202egnp.exe\u202c \u200bhidden\u2066 \x1b[31mred\x07'
    " {{ 7 * 7 }} {% include '/etc/passwd' %} e\u0301\u0301\u0301\u0301\u0301\u0301 ]]> -->"
)
"""What a target says that wants to run, to hide, to rearrange or to break out."""

CONTROLS = [
    ("AUTHN-01", "A request without credentials is refused", "critical", Verdict.PASS),
    ("AUTHN-02", "An expired token is refused", "critical", Verdict.FAIL),
    ("AUTHN-03", "A token signed by another key is refused", "critical", Verdict.PASS),
    ("AUTHN-04", "A token for another audience is refused", "high", Verdict.PASS),
    ("AUTHN-05", "A revoked API key stops working at once", "high", Verdict.INCONCLUSIVE),
    ("AUTHN-06", "Login answers do not tell known names from unknown ones", "medium", "pass"),
    ("CORS-01", "An origin that is not allowed gets no permission", "high", Verdict.PASS),
    ("CORS-02", "Look-alike origins get no permission", "high", Verdict.FAIL),
    ("CORS-03", "Answers vary by origin", "medium", Verdict.FAIL),
    ("CORS-04", "A preflight allows no method that the API does not have", "low", Verdict.PASS),
    ("HEAD-01", "Every answer forbids content sniffing", "medium", Verdict.PASS),
    ("HEAD-02", "Answers do not name the server's software", "low", Verdict.FAIL),
    ("HEAD-03", "Cookies are sent over TLS only", "medium", Verdict.NOT_APPLICABLE),
    ("HEAD-04", "Private answers are not cached", "medium", Verdict.PASS),
    ("RATE-01", "A limit is enforced under concurrency", "high", Verdict.PASS),
    ("RATE-02", "Two replicas share one limit", "high", Verdict.ERROR),
    ("RATE-03", "Forged client addresses do not lift a limit", "high", Verdict.PASS),
]

WITNESS = "The same request with a valid token is answered 200."


def controls() -> list[Control]:
    return [
        Control(
            id=name,
            title=title,
            severity=Severity(severity),
            rationale=(
                f"{title}: otherwise whoever finds an old credential keeps the access that its "
                "owner lost, and nobody notices, because each request looks like any other."
            ),
            remediation=(
                "Check the claim on every request, against the server's own clock, before any "
                "other work is done for the caller."
            ),
            mappings={"OWASP API 2023": ["API2"], "NIST 800-53": ["IA-5", "AC-3"]},
            references=["https://www.rfc-editor.org/rfc/rfc8725", "javascript:alert(4)"],
            defects=[f"{name.split('-')[0].lower()}.ignored-{name[-2:]}"],
            near_misses=["authn.clock-skew"] if name == "AUTHN-02" else [],
        )
        for name, title, severity, _ in CONTROLS
    ]


def check(name: str, verdict: Verdict) -> Iterator[Record]:
    """One check of a control, as the harness records it."""
    own: Any = {"check": f"test_{name}.py::test_it", "control": name}
    area = name.split("-")[0]
    yield CheckStarted(**own)
    yield Exchange(
        id=f"{name}-e1",
        check=own["check"],
        method="GET",
        url="https://127.0.0.1:8443/agents?limit=1",
        request=Message(
            headers=[
                ("Accept", "application/json"),
                ("Authorization", "Bearer [redacted:token:9f3a]"),
            ]
        ),
        status=200,
        response=Message(
            headers=[
                ("content-type", "application/json"),
                ("server", HOSTILE if name == "HEAD-02" else "edge"),
            ],
            body=HOSTILE * 40 if name == "HEAD-02" else '{"items": [{"id": "a1"}], "next": null}',
            size=90_000 if name == "HEAD-02" else 39,
        ),
        milliseconds=12.34,
        identity="alice",
    )
    if verdict != Verdict.NOT_APPLICABLE:
        yield Witness(**own, statement=WITNESS, held=verdict != Verdict.INCONCLUSIVE)
    if verdict == Verdict.FAIL:
        for number in range(2 if name == "CORS-02" else 1):
            yield Violation(
                **own,
                place=Place(operation="GET /agents", part=f"{area} case {number + 1}"),
                statement=(
                    f"The server says: {HOSTILE}"
                    if name == "HEAD-02"
                    else "It was answered 200 with the data, though it should have been refused."
                ),
                fingerprint=f"{name.lower()}-{number}",
                exchanges=[f"{name}-e1", f"{name}-e2"],
                expected="401 or 403",
                seen=HOSTILE if name == "HEAD-02" else "200",
                confidence=Confidence.CONFIRMED,
            )
    reasons = {
        Verdict.INCONCLUSIVE: f"A witness did not hold: {WITNESS}",
        Verdict.ERROR: "The check broke: the second replica's address was not given.",
        Verdict.NOT_APPLICABLE: "No answer of the target sets a cookie.",
    }
    yield CheckEnded(**own, verdict=verdict, reason=reasons.get(verdict, ""), seconds=0.42)


def measured(**numbers: Any) -> Measurement:
    return Measurement(
        check="test_AUTHN-01.py::test_it", control="AUTHN-01", unit="ratio", **numbers
    )


def body() -> Iterator[Record]:
    for name, _, _, verdict in CONTROLS:
        yield from check(name, Verdict(verdict))
    yield measured(name="a", documented="auth-success-rate", successes=412, trials=412)
    yield measured(name="b", documented="rate-limit-compliance", successes=1180, trials=1200)
    yield measured(name="c", documented="uptime", successes=1500, trials=1500)
    yield measured(name="d", documented="error-rate", successes=0, trials=1500)
    yield measured(name="e", documented="cors-policy-compliance", successes=120, trials=126)
    yield measured(name="g", documented="resource-utilisation", samples=[0.31, 0.44, 0.52])
    for place, base in (("GET /agents", 20.0), ("POST /chat", 120.0)):
        samples = [base + (n * 37 % 61) for n in range(400)]
        yield measured(name=place, documented="response-time-p95", samples=samples)
    for control in controls():
        for variant in ["clean", *control.defects, *control.near_misses]:
            defect = variant in control.defects
            wrong = control.id == "HEAD-04" and defect
            yield ProofCell(
                control=control.id,
                variant=variant,
                kind="clean" if variant == "clean" else "defect" if defect else "near_miss",
                summary="Tokens are taken without a look at their expiry.",
                expected=Verdict.FAIL if defect else Verdict.PASS,
                verdict=Verdict.FAIL if defect and not wrong else Verdict.PASS,
                ok=not wrong,
                suites_digest="sha256:5d41402abc4b",
            )


def specimen_records() -> list[AnyRecord]:
    known = controls()
    first = RunStarted(
        format=FORMAT,
        run="2026-09-21T141320-7c1e",
        seed=20260921,
        target="https://127.0.0.1:8443",
        provider="embedded",
        profile="staging",
        controls=[
            *known,
            msgspec.structs.replace(known[0], id="RESIL-01", title="A lost replica is not missed"),
        ],
        planned=[c.id for c in known],
        checks={c.id: [f"test_{c.id}.py::test_it"] for c in known},
        out_of_scope=[Skipped(control="RESIL-01", reason=f"It needs {Capability.FAULTS}.")],
        documented=documented_targets(),
        waivers=[
            Waiver(
                control="CORS-03",
                owner="platform team",
                reason="The cache in front keys by origin until the edge is replaced.",
                expires="2026-12-31",
            ),
            Waiver(
                control="HEAD-01",
                owner="ann",
                reason="Left from the last quarter.",
                expires="2026-10-01",
            ),
        ],
        suites_digest="sha256:5d41402abc4b",
        versions={"l7audit": "0.1.0", "envoy": "1.40.0", "postgresql": "18.6"},
        environment={"python": "3.11.2", "system": "Linux", "cores": "2", "banner": HOSTILE},
    )
    records: list[Record] = [first, *body(), RunEnded(outcome="completed", seconds=38.2)]
    return [
        msgspec.structs.replace(r, seq=number, time=START + number / 10)  # type: ignore[misc]
        for number, r in enumerate(records, start=1)
    ]


OnDisk = Callable[[Iterable[Record]], Records]


@pytest.fixture(scope="session")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> OnDisk:
    """Writes records as a journal, which is how a reporter gets them."""

    def write(records: Iterable[Record]) -> Records:
        path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
        with Journal(path) as journal:
            for record in records:
                journal.append(record)
        return Records(path)

    return write


@pytest.fixture(scope="session")
def records(on_disk: OnDisk) -> Records:
    """The specimen's journal, compared with an earlier run that failed elsewhere."""
    first, *others = specimen_records()
    cut = [r for r in others if not isinstance(r, Violation) or r.control == "CORS-02"]
    earlier = baseline_of(assess([first, *cut], TODAY))
    return on_disk([msgspec.structs.replace(first, baseline=earlier), *others])


@pytest.fixture(scope="session")
def results(records: Records) -> Results:
    """The specimen, assessed."""
    return assess(records, TODAY)


@pytest.fixture(scope="session")
def hostile() -> str:
    """What the specimen's target says to do harm."""
    return HOSTILE


def _spoiled(record: AnyRecord) -> AnyRecord:
    """The record with something hostile in each field that a target or a stranger fills."""
    say = f'=cmd|"/C calc"!A1 @octocat #1 [x](https://evil.example) {{0}} `|` \\| {HOSTILE}'
    match record:
        case RunStarted():
            changed: dict[str, Any] = {
                "target": say,
                "provider": say,
                "profile": say,
                "versions": {"l7audit": say, say: say},
                "environment": {say: say},
                "out_of_scope": [
                    Skipped(control=s.control, reason=say) for s in record.out_of_scope
                ],
                "waivers": [
                    msgspec.structs.replace(w, owner=say, reason=say) for w in record.waivers
                ],
            }
        case Exchange():
            message = Message(headers=[(say, say)], body=say, size=len(say))
            changed = {"method": say, "url": say, "identity": say, "request": message}
            changed |= {"response": message}
        case Violation():
            place = Place(operation=f"{say} {record.fingerprint}", part=say)
            changed = {"place": place, "statement": say, "expected": say, "seen": say}
        case Witness():
            changed = {"statement": say}
        case CheckEnded() if record.reason:
            changed = {"reason": say}
        case _:
            return record
    return msgspec.structs.replace(record, **changed)


@pytest.fixture(scope="session")
def spoiled_records(on_disk: OnDisk) -> Records:
    """The specimen's journal with something hostile in every field that others fill."""
    return on_disk(_spoiled(record) for record in specimen_records())


@pytest.fixture(scope="session")
def spoiled(spoiled_records: Records) -> Results:
    """The spoiled specimen, assessed."""
    return assess(spoiled_records, TODAY)


@pytest.fixture(scope="session")
def schema() -> Callable[[str], bytes]:
    """Reads a published schema that is kept beside the tests; its licence is in NOTICE."""

    def read(name: str) -> bytes:
        path = Path(__file__).with_name("schemas") / name
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()

    return read
