"""The vocabulary: what every other room speaks of, and nothing that acts.

All types are frozen. Parse at the edge (profile, catalogue, journal), trust inside.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec


class Frozen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value object that is written as JSON without its defaults."""


class Strict(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value object that people write by hand, so an unknown field is their typo."""


# --- What is asked ---------------------------------------------------------------------------


class Severity(StrEnum):
    """How much a failed control hurts; the weight is what it is worth in the score."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def weight(self) -> float:
        return {"critical": 10.0, "high": 7.5, "medium": 5.0, "low": 2.5}[self.value]


class Safety(StrEnum):
    """What a check may do to a target, in rising order."""

    PASSIVE = "passive"
    ACTIVE = "active"
    INTRUSIVE = "intrusive"
    DISRUPTIVE = "disruptive"

    @property
    def rank(self) -> int:
        return list(Safety).index(self)


class Capability(StrEnum):
    """What a provider grants. A check that needs one which is missing is out of scope."""

    HTTP = "http"
    OPENAPI = "openapi"
    IDENTITIES = "identities"
    MINT = "mint"  # the target's own signing key, to make validly signed but wrong tokens
    REPLICAS = "replicas"  # each replica's own address, to compare them behind the edge
    ADMIN = "admin"
    FAULTS = "faults"
    BACKUPS = "backups"
    METRICS = "metrics"
    LOGS = "logs"  # the files that its components log to, to be read
    LISTENER = "listener"  # it can call this machine, where a listener of the check's own waits
    NAMES = "names"  # a name server that is asked for callers' names, played by the check
    SCALE = "scale"
    DEPLOY = "deploy"
    SOURCE = "source"  # the target's own code, and what it has installed, to be read
    STORAGE = "storage"  # the target's own database, to look at what it keeps and to tamper with it
    DEFECTS = "defects"  # a lab that can plant a named defect, for `l7audit prove`


ControlId = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2,8}-[0-9]{2}$")]


class Control(Strict, frozen=True, kw_only=True):
    """A requirement, as its area's `controls.yaml` states it.

    `alone` says that the control's checks disturb others (they use up a limit, measure time or
    stop a component), so nothing else may run beside them. `mappings` maps a catalogue's name
    to ids in it. `defects` and `near_misses` name what the control is proven against. `scanners`
    are those that its checks ask.
    """

    id: ControlId
    title: str
    severity: Severity
    rationale: str
    remediation: str
    mappings: dict[str, list[str]]
    needs: list[Capability] = msgspec.field(default_factory=lambda: [Capability.HTTP])
    safety: Safety = Safety.ACTIVE
    alone: bool = False
    scanners: list[str] = []
    defects: list[str] = []
    near_misses: list[str] = []
    references: list[str] = []

    @property
    def area(self) -> str:
        return self.id.split("-")[0]


class DocumentedTarget(Strict, frozen=True, kw_only=True):
    """A number that the system's documentation promises, such as `p95 < 200 ms`.

    `unit` is `ratio` (0..1), `ms`, `s`, `days`, `count` or `score` (0..100). For a `ratio`
    the sample must bound the true rate within `tolerance` of the promise at 95 %.
    """

    id: str
    statement: str
    section: str
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    tolerance: float = 0.0


# --- What is audited -------------------------------------------------------------------------


class Credential(Strict, frozen=True, kw_only=True):
    """One way in. `kind`: `api_key`, `bearer`, `cookie`, `password`, `client` or `basic`.

    `name` is the field of an API key, the cookie of a session, the user of a password, the id of a
    client; `place` is where an API key goes where the document does not say: `header`, `query` or
    `cookie`. `secret` is what must never reach a journal or a report.
    """

    kind: str
    secret: str
    name: str = ""
    place: str = ""

    def __repr__(self) -> str:
        return f"Credential(kind={self.kind!r}, name={self.name!r}, secret='***')"


class Identity(Strict, frozen=True, kw_only=True):
    """Somebody the target knows. `tags` mark what an identity is for (`limited`: low quotas)."""

    name: str
    role: str = "user"
    tenant: str = ""
    tags: list[str] = []
    credentials: list[Credential] = []

    def credential(self, kind: str) -> Credential | None:
        """The first credential of that kind, or None."""
        return next((c for c in self.credentials if c.kind == kind), None)


class Source(Strict, frozen=True, kw_only=True):
    """A target's source on this machine, to be read and never run.

    `paths` are folders and files of code; `requirements` are files that pin what the target has
    installed (as pip reads them); `advisories` is a folder of known vulnerabilities in OSV's
    format, as osv.dev hands them out. Places are named from `root`, and so are the other paths.
    """

    root: str = "."
    paths: list[str] = []
    requirements: list[str] = []
    advisories: str = ""


