"""A claim code that was typed wrong: the person learns whether to count or to compare its digits, and the county is
not asked."""

from pathlib import Path

import pytest

from agent.identity.enrolment import CountyRefused, enrol
from protocol.claim import check_digit

CODE = "123456789012"
RIGHT = CODE + check_digit(CODE)


def nobody_is_asked(url: str, ca_file: Path, body: bytes) -> tuple[int, bytes]:
    raise AssertionError(url)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (RIGHT[:4] + str((int(RIGHT[4]) + 1) % 10) + RIGHT[5:], "接入码不对，请重读：有一位输错了"),
        (RIGHT[1] + RIGHT[0] + RIGHT[2:], "两位颠倒了"),
        (RIGHT[:-1], "应为13位数字，现在是12位"),
        (RIGHT + "0", "应为13位数字，现在是14位"),
        ("", "应为13位数字，现在是0位"),
        (RIGHT[:-1] + "O", "里面有别的字"),
    ],
)
def test_it_says_what_is_wrong(folder: Path, typed: str, says: str) -> None:
    with pytest.raises(CountyRefused) as refused:
        enrol(folder, url="https://127.0.0.1:9", ca_file=folder / "ca.pem", claim=typed, post=nobody_is_asked)
    assert says in refused.value.message
    assert list(folder.iterdir()) == []
