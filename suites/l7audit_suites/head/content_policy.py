"""Content-Security-Policy as browsers read it (CSP Level 3), and framing, which hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Policy = Mapping[str, tuple[str, ...]]
"""Directives by name, in lower case, with their sources as they were written."""

NONE = "'none'"
_ACTIVE = ("script-src", "object-src", "base-uri")
_EVERYWHERE = frozenset({"*", "http:", "https:", "data:", "blob:", "'unsafe-inline'"})
_FALLBACK = {
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "script-src": ("default-src",),
    "object-src": ("default-src",),
}


def parse(values: Sequence[str]) -> list[Policy]:
    """All policies of an answer; each comma starts another. All of them hold at once."""
    policies: list[Policy] = []
    for text in ",".join(values).split(","):
        policy: dict[str, tuple[str, ...]] = {}
        for directive in text.split(";"):
            name, *sources = directive.split() or [""]
            if name and name.lower() not in policy:  # of two alike the first counts
                policy[name.lower()] = tuple(sources)
        if policy:
            policies.append(policy)
    return policies


def sources(policy: Policy, directive: str) -> tuple[str, ...] | None:
    """The sources that hold for a directive, by its fallbacks too; None if nothing limits it."""
    for name in (directive, *_FALLBACK.get(directive, ())):
        if name in policy:
            return policy[name]
    return None


def nothing(listed: tuple[str, ...] | None) -> bool:
    """Whether a source list lets nothing through: it is empty, or says 'none' alone."""
    return listed is not None and {s.lower() for s in listed} <= {NONE}


def inert(policies: Sequence[Policy]) -> bool:
    """Whether a browser that renders the answer would run and embed nothing.

    So does `default-src 'none'`, and as strictly a sandbox without scripts, or none of scripts
    and of plug-ins.
    """
    return any(_sandboxed(p) for p in policies) or all(
        any(nothing(sources(p, name)) for p in policies) for name in ("script-src", "object-src")
    )


def _sandboxed(policy: Policy) -> bool:
    return "sandbox" in policy and "allow-scripts" not in {s.lower() for s in policy["sandbox"]}


def script_fault(policies: Sequence[Policy]) -> str:
    """Why a page under these policies would run an injected script; empty if it would not."""
    if any(_sandboxed(p) for p in policies):
        return ""
    faults = [_script_fault(p) for p in policies] or ["has no policy at all"]
    return "" if "" in faults else faults[0]


def _script_fault(policy: Policy) -> str:
    for directive in ("script-src-elem", "script-src-attr"):
        listed = sources(policy, directive)
        if listed is None:
            return "limits no scripts"
        lowered = {s.lower() for s in listed}
        # Beside a nonce, a hash or strict-dynamic, browsers pass over what is meant for old ones.
        guarded = any(
            s.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for s in lowered
        )
        if "'strict-dynamic'" in lowered and guarded:
            continue
        open_ = lowered & (_EVERYWHERE - {"'unsafe-inline'"} if guarded else _EVERYWHERE)
        if open_:
            return f"lets scripts in by {sorted(open_)[0]}"
    return ""


def api_fault(values: Sequence[str]) -> str:
    """What is wrong with the policy of an answer that is data; empty where nothing is."""
    policies = parse(values)
    if not policies:
        return "The answer has no Content-Security-Policy."
    if not inert(policies):
        return "A browser that renders the answer may run or embed active content."
    return ""


def page_fault(values: Sequence[str]) -> str:
    """What is wrong with the policy of an answer that is a page; empty where nothing is."""
    found = script_fault(parse(values))
    return f"The page's Content-Security-Policy {found}." if found else ""


def framing_fault(policy_values: Sequence[str], frame_options: Sequence[str]) -> str:
    """Why any site could frame the answer; empty if none can.

    `frame-ancestors` overrules X-Frame-Options, and has no fallback to default-src.
    """
    ancestors = [p["frame-ancestors"] for p in parse(policy_values) if "frame-ancestors" in p]
    if ancestors:
        wide = {"*", "http:", "https:"}
        if all({s.lower() for s in listed} & wide for listed in ancestors):
            return "The policy's frame-ancestors lets any site frame the answer."
        return ""
    options = {v.strip().upper() for line in frame_options for v in line.split(",") if v.strip()}
    if not options:
        return "Any site may frame the answer."
    if len(options) > 1 and options & {"DENY", "SAMEORIGIN", "ALLOWALL"}:
        return ""  # browsers deny where they contradict each other (HTML 7.6)
    if options & {"DENY", "SAMEORIGIN"}:
        return ""
    return f"Browsers ignore X-Frame-Options: {sorted(options)[0]}, so any site may frame it."
