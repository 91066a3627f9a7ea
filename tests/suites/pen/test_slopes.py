from __future__ import annotations

import pytest

from l7audit_suites.pen.slopes import FAMILIES, LARGE, SMALL, grows, null


@pytest.mark.parametrize(
    ("times", "nulls", "sizes", "found"),
    [
        ((0.009, 0.147), (0.004, 0.004), (16, 20), True),
        ((0.075, 0.3), (0.005, 0.006), (1000, 2000), True),  # twice the size, four times the time
        ((0.2, 0.4), (0.005, 0.006), (1000, 2000), False),  # in proportion
        ((0.2, 0.2), (0.2, 0.2), (1000, 2000), False),  # slow, whatever is sent
        ((0.005, 0.03), (0.004, 0.004), (16, 20), False),  # too little to be told from noise
        ((0.3, 0.1), (0.004, 0.004), (16, 20), False),  # one slow answer
    ],
)
def test_only_what_grows_faster_than_its_size_is_called_so(
    times: tuple[float, ...], nulls: tuple[float, ...], sizes: tuple[int, ...], found: bool
) -> None:
    assert grows(times, nulls, sizes) is found


@pytest.mark.parametrize("text", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("size", [*SMALL, *LARGE])
def test_a_text_has_its_size(text: object, size: int) -> None:
    assert abs(len(text(size)) - size) <= 2  # type: ignore[operator]
    assert len(null(size)) == size + 1
