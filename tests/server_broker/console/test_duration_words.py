"""A duration on a page is told in one unit, small enough to follow it and large enough to read."""

from datetime import timedelta

import pytest

from server_broker.console.words import duration_words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(minutes=119), "1 小时"),
        (timedelta(days=1), "1 天"),
        (timedelta(hours=47, minutes=59), "47 小时"),
        (timedelta(days=2, hours=23), "2 天"),
        (timedelta(days=30), "30 天"),
    ],
)
def test_a_duration_is_told_in_one_unit(duration: timedelta, words: str) -> None:
    assert duration_words(duration) == words