class Target(Frozen, frozen=True, kw_only=True):
    """An opened target: plain data that crosses process borders.

    `base_url` is where clients go; `replicas` are the addresses behind it; `origins` are all the
    origins the probe may ever contact; `mint` is (key id, PEM private key, algorithm); `handle` is
    the provider's own word for finding its stack again (a run folder), opaque to everybody else;
    `storage` is the URL of the target's database (`postgresql:`), and a secret; `backups` is how
    backups of it are taken; `logs` are files of this machine that its components log to; the
    `root` of its `source` is absolute.
    """

    name: str
    provider: str
    base_url: str
    capabilities: list[Capability]
    origins: list[str] = []
    replicas: list[str] = []
    openapi: str = ""
    ca_file: str = ""
    identities: list[Identity] = []
    allowed_origins: list[str] = []
    mint: Mint | None = None
    components: list[Component] = []
    hints: dict[str, Any] = {}
    handle: str = ""
    storage: str = ""
    backups: BackupControl | None = None
    logs: list[str] = []
    source: Source = Source()
    versions: dict[str, str] = {}


class Component(Frozen, frozen=True, kw_only=True):
    """A part of the target that may be stopped. `url` is where it answers, one of the replicas.

    `control` is a command (a list of arguments) that says `ready` on its standard output, then
    obeys a line at a time and answers each with `ok`, or with a sentence: `kill` ends the component
    as a crash would, `restart` starts it and waits until it serves.
    """

    name: str
    url: str
    control: list[str]


class BackupControl(Frozen, frozen=True, kw_only=True):
    """How backups of the target are taken and opened.

    `control` is a command (a list of arguments) that says `ready` on its standard output, then
    obeys a line at a time and answers each with `ok`, or with a sentence: `take` answers `ok` and a
    `Backup` as JSON, `open ID FILE` writes what was backed up to a new file and refuses a backup
    that was changed, `remove ID` removes one. One that `restores` also obeys: `verify ID` answers
    `ok`, and what is wrong with it or with what was archived since; `restore ID`, `restore ID time
    TIME` and `restore ID point NAME` answer `ok` and a `Restored` as JSON: never over a database
    that runs, and never what is damaged or not whole; `drop` removes that, if it is there; `point
    NAME` names the moment. `keys` is the folder or file of this machine that
    holds what opens them.
    """

    control: list[str]
    keys: str = ""
    restores: bool = False


class Backup(Frozen, frozen=True, kw_only=True):
    """A backup that lies in a folder of its own on this machine.

    `sealed_size` counts the bytes that lie there, whose digest is `sha256`; `key` is the id of what
    opens it; what was written up to `end_lsn`, a place of the database's log, is in it. What was
    written since lies in files of the folder `wal`, up to `archived_to` at the time `archived_at`;
    all three are empty where nothing is. `trouble` says why it can't be relied on.
    """

    id: str
    folder: str
    seconds: float = 0.0
    server: str = ""
    sealed_size: int = 0
    sha256: str = ""
    key: str = ""
    end_lsn: str = ""
    wal: str = ""
    archived_to: str = ""
    archived_at: str = ""
    trouble: str = ""


class Moment(Frozen, frozen=True, kw_only=True):
    """Where a restore goes back to: a `time` (RFC 3339), a `point` that was given that name, or the
    latest there is where both are empty. `backup` is the id of the one to begin with; where it is
    empty the provider chooses."""

    time: str = ""
    point: str = ""
    backup: str = ""


class Restored(Frozen, frozen=True, kw_only=True):
    """A database that was restored beside the target's own, and runs until it is dropped.

    `url` is its address (`postgresql:`), and a secret; `seconds` is what all of it took; it began
    with `backup` and took so many `segments` of archived log, which go up to `archived_to`.
    """

    url: str
    folder: str = ""
    seconds: float = 0.0
    backup: str = ""
    segments: int = 0
    archived_to: str = ""


class Mint(Frozen, frozen=True, kw_only=True):
    """The target's signing key, granted so that a wrong token can be validly signed."""

    key_id: str
    algorithm: str
    private_key: str

    def __repr__(self) -> str:
        return f"Mint(key_id={self.key_id!r}, algorithm={self.algorithm!r}, private_key='***')"


