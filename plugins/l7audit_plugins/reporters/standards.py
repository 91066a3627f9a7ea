"""The catalogues that controls are mapped to, by the names that `controls.yaml` uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TITLES: Mapping[str, str] = {
    "owasp-api-2023": "OWASP API Security Top 10 (2023)",
    "owasp-llm-2026": "OWASP Top 10 for LLM applications (2026)",
    "asvs-5.0.0": "OWASP ASVS 5.0.0",
    "nist-800-53": "NIST SP 800-53 Rev. 5",
    "nist-800-228": "NIST SP 800-228",
    "pci-dss-4.0.1": "PCI DSS 4.0.1",
    "iso-27001-2022": "ISO/IEC 27001:2022",
    "soc2-tsc": "SOC 2 trust services criteria",
}
"""What a catalogue is called; one that is not here goes by its own name."""

_SHARED_ALIKE = ("owasp-api-2023", "owasp-llm-2026", "asvs-5.0.0")


def attributed(names: Iterable[str]) -> list[str]:
    """Those of the catalogues, by title, whose licence (CC BY-SA 4.0) asks to be attributed."""
    used = set(names)
    return [TITLES[name] for name in _SHARED_ALIKE if name in used]
