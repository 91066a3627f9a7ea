"""Names that are often left open, each with what its content shows where it is the real thing.

Small and honest: what services, frameworks and people really leave behind, and one name where
others come with it, as everything else of a folder of version control does. Names have no slash at
their start: they are asked for at the target's root and below its document's own prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Form = re.Pattern[str]


def _form(pattern: str) -> Form:
    return re.compile(pattern, re.MULTILINE | re.IGNORECASE)


DEBUG: Mapping[str, Form] = {
    "actuator": _form(r'"_links"'),
    "actuator/env": _form(r'"propertySources"|"activeProfiles"'),
    "actuator/heapdump": _form(r"JAVA PROFILE"),
    "heapdump": _form(r"JAVA PROFILE"),
    "env": _form(r"\b(?:PATH|HOME|PWD)\b\"?\s*[:=]"),
    "debug": _form(r"\b(?:debug|stack|environ)"),
    "debug/pprof/": _form(r"goroutine|heap"),
    "debug/vars": _form(r'"(?:cmdline|memstats)"'),
    "debug/env": _form(r"\b(?:PATH|HOME|PWD)\b\"?\s*[:=]"),
    "debug/state": _form(r"\{"),
    "debug/routes": _form(r"/"),
    "debug/config": _form(r"\w+_(?:url|key|secret|dsn)"),
    "__debug__": _form(r"debug"),
    "_profiler": _form(r"profiler"),
    "profiler": _form(r"profil"),
    "console": _form(r"console|debugger"),
    "phpinfo.php": _form(r"PHP Version"),
    "server-status": _form(r"Apache Server Status|Total Accesses"),
    "metrics": _form(r"^# (?:HELP|TYPE) "),
    "prometheus": _form(r"^# (?:HELP|TYPE) "),
    "trace": _form(r"\"timestamp\"|\"trace"),
    "config": _form(r"\w+_(?:url|key|secret|dsn)"),
    "jolokia": _form(r'"agent"'),
    "elmah.axd": _form(r"Error Log"),
    "rails/info/routes": _form(r"Helper|routes"),
    "telescope": _form(r"telescope"),
    "_debugbar/open": _form(r"debugbar"),
}
"""Interfaces for developers and operators."""

_SECRETS = (
    r"\w*(?:pass(?:word|wd)?|secret|token|credential|dsn|private_?key|api_?key|access_?key"
    r"|connection_?string|database_?url|db_?url|redis_?url)\w*"
)
_JSON = _form(rf'"{_SECRETS}"\s*:')
"""A file that is served to browsers on purpose has the same form; what is secret is in none."""
_YAML = _form(rf"^\s*{_SECRETS}\s*:|^[\w.-]+:\s*$")
_INI = _form(r"\A(?:\s|[;#].*$)*\[[\w .:-]+\]\s*$")
_SET = _form(r"^\s*(?:export\s+)?[A-Z][A-Z0-9_]*\s*=")
_PROPERTIES = _form(r"^[a-z]\w*(?:[.-]\w+)+\s*[=:]")

FILES: Mapping[str, Form] = {
    ".git/HEAD": _form(r"^ref: refs/|^[0-9a-f]{40}$"),
    ".git/config": _form(r"^\[core\]\s*$"),
    ".env": _SET,
    ".env.production": _SET,
    ".env.local": _SET,
    ".env.bak": _SET,
    ".aws/credentials": _form(r"aws_access_key_id"),
    ".npmrc": _form(r"registry|_auth"),
    ".htpasswd": _form(r"^\w+:[$\w{]"),
    "config.json": _JSON,
    "settings.json": _JSON,
    "secrets.json": _JSON,
    "credentials.json": _JSON,
    "appsettings.json": _form(r"ConnectionStrings|Logging"),
    "config.yml": _YAML,
    "config.yaml": _YAML,
    "settings.yml": _YAML,
    "application.yml": _YAML,
    "config/database.yml": _form(r"^\s*adapter\s*:"),
    "application.properties": _PROPERTIES,
    "config.ini": _INI,
    "settings.ini": _INI,
    "config.toml": _INI,
    "settings.py": _SET,
    "web.config": _form(r"<configuration"),
    "docker-compose.yml": _form(r"^services:"),
    "backup.sql": _form(r"CREATE TABLE|INSERT INTO|PostgreSQL database dump"),
    "dump.sql": _form(r"CREATE TABLE|INSERT INTO|PostgreSQL database dump"),
    "db.sqlite3": _form(r"^SQLite format 3"),
    "backup.zip": _form(r"\APK"),
    "backup.tar.gz": _form(r"\A\x1f\ufffd"),
    "requirements.txt": _form(r"[=~]="),
    "package.json": _form(r'"dependencies"|"version"'),
}
"""Files of version control, configuration and backups."""

ANY = _form(r"")
LEFT_BEHIND = ("bak", "sql")
"""Endings that are tried on the names of the document's own collections."""

DOCUMENTATION: Mapping[str, Form] = {
    "docs": _form(r"swagger|redoc|openapi|rapidoc|scalar"),
    "redoc": _form(r"redoc"),
    "swagger": _form(r"swagger"),
    "swagger-ui": _form(r"swagger"),
    "swagger-ui.html": _form(r"swagger"),
    "swagger/index.html": _form(r"swagger"),
    "api-docs": _form(r"swagger|openapi"),
    "apidocs": _form(r"swagger|openapi"),
    "api/docs": _form(r"swagger|redoc|openapi"),
    "rapidoc": _form(r"rapidoc"),
    "scalar": _form(r"scalar|openapi"),
    "graphiql": _form(r"graphiql"),
    "playground": _form(r"graphql"),
    "altair": _form(r"altair|graphql"),
}
"""Pages on which an API is read and tried."""

ALL = {*DEBUG, *FILES, *DOCUMENTATION}

BELOW_PREFIX = {
    "actuator/env", "env", "debug", "debug/pprof/", "debug/vars", "console", "metrics", "trace",
    "config", ".env", ".git/HEAD", ".git/config", "config.json", "backup.sql", "docs", "redoc",
    "swagger", "api-docs", "graphiql",
}  # fmt: skip
"""Those that are worth asking for below the document's own prefixes, too."""

SIBLINGS = (
    "admin", "internal", "users", "accounts", "settings", "logs", "stats", "reports", "export",
    "backup", "test",
)  # fmt: skip
"""Names of routes that stand beside documented ones."""

OF_POWER = (
    "users",
    "accounts",
    "settings",
    "config",
    "logs",
    "stats",
    "reports",
    "export",
    "backup",
)
"""Names of routes that stand in a folder for administrators."""

BELOW = ("export", "all", "deleted")
"""Names of routes that stand below a documented collection."""

INNER = ("internal", "admin")
"""Folders in which an inner form of a documented collection may stand."""

OF_A_THING = ("history", "export", "audit", "internal")
"""Names of routes that stand below one thing."""

VERSIONS = ("beta", "internal", "legacy", "dev")
"""What else stands in a path where a version does."""
