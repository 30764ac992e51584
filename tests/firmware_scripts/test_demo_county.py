"""Who waits for a county to be ready hears at once that it has given up, and why."""

from pathlib import Path

import pytest

from firmware_scripts.demo.county import CountyEnded, DemoCounty


def test_a_county_that_gives_up_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(CountyEnded, match=r"没有 county\.toml"):
        DemoCounty(tmp_path / "nothing-here").start()
