"""Every component of a replica in one frozen value: whoever assembles the app may swap any of them.

Components that need one another meet only in the app, which gets them from here; so replacing a
part (`dataclasses.replace(parts, tokens=...)`) reaches every place that uses it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from l7audit_stack.api.file_tree import FileTree
from l7audit_stack.api.form_data import FormReader
from l7audit_stack.api.keyring import Keyring, load_keyring
from l7audit_stack.api.llm import LlmClient
from l7audit_stack.api.name_server import resolver_at
from l7audit_stack.api.operation import Operation
from l7audit_stack.api.outbound import OutboundGuard
from l7audit_stack.api.problems import ProblemRenderer
from l7audit_stack.api.readiness import Readiness
from l7audit_stack.api.routes.table import OPERATIONS
from l7audit_stack.api.security.anchor import Anchor
from l7audit_stack.api.security.audit import AuditChain, AuditLog
from l7audit_stack.api.security.authentication import Authenticator
from l7audit_stack.api.security.bodies import BodyReader
from l7audit_stack.api.security.cors import Cors
from l7audit_stack.api.security.data_keys import DataKeys
from l7audit_stack.api.security.headers import SecurityHeaders
from l7audit_stack.api.security.keys import ApiKeys, RotationPolicy
from l7audit_stack.api.security.limits import LocalLimiter, RateLimiter, Revocations
from l7audit_stack.api.security.network import ClientAddress, RequestIds
from l7audit_stack.api.security.passwords import ClientSecrets, Passwords
from l7audit_stack.api.security.paths import PathRule
from l7audit_stack.api.security.policy import AccessPolicy
from l7audit_stack.api.security.rates import RatePolicies
from l7audit_stack.api.security.resets import Resets
from l7audit_stack.api.security.sampling import Sampling
from l7audit_stack.api.security.secrecy import Secrecy
from l7audit_stack.api.security.secrets import SecretBox
from l7audit_stack.api.security.signing_keys import SigningKeys
from l7audit_stack.api.security.tokens import TokenIssuer, TokenVerifier
from l7audit_stack.api.security.voucher_codes import VoucherCodes
from l7audit_stack.api.settings import Settings, SettingsError, weaknesses
from l7audit_stack.api.xml_text import XmlReader
from l7audit_stack.data.credits import Credits
from l7audit_stack.data.database import Database
from l7audit_stack.data.identities import Identities
from l7audit_stack.data.store import Store
from l7audit_stack.observability.logs import JsonLog
from l7audit_stack.observability.metrics import Metrics

AUDIENCE = "l7audit-agents"


@dataclass(frozen=True)
class Parts:
    """`clock` gives epoch seconds. `authenticator` makes the app's one from the final parts."""

    settings: Settings
    clock: Callable[[], float]
    operations: Sequence[Operation]
    # what the replica talks to
    database: Database
    store: Store
    llm: LlmClient
    outbound: OutboundGuard
    files: FileTree
    readiness: Readiness
    # who is calling
    identities: Identities
    credits: Credits
    voucher_codes: VoucherCodes
    keys: ApiKeys
    rotation: RotationPolicy
    signing: SigningKeys
    tokens: TokenVerifier
    issuer: TokenIssuer
    passwords: Passwords
    client_secrets: ClientSecrets
    resets: Resets
    authenticator: Callable[[Parts], Authenticator]
    revocations: Revocations
    # what they may do, and how often
    policy: AccessPolicy
    limiter: RateLimiter
    rates: RatePolicies
    # what comes in
    clients: ClientAddress
    request_ids: RequestIds
    paths: PathRule
    bodies: BodyReader
    xml: XmlReader
    forms: FormReader
    # what goes out
    cors: Cors
    headers: SecurityHeaders
    problems: ProblemRenderer
    data_keys: DataKeys
    secrets: SecretBox
    secrecy: Secrecy
    # what stays
    audit: AuditLog
    sampling: Sampling
    metrics: Metrics
    log: JsonLog


