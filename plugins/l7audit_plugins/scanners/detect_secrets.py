"""detect-secrets: credentials that lie in the source."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from l7audit.hookspecs import Scanner, hookimpl
from l7audit.model import Confidence, Severity
from l7audit.scanning import Ground, Scan, Weakness
from l7audit_plugins.scanners import MEND
from l7audit_plugins.scanners.files import around, code, place

if TYPE_CHECKING:
    from detect_secrets.core.potential_secret import PotentialSecret

# Those that know a credential by its form. The others guess from words and entropy: what they
# see in sound code outweighs what they find.
DETECTORS = (
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector",
    "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector",
    "MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector",
    "PypiTokenDetector", "SendGridDetector", "SlackDetector", "SquareOAuthDetector",
    "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector",
)  # fmt: skip

# None of them asks the issuer whether a credential is live: that would give it away.
_SETTINGS = {
    "plugins_used": [{"name": name} for name in DETECTORS],
    "filters_used": [
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
        {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
    ],
}

_OF_A_MANUAL = re.compile(r"example|sample|placeholder|xxxx|your[-_]?", re.IGNORECASE)
_NOWHERE = re.compile(
    r"(localhost|127\.[0-9.]+|\[::1\]|.*\.(example|invalid|test|localhost)|(.*\.)?example\.\w+)"
)
_FILLED_IN = re.compile(r"^[{<$%\[(*]|^(user(name)?|pass(word)?|secret|\.+|\*+|x+)$", re.IGNORECASE)


class DetectSecrets(Scanner):
    """Credentials that lie in the source, known by their form."""

    name = "detect-secrets"
    distribution = "detect-secrets"
    mend = MEND

    def scan(self, ground: Ground) -> Scan:
        """Every text of the source, and a credential made up for the purpose."""
        # Imported here: a run that asks for no secrets must not wait for it.
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
        from detect_secrets.core.scan import scan_file
        from detect_secrets.settings import transient_settings

        source = ground.target.source
        files = code(source)
        specimen = ground.folder / "specimen.txt"
        specimen.write_text(f"key = '{_made_up()}'\n", encoding="ascii")
        with transient_settings(_SETTINGS):
            known: Iterable[type[Any]] = get_mapping_from_secret_type_to_class().values()
            forms = [f for k in known if k.__name__ in DETECTORS for f in k.denylist]
            seen = {f: list(scan_file(str(f))) for f in (*files, specimen) if _may_hold(f, forms)}
        found = bool(seen.pop(specimen, []))
        return Scan(
            looked_at=tuple(place(source, file) for file in files),
            unit="files",
            specimen="detect-secrets finds a key made up for this run",
            found=found,
            weaknesses=tuple(_weaknesses(ground, seen)),
        )


def _made_up() -> str:
    """What a key of AWS looks like; nobody's."""
    return "AKIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))


def _may_hold(file: Path, forms: list[Any]) -> bool:
    """Whether any detector sees something in the file as a whole: line by line costs far more."""
    text = file.read_bytes().decode("utf-8", "replace")
    return any(form.search(text) for form in forms)


def _weaknesses(ground: Ground, seen: dict[Path, list[PotentialSecret]]) -> Iterator[Weakness]:
    for file, found in seen.items():
        lines = file.read_bytes().decode("utf-8", "replace").splitlines()
        for secret in sorted(found, key=lambda s: s.line_number):
            line = lines[secret.line_number - 1] if secret.line_number <= len(lines) else ""
            if _harmless(secret, line):
                continue
            part = f"{secret.type}{around(file, secret.line_number)}"
            yield Weakness(
                rule=secret.type,
                place=place(ground.target.source, file, part),
                message=f"a credential lies in the source: {secret.type}",
                severity=Severity.HIGH,
                confidence=Confidence.STRONG,
                expected="credentials from the environment or a store of secrets",
                seen=f"line {secret.line_number}",
            )


def _harmless(secret: PotentialSecret, line: str) -> bool:
    """Whether it is an example of a manual, or a password for nowhere."""
    value = secret.secret_value or ""
    if _OF_A_MANUAL.search(value):
        return True
    if secret.type != "Basic Auth Credentials":
        return False
    hosts = [urlsplit(url).hostname or "" for url in re.findall(r"\w+://[^\s\"'`<>]+", line)]
    return bool(_FILLED_IN.search(value)) or all(_NOWHERE.fullmatch(h) for h in hosts)


@hookimpl
def l7audit_register_scanner() -> DetectSecrets:
    """detect-secrets under its own name."""
    return DetectSecrets()
