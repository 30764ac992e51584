"""Every named case comes to what it expects, through the function of ``cunhui-server settle``."""

from pathlib import Path

import pytest

from server_broker.settlement.named_cases.command import AS_EXPECTED, settle_case

CASES = sorted((Path(__file__).parents[2] / "cases").glob("*.toml"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_named_case_comes_to_what_it_expects(file: Path) -> None:
    code, said = settle_case(file)

    assert said["differences"] == []
    assert code == AS_EXPECTED
    assert said["name"] == file.stem
