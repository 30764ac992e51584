"""An identity number is told wherever somebody types one, and a staff number is not taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_broker.people.identity import identity_number_in
from tests.cast import SHILI_VILLAGE


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",
        "11010519491231002x",
        "110105 19491231 002X",
        "110105-1949-1231-002X",
        "990101199001010004",
        "440524188001010014",
        "130503670401001",
        "张示例 11010519491231002X",
        "编号11010519491231002X号",
        "110105194912310021",
        "１１０１０５１９４９１２３１００２Ｘ",
        "身份证１１０１０５　１９４９１２３１－００２ｘ",
        "１３０５０３６７０４０１００１",
    ],
)
def test_an_identity_number_is_told(text: str) -> None:
    assert identity_number_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1001",
        SHILI_VILLAGE,
        "13800000000",
        "6222020200112345678",
        "110105999999999",
        "123456789012345678",
        "X" * 18,
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert identity_number_in(text) == ""


@given(st.integers(10**16, 9 * 10**16 - 1).map(str))
def test_the_check_digit_tells(first: str) -> None:
    """ISO 7064 MOD 11-2: with the right check character the weighted sum leaves 1."""
    (right,) = [last for last in "0123456789X" if _remainder(first, last) == 1]
    assert identity_number_in(first + right) == first + right


def _remainder(first: str, last: str) -> int:
    values = [*map(int, first), 10 if last == "X" else int(last)]
    return sum(value * (1 << (17 - place)) for place, value in enumerate(values)) % 11
