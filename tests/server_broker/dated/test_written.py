"""Days and times as people write them."""

import datetime as dt

import pytest

from server_broker.dated.days import clock_written


@pytest.mark.parametrize(
    "text", ["08:25", "8:25", "08：25", "０８：２５", "0825", "825", "8点25分", "08点25", " 8 点 25 分 "]
)
def test_a_time_is_read_as_people_type_it(text: str) -> None:
    assert clock_written(text) == dt.time(8, 25)


@pytest.mark.parametrize(
    "text", ["", "8", "08", "24:00", "08:60", "8:5", "08:25:00:00", "08:25Z", "点25", "早上", "08:25" * 9]
)
def test_what_is_no_time_of_day_is_none(text: str) -> None:
    assert clock_written(text) is None
