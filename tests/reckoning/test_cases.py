"""Each named case comes to what was worked out for it by hand."""

from pathlib import Path

import pytest

from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.toml"))
AT_LEAST = 60


def test_there_are_cases() -> None:
    assert len(CASES) >= AT_LEAST


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    assert reckon(read_case(path.read_text(encoding="utf-8")))["differences"] == []
