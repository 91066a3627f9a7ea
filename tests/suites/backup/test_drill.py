"""What of the writes that were acknowledged is lost, and since when."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from l7audit.harness.backups import Backups
from l7audit.model import BackupControl
from l7audit_suites.backup.drill import drill, missing, window
from l7audit_suites.fail.timeline import Attempt

WRITTEN = [Attempt(at - 0.1, at, None, f"m{at}") for at in (1.0, 2.0, 3.0, 4.0)]


@pytest.mark.parametrize(
    ("there", "moment", "seconds"),
    [
        ({"m1.0", "m2.0", "m3.0", "m4.0"}, 3.5, 0.0),
        ({"m1.0", "m2.0", "m3.0"}, 3.5, 0.0),  # the fourth was acknowledged later
        ({"m1.0", "m2.0"}, 3.5, 0.5),
        ({"m1.0", "m3.0"}, 3.5, 1.5),  # a hole counts from its beginning
        (set(), 3.5, 2.5),
    ],
)
def test_the_window_is_from_the_first_write_that_is_lost(
    there: set[str], moment: float, seconds: float
) -> None:
    assert window(WRITTEN, there, moment) == pytest.approx(seconds)


def test_what_is_missing_is_what_was_acknowledged_and_is_not_there() -> None:
    assert [a.marker for a in missing(WRITTEN, {"m2.0", "other"})] == ["m1.0", "m3.0", "m4.0"]


def test_where_nobody_restores_the_check_says_so_and_asks_for_nothing() -> None:
    def inconclusive(reason: str) -> NoReturn:
        raise LookupError(reason)

    obeys_nothing = "import sys; print('ready', flush=True); sys.exit(sys.stdin.read() != '')"
    control = BackupControl(control=[sys.executable, "-c", obeys_nothing])
    check: Any = SimpleNamespace(backups=lambda: Backups(control), inconclusive=inconclusive)
    with pytest.raises(LookupError, match="Nobody restores"), drill(check):
        pass
