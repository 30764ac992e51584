"""Some histories of the proof, as small as a test may be."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.learning.histories import lives
from tests.proofs.learning.planted import PLANTED, is_caught


@pytest.mark.parametrize("seed", range(6))
def test_three_stations_say_what_one_would_have_said(seed: int, tmp_path: Path) -> None:
    (life,) = lives(range(seed, seed + 1), lambda _: tmp_path)
    assert "\n".join(life.differences) == ""
    assert life.visits > 5
    assert life.compared > 3


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.__name__)
def test_a_fault_is_found(fault: Callable[[], AbstractContextManager[Any]]) -> None:
    assert is_caught(fault, range(12))