def production_parts(settings: Settings, keyring: Keyring | None = None) -> Parts:
    """The parts the settings describe; raises SettingsError where production must not start."""
    keyring = keyring or load_keyring(settings.secrets_dir)
    if settings.level == "production" and (found := weaknesses(settings, keyring.sizes())):
        raise SettingsError("\n".join(found))
    for name, value in (("DATABASE_URL", settings.database_url), ("STORE_URL", settings.store_url)):
        if not value:
            raise SettingsError(f"{name} is not set: give the address of the service.")
    database = Database(settings.database_url)
    store = Store(settings.store_url)
    llm = LlmClient(settings.llm_url)
    rates = RatePolicies(database, store)
    limiter = RateLimiter(
        store, rates, LocalLimiter(time.time), enabled=settings.rate_limiting_enabled
    )
    signing = SigningKeys(settings.secrets_dir / "jwt", lifetime=settings.token_lifetime)
    data_keys = DataKeys(settings.secrets_dir / "data", dict(keyring.data))
    return Parts(
        settings=settings,
        clock=time.time,
        operations=OPERATIONS,
        database=database,
        store=store,
        llm=llm,
        outbound=OutboundGuard(
            allowed_hosts=frozenset(host.lower() for host in settings.webhook_allowed_hosts),
            resolve=resolver_at(settings.webhook_resolver) if settings.webhook_resolver else None,
        ),
        files=FileTree(settings.files_dir),
        readiness=_readiness(database, store, llm),
        identities=Identities(database),
        credits=Credits(database),
        voucher_codes=VoucherCodes(pepper=keyring.pepper),
        keys=ApiKeys(pepper=keyring.pepper),
        rotation=RotationPolicy(
            max_age_days=settings.key_max_age_days, grace_days=settings.key_grace_days
        ),
        signing=signing,
        tokens=TokenVerifier(
            keys=signing.public,
            issuer=settings.public_url,
            audience=AUDIENCE,
        ),
        issuer=TokenIssuer(
            keys=signing.private,
            issuer=settings.public_url,
            audience=AUDIENCE,
            lifetime=settings.token_lifetime,
        ),
        passwords=Passwords(),
        client_secrets=ClientSecrets(pepper=keyring.pepper),
        resets=Resets(store, keyring.pepper),
        authenticator=Authenticator,
        revocations=Revocations(store),
        policy=AccessPolicy(),
        limiter=limiter,
        rates=rates,
        clients=ClientAddress(
            trusted=frozenset(settings.trusted_proxies), hops=settings.trusted_proxy_hops
        ),
        request_ids=RequestIds(),
        paths=PathRule(),
        bodies=BodyReader(
            max_bytes=settings.max_body_bytes,
            max_depth=settings.max_json_depth,
            timeout=settings.body_timeout,
        ),
        xml=XmlReader(),
        forms=FormReader(),
        cors=Cors(origins=frozenset(settings.cors_origins)),
        headers=SecurityHeaders(enabled=settings.security_headers_enabled),
        problems=ProblemRenderer(),
        data_keys=data_keys,
        secrets=SecretBox(keys=data_keys.keys, look=data_keys.refresh),
        secrecy=Secrecy(),
        audit=AuditLog(
            database, AuditChain(key=keyring.audit), time.time, Anchor(store, keyring.audit)
        ),
        sampling=Sampling(),
        metrics=Metrics(settings.replica_name),
        log=JsonLog(settings.replica_name, settings.log_level),
    )


def _readiness(database: Database, store: Store, llm: LlmClient) -> Readiness:
    async def ask_database() -> bool:
        return bool(await database.fetchval("SELECT true"))

    async def ask_store() -> bool:
        return bool(await store.command("PING") == b"PONG")

    return Readiness(
        required={"database": ask_database}, optional={"store": ask_store, "llm": llm.is_ready}
    )
