"""The fence against every interleaving of three appenders of which some draw twice."""

from __future__ import annotations

import pytest

from tests.fence_model import READ, appends, explore


@pytest.mark.parametrize(
    ("draws", "states"),
    [((1, 1, 2), 111_131), ((1, 2, 2), 302_126), ((2, 2, 2), 314_296)],
)
def test_three_appenders_never_make_a_reader_skip(draws: tuple[int, ...], states: int) -> None:
    assert explore([appends(count) for count in draws], READ * 2) == states
