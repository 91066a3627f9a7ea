"""Settings of a replica: preset of the security level, then a file, then the environment.

Production refuses to start on weak settings: `weaknesses` names each one in one sentence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LEVELS = ("development", "staging", "production")


class SettingsError(Exception):
    """The settings can't be used; the text has one clear sentence a line."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one replica runs with. Fields that hold a secret are kept out of `repr`."""

    level: str = "production"
    environment: str = "production"
    database_url: str = field(default="", repr=False)
    store_url: str = field(default="", repr=False)
    llm_url: str = ""
    public_url: str = ""
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    trusted_proxy_hops: int = 1
    secrets_dir: Path = Path("secrets")
    files_dir: Path = Path("files")
    rate_limiting_enabled: bool = True
    api_key_rotation_enabled: bool = True
    cors_strict_mode: bool = True
    security_headers_enabled: bool = True
    debug: bool = False
    log_level: str = "INFO"
    log_retention_days: int = 30
    webhook_allowed_hosts: tuple[str, ...] = ()
    webhook_resolver: str = ""
    replica_name: str = "api"
    max_body_bytes: int = 1_048_576
    max_json_depth: int = 32
    body_timeout: float = 10.0
    token_lifetime: int = 900
    key_max_age_days: int = 90
    key_grace_days: int = 14
    drain_timeout: float = 5.0


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "development": {"environment": "development", "log_level": "DEBUG"},
    "staging": {"environment": "staging"},
    "production": {"environment": "production"},
}

NAMES: Mapping[str, str] = {
    "SECURITY_LEVEL": "level",
    "DEPLOYMENT_ENVIRONMENT": "environment",
    "DATABASE_URL": "database_url",
    "STORE_URL": "store_url",
    "LLM_URL": "llm_url",
    "PUBLIC_URL": "public_url",
    "CORS_ORIGINS": "cors_origins",
    "TRUSTED_PROXIES": "trusted_proxies",
    "TRUSTED_PROXY_HOPS": "trusted_proxy_hops",
    "SECRETS_DIR": "secrets_dir",
    "FILES_DIR": "files_dir",
    "RATE_LIMITING_ENABLED": "rate_limiting_enabled",
    "API_KEY_ROTATION_ENABLED": "api_key_rotation_enabled",
    "CORS_STRICT_MODE": "cors_strict_mode",
    "SECURITY_HEADERS_ENABLED": "security_headers_enabled",
    "DEBUG": "debug",
    "LOG_LEVEL": "log_level",
    "LOG_RETENTION_DAYS": "log_retention_days",
    "WEBHOOK_ALLOWED_HOSTS": "webhook_allowed_hosts",
    "WEBHOOK_RESOLVER": "webhook_resolver",
    "REPLICA_NAME": "replica_name",
    "MAX_BODY_BYTES": "max_body_bytes",
    "MAX_JSON_DEPTH": "max_json_depth",
    "BODY_TIMEOUT": "body_timeout",
    "TOKEN_LIFETIME": "token_lifetime",
    "KEY_MAX_AGE_DAYS": "key_max_age_days",
    "KEY_GRACE_DAYS": "key_grace_days",
    "DRAIN_TIMEOUT": "drain_timeout",
}

_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; SETTINGS_FILE names a TOML file with the same names in lower case.

    Raises SettingsError for a value of the wrong shape, naming the variable and the mend.
    """
    given: dict[str, Any] = {}
    if path := environ.get("SETTINGS_FILE"):
        given.update(_read_file(Path(path)))
    given.update({name: environ[name] for name in NAMES if environ.get(name, "") != ""})
    level = str(given.get("SECURITY_LEVEL", "production"))
    if level not in LEVELS:
        raise SettingsError(f"SECURITY_LEVEL is {level!r}: use one of {', '.join(LEVELS)}.")
    values: dict[str, Any] = dict(PRESETS[level])
    types = {item.name: str(item.type) for item in fields(Settings)}
    for name, raw in given.items():
        values[NAMES[name]] = _convert(name, raw, types[NAMES[name]])
    return Settings(**values)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"SETTINGS_FILE {path} can't be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"SETTINGS_FILE {path} is not valid TOML: {error}.") from error
    given = {name.upper(): value for name, value in document.items()}
    if unknown := sorted(set(given) - set(NAMES)):
        raise SettingsError(f"SETTINGS_FILE {path} has unknown settings: {', '.join(unknown)}.")
    return given


def _convert(name: str, raw: Any, kind: str) -> Any:
    try:
        if kind == "bool":
            return raw if isinstance(raw, bool) else _TRUTH[str(raw).lower()]
        if kind == "int":
            return int(raw)
        if kind == "float":
            return float(raw)
        if kind == "Path":
            return Path(raw)
        if kind.startswith("tuple"):
            items = raw if isinstance(raw, list) else str(raw).split(",")
            return tuple(text for item in items if (text := str(item).strip()))
        return str(raw)
    except (KeyError, ValueError) as error:
        wanted = {"bool": "true or false", "int": "a whole number", "float": "a number"}
        raise SettingsError(f"{name} is {raw!r}: give {wanted.get(kind, kind)}.") from error


def weaknesses(settings: Settings, secret_sizes: Mapping[str, int]) -> list[str]:
    """Why these settings must not serve production, one sentence each; empty when they may.

    `secret_sizes` gives the bytes of each symmetric secret by name.
    """
    found: list[str] = []
    for name, least in (("api-key-pepper", 32), ("audit.key", 32)):
        if secret_sizes.get(name, 0) < least:
            found.append(f"The secret {name} has fewer than {least} bytes: provision a new one.")
    if not settings.rate_limiting_enabled:
        found.append("Rate limiting is off: set RATE_LIMITING_ENABLED=true.")
    if not settings.security_headers_enabled:
        found.append("Security headers are off: set SECURITY_HEADERS_ENABLED=true.")
    if not settings.cors_strict_mode:
        found.append("CORS is not strict: set CORS_STRICT_MODE=true.")
    if not settings.api_key_rotation_enabled:
        found.append("API keys are never rotated: set API_KEY_ROTATION_ENABLED=true.")
    for origin in settings.cors_origins:
        if not _exact_https_origin(origin):
            found.append(f"CORS_ORIGINS has {origin!r}: list exact https origins only.")
    if urlsplit(settings.public_url).scheme != "https":
        found.append("PUBLIC_URL is not https: give the address clients use, with TLS.")
    if settings.debug or settings.log_level.upper() == "DEBUG":
        found.append("Debugging is on: set DEBUG=false and LOG_LEVEL=INFO.")
    if settings.token_lifetime > 3600:
        found.append("TOKEN_LIFETIME is over an hour: give 3600 seconds or fewer.")
    return found


def _exact_https_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    return (
        parts.scheme == "https"
        and bool(parts.hostname)
        and "*" not in origin
        and origin == f"{parts.scheme}://{parts.netloc}"
        and "@" not in parts.netloc
    )
