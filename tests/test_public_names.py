"""The names that suites and plugins build on. Changing one is a decision, not an accident."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PINNED = {
    "l7audit.errors": """
        AuditError BudgetSpentError CatalogueError CredentialError DamagedJournalError
        DocumentError ForeignJournalError HistoryError JournalError OutOfScopeError PluginError
        ProfileError ProviderError ScanError TargetLostError UsageError WaiverError""",
    "l7audit.harness.check": "Check",
    "l7audit.harness.saying": "Ended Holds Saying",
    "l7audit.hookspecs": """
        Diagnosis Lab PROJECT Progress Provider Reporter Scanner StandingProvider Suite
        hookimpl hookspec l7audit_observe_record l7audit_register_provider
        l7audit_register_reporter l7audit_register_scanner l7audit_register_suite""",
    "l7audit.journal": """
        AnyRecord Aside Baseline CheckEnded CheckStarted Exchange FORMAT Fault Journal KnownFinding
        Measurement Message Observation PastRun ProofCell R Record Records RunEnded RunResumed
        RunStarted Skipped StackEvent Timeline Violation Witness decode digest encode of_type
        read""",
    "l7audit.model": """
        AreaName Authorisation Backup BackupControl Capability Component Confidence Control
        ControlId Credential Day DocumentedTarget Frozen GatePolicy Identity Kind Mint Moment Place
        Restored Safety Score Severity Source Strict Target Verdict Waiver""",
    "l7audit.probe.answer": "Answer Headers MAX_DEPTH RefusalStyle",
    "l7audit.probe.request": "Auth Pairs Request",
    "l7audit.profile": "Budget DEFAULT FILE MOST_NODES Profile TargetProfile built_in load parse",
    "l7audit.scanning": "Ground Scan Weakness",
}
"""All that these modules define: what is added or dropped here is told to plugin authors."""

FOR_SUITES = {
    "l7audit.errors": "AuditError CredentialError ProviderError TargetLostError",
    "l7audit.harness.backups": "Backups",
    "l7audit.harness.check": "Check",
    "l7audit.hookspecs": "Suite hookimpl",
    "l7audit.model": PINNED["l7audit.model"],
    "l7audit.probe.answer": "Answer Headers",
    "l7audit.probe.certificate": "Shown",
    "l7audit.probe.handshake": "Offer possible",
    "l7audit.probe.http2": "MOST_CONTENT SECONDS Stream",
    "l7audit.probe.logs": "Logs MOST_BYTES",
    "l7audit.probe.patience": "retry_after",
    "l7audit.probe.raw": "Raw Talk",
    "l7audit.probe.request": "Auth Request",
    "l7audit.probe.storage": "Kept Row Storage",
    "l7audit.target": "meaning quantities",
    "l7audit.target.compose": "DEPTH Path compose put text",
    "l7audit.target.filling": "Filler filled fitting",
    "l7audit.target.forms": "is_forgery_token login_form",
    "l7audit.target.fresh": "may_be_taken renewed",
    "l7audit.target.likeness": "alike says_nothing",
    "l7audit.target.operation": "FORM MULTIPART Operation Parameter is_json",
    "l7audit.target.origins": "items names_of origins",
    "l7audit.target.patterns": "admits",
    "l7audit.target.persons": "Facts PERSON calls facts_in facts_of",
    "l7audit.target.references": "Reference of_body",
    "l7audit.target.schemas": "Schema alternative properties required type_of walk",
    "l7audit.target.sessions": "Sessions",
    "l7audit.target.surface": "Surface",
    "l7audit.target.target_model": "Surface TargetModel",
    "l7audit.target.tokens": "claims is_session session_cookie token_in",
    "l7audit.target.values": "keep made_values resolve things values_in",
    "l7audit.target.words": "Words all_words says words",
    "l7audit.target.xml_documents": "is_xml sample",
}
FOR_PLUGINS = {
    **PINNED,
    "l7audit.assess.promises": "SCORE",
    "l7audit.assess.quantities": "interval percentage quantity",
    "l7audit.assess.results": """
        AreaResult CheckResult ControlResult Finding GateResult HistoryPoint OutOfScope Proof
        ProofVariant Results TargetResult WaiverResult WitnessResult encode""",
    "l7audit.assess.statistics": "quantile rate_bounds",
    "l7audit.probe.curl": "curl",
    "l7audit.probe.scope": "Origin on_loopback",
    "l7audit.target.operation": FOR_SUITES["l7audit.target.operation"],
    "l7audit.target.surface": FOR_SUITES["l7audit.target.surface"],
    "l7audit.target.values": "keep resolve things values_in",
    "l7audit.target.reachable": "looked_for",
}


def defined(module: str) -> set[str]:
    """The public names that a module itself defines, or that a package says are its own."""
    file = importlib.import_module(module).__file__
    assert file is not None
    names: set[str] = set()
    for node in ast.parse(Path(file).read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id="__all__")], value=listed):
                names.update(ast.literal_eval(listed))
            case ast.Assign(targets=targets):
                names.update(t.id for t in targets if isinstance(t, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("module", PINNED)
def test_a_public_module_defines_exactly_its_pinned_names(module: str) -> None:
    assert defined(module) == set(PINNED[module].split())


def imports(folder: str) -> Iterator[tuple[Path, str, str]]:
    """Every name of the core that a package takes, with the file that takes it."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                if node.module.split(".")[0] == "l7audit":
                    yield from ((path, node.module, alias.name) for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (
                    (path, a.name, "") for a in node.names if a.name.split(".")[0] == "l7audit"
                )


BUILT_ON = [
    ("suites/l7audit_suites", FOR_SUITES),
    ("plugins/l7audit_plugins", FOR_PLUGINS),
    ("examples/l7audit-shop/l7audit_shop/suite", FOR_SUITES),
    ("examples/l7audit-shop/l7audit_shop", {**FOR_SUITES, **FOR_PLUGINS}),
]


@pytest.mark.parametrize(("folder", "allowed"), BUILT_ON)
def test_what_is_built_on_the_core_uses_its_public_names_only(
    folder: str, allowed: dict[str, str]
) -> None:
    strangers = [
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path, module, name in imports(folder)
        if name not in allowed.get(module, "").split()
    ]
    assert strangers == []


@pytest.mark.parametrize(("folder", "allowed"), BUILT_ON)
def test_every_public_name_exists(folder: str, allowed: dict[str, str]) -> None:
    for module, names in allowed.items():
        for name in names.split():
            assert hasattr(importlib.import_module(module), name), f"{module}.{name} of {folder}"
