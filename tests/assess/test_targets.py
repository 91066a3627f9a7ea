from __future__ import annotations

import pytest

from l7audit.assess.quantities import bound
from l7audit.assess.targets import documented_targets, parse
from l7audit.errors import CatalogueError

PROMISED = {
    "auth-success-rate": "= 100 %",
    "rate-limit-compliance": "= 100 %",
    "security-violation-rate": "< 0.01 %",
    "input-validation-success": "= 100 %",
    "cors-policy-compliance": "= 100 %",
    "uptime": "> 99.9 %",
    "response-time-p95": "< 200 ms",
    "error-rate": "< 1 %",
    "resource-utilisation": "< 80 %",
    "deployment-success-rate": "> 99 %",
    "security-score": "> 95",
    "critical-vulnerabilities": "= 0",
    "dependency-updates": "< 7 days",
    "backup-success-rate": "= 100 %",
    "recovery-time": "< 900 s",
}


def test_every_number_of_the_documentation_is_a_target() -> None:
    assert {t.id: bound(t) for t in documented_targets()} == PROMISED


def test_a_tolerance_is_only_given_to_a_promise_of_all() -> None:
    for target in documented_targets():
        assert not target.tolerance or target.at_least == 1.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- id: [", "is not YAML"),
        ("- id: x\n  statement: x\n  section: x\n  unit: s\n", "x promises no number"),
        ("- id: x\n  typo: 1\n", "unknown field `typo`"),
        (
            "- &a {id: x, statement: x, section: x, unit: s, at_most: 1}\n- *a\n",
            "x stands there twice",
        ),
    ],
)
def test_a_malformed_file_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(CatalogueError, match=sentence):
        parse(text)
