"""bandit's report in our words: names that stay, and no settings but ours."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.errors import ScanError
from l7audit.model import Confidence, Severity
from l7audit_plugins.scanners import bandit
from l7audit_plugins.scanners.bandit import Bandit

SHELL = (
    "import subprocess\n\nclass A:\n    def run(self, x):\n        subprocess.call(x, shell=True)\n"
)


def places(scan: Any) -> list[str]:
    return [str(w.place) for w in scan.weaknesses if w.severity is Severity.HIGH]


def test_a_weakness_is_named_by_file_rule_and_function_and_not_by_its_line(ground: Any) -> None:
    scan = Bandit().scan(ground({"app/run.py": SHELL, "app/fine.py": "x = 1\n"}))
    assert scan.found
    assert [p.operation for p in scan.looked_at] == ["app/fine.py", "app/run.py"]
    (sure,) = [w for w in scan.weaknesses if w.severity is Severity.HIGH]
    assert str(sure.place) == ("app/run.py (B602 subprocess_popen_with_shell_equals_true in A.run)")
    assert sure.confidence is Confidence.STRONG
    assert sure.seen == "line 5"


def test_settings_that_lie_in_the_source_do_not_count(ground: Any) -> None:
    hostile = {".bandit": "[bandit]\nskips: B602\nexclude: /\n", "run.py": SHELL}
    assert len(places(Bandit().scan(ground(hostile)))) == 1


def test_what_the_code_accepts_is_counted(ground: Any) -> None:
    text = SHELL.replace("True)", "True)  # nosec B602")
    scan = Bandit().scan(ground({"run.py": text}))
    assert places(scan) == []
    assert scan.notes["accepted_in_the_code"] == 1


def test_a_file_that_is_no_python_was_not_looked_at(ground: Any) -> None:
    scan = Bandit().scan(ground({"broken.py": "def :\n", "fine.py": "x = 1\n"}))
    assert [p.operation for p in scan.looked_at] == ["fine.py"]
    assert scan.notes["unread"] == ["broken.py"]


def test_without_source_and_beyond_its_time_it_says_so(
    ground: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ground({"a.py": "x = 1\n"})
    monkeypatch.setattr(bandit, "SECONDS", 0.01)
    with pytest.raises(ScanError, match=r"bandit was not done after 0\.01 s"):
        Bandit().scan(given)


def test_a_path_that_is_not_there_is_said(ground: Any) -> None:
    given = ground({"a.txt": "x"}, paths=["nowhere"])
    with pytest.raises(ScanError, match=r"nowhere does not exist. Correct target\.source"):
        Bandit().scan(given)


def test_an_empty_folder_is_said(ground: Any) -> None:
    with pytest.raises(ScanError, match=r"No source is named, or it holds no file"):
        Bandit().scan(ground({".git/config": "x", "build/a.py": "x = 1"}))
