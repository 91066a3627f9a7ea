"""The exception tree. Each error carries the sentence that its reader needs next.

AuditError                 what l7audit raises on purpose; only the CLI turns it into an exit
├── UsageError             the command line, an unknown control, an unusable folder
│   └── ProfileError       the profile is malformed: file, line and column
├── WaiverError            a waiver is invalid or expired
├── CatalogueError         a controls.yaml contradicts itself or its checks
├── JournalError           a journal cannot be written
│   ├── ForeignJournalError     what was given is no journal that this version reads
│   └── DamagedJournalError     a journal was changed after it was written
├── HistoryError           the history of runs cannot be read or written
├── PluginError            a plugin is missing, broken or claims a taken name
├── OutOfScopeError        a request would leave what the profile allows
├── BudgetSpentError       the run's ceiling of requests is reached
├── ScanError              a scanner is missing, broke or had nothing to look at
└── ProviderError          a target cannot be opened or was lost
    ├── DocumentError           the target's OpenAPI document cannot be used
    ├── CredentialError         an identity's credentials do not work
    └── TargetLostError         the target stopped answering while it was audited
"""

from __future__ import annotations

from l7audit.exits import Exit


class AuditError(Exception):
    """A failure with one clear sentence: the cause, and the mend where there is one."""

    exit = Exit.INTERNAL

    def __init__(self, sentence: str, *, mend: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.sentence} {self.mend}".strip()


class UsageError(AuditError):
    """The caller asked for something that does not exist or cannot be done."""

    exit = Exit.USAGE


class ProfileError(UsageError):
    """The profile is malformed; the sentence starts with `file:line:column`."""


class WaiverError(AuditError):
    """A waiver is invalid or expired."""

    exit = Exit.WAIVERS


class CatalogueError(AuditError):
    """A catalogue contradicts itself or the checks beside it."""


class JournalError(AuditError):
    """A journal cannot be written or read."""


class ForeignJournalError(JournalError):
    """What was given is no journal, or one of another format."""

    exit = Exit.USAGE


class DamagedJournalError(JournalError):
    """A journal was changed after it was written: what it says can't be trusted."""

    exit = Exit.UNTRUSTED


class HistoryError(AuditError):
    """The history of runs cannot be read or written; no run fails for it."""


class PluginError(AuditError):
    """A plugin is missing, broken, or claims a name that is taken."""


class OutOfScopeError(AuditError):
    """A request would leave the target's origins or the allowed safety level; it was not sent."""

    exit = Exit.USAGE


class BudgetSpentError(AuditError):
    """The ceiling of requests is reached; nothing more is sent."""

    exit = Exit.UNTRUSTED


class ScanError(AuditError):
    """A scanner is missing, broke, took too long or had nothing to look at."""


class ProviderError(AuditError):
    """A target cannot be opened."""


class DocumentError(ProviderError):
    """The target's OpenAPI document is malformed, too large or of an unknown version."""


class CredentialError(ProviderError):
    """An identity cannot log in: its credentials are refused or no way in is known."""


class TargetLostError(ProviderError):
    """The target stopped answering, or its credentials stopped working, half-way."""