class Kind(StrEnum):
    """What an operation is to an auditor, whatever its path is called."""

    PUBLIC_READ = "public read"
    PROTECTED_READ = "protected read"
    LOGIN = "login"  # takes a name and a password, answers a token
    TOKEN = "token"  # OAuth2 token endpoint (client credentials or password, form-encoded)
    REVOKE_TOKEN = "revoke token"  # ends the presented token: logout or RFC 7009
    REGISTRATION = "registration"  # anybody becomes a user with a password of their own
    RESET_REQUEST = "password reset request"  # has a code or link sent to who forgot a password
    RESET = "password reset"  # takes what was sent, and a new password
    PASSWORD_CHANGE = "password change"  # takes the present password and a new one
    JWKS = "jwks"
    OPENAPI = "openapi"
    RESOURCE_CREATE = "resource create"
    RESOURCE_LIST = "resource list"
    RESOURCE_READ = "resource read"
    RESOURCE_CHANGE = "resource change"
    RESOURCE_DELETE = "resource delete"
    KEY_CREATE = "key create"  # answers a new API key
    KEY_REVOKE = "key revoke"
    KEY_ROTATE = "key rotate"
    KEY_LIST = "key list"
    SIGNING_KEY_CREATE = "signing key create"  # makes the next key that signs tokens
    SIGNING_KEY_RETIRE = "signing key retire"  # ends a key that signs tokens
    DATA_KEY_ROTATE = "data key rotate"  # has stored secrets sealed with a new key
    AUDIT_LOG = "audit log"  # lists what was done by whom
    AUDIT_VERIFY = "audit verify"  # tells whether the audit log is whole
    ADMIN = "admin"
    RATE_POLICY = "rate policy"  # changes a rate limit while the target runs
    COSTLY = "costly"
    SEARCH = "search"  # finds things by a text that the caller gives
    CHAT = "chat"  # lets a language model answer a conversation
    UPLOAD = "upload"
    PATH_TAKING = "path taking"
    AMOUNT_TAKING = "amount taking"  # takes how much or how many: money, credits, seats
    ONCE_ONLY = "once only"  # redeems, claims or accepts what is good for one time
    CODE_GIVING = "code giving"  # answers a code that lets in or is worth something
    URL_TAKING = "url taking"
    STREAMING = "streaming"
    HEALTH = "health"
    METRICS = "metrics"


# --- What was seen ---------------------------------------------------------------------------


class Place(Frozen, frozen=True, kw_only=True):
    """Where a finding is, without anything that differs from run to run.

    `operation` is `GET /things/{id}`; `part` narrows it (`header Authorization`, `origin null`).
    """

    operation: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.operation} ({self.part})" if self.part else self.operation


class Verdict(StrEnum):
    """What the evidence says of a control (or of one check)."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"


class Confidence(StrEnum):
    """How sure a finding is: `confirmed` by state or marker, `strong`, or `weak`."""

    CONFIRMED = "confirmed"
    STRONG = "strong"
    WEAK = "weak"


# --- What is decided -------------------------------------------------------------------------


Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
AreaName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2,8}$")]
Score = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Waiver(Strict, frozen=True, kw_only=True):
    """An accepted failure: of a control, or of its one finding with that `fingerprint`.

    `since` and `expires` are UTC dates, both inclusive (YYYY-MM-DD). Without `since` it holds
    already, and its life is counted from the day of the run.
    """

    control: ControlId
    owner: Annotated[str, msgspec.Meta(min_length=1)]
    reason: Annotated[str, msgspec.Meta(min_length=10)]
    expires: Day
    fingerprint: str = ""
    since: Day | None = None


class Authorisation(Strict, frozen=True, kw_only=True):
    """Who allows an audit of what is not on this machine, when, where and how far.

    `since` and `until` are UTC dates, both inclusive; `origins` are written like
    `https://api.example.org`; `levels` are those that are allowed, `passive` always being one.
    `reference` names the ticket or contract that says so.
    """

    by: Annotated[str, msgspec.Meta(min_length=1)]
    since: Day
    until: Day
    origins: Annotated[list[str], msgspec.Meta(min_length=1)]
    levels: Annotated[list[Safety], msgspec.Meta(min_length=1)]
    reference: str = ""


class GatePolicy(Strict, frozen=True, kw_only=True):
    """When a run may pass. Scores are 0..100, coverage is 0..1 of the planned weight.

    `fail_on` are the severities whose failures count; `minimum_confidence` is how sure a finding
    has to be to count: what is less sure stays a failure in every report and fails no gate.
    `require_proof` are the severities whose controls must all be proven against planted defects,
    with the very suites of the run. `only_new` lets what the baseline shows already count no more.
    `accept_waivers: false` reports waivers, but lets none open the gate. A waiver may live
    `maximum_waiver_days`; without it as long as it says.
    """

    minimum_score: Score = 95.0
    minimum_coverage: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.9
    minimum_area_scores: dict[AreaName, Score] = {}
    fail_on: list[Severity] = msgspec.field(
        default_factory=lambda: [Severity.CRITICAL, Severity.HIGH]
    )
    minimum_confidence: Confidence = Confidence.STRONG
    required_controls: list[ControlId] = []
    required_targets: list[str] = []
    require_proof: list[Severity] = []
    only_new: bool = False
    accept_waivers: bool = True
    maximum_waiver_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
