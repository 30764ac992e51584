"""Whoever comes from another village of the township is told so beside the name: 外村."""

import pytest

from kiosk_tui.drawing.typeset import cells
from kiosk_tui.screens.touch import who
from protocol.kiosk import TouchShown


def shown(name: str, village: str) -> TouchShown:
    return TouchShown(colour="green", answer="recorded", name=name, village=village, wall=0, quality="synced")


@pytest.mark.parametrize(
    ("name", "village", "width", "said"),
    [
        ("赵示例", "", 40, "赵示例    08:00"),
        ("赵示例", "演示村", 40, "赵示例（外村：演示村）    08:00"),
        ("赵示例", "演示村", 30, "赵示例（外村）    08:00"),
        ("赵示例示例示例示例", "演示村", 30, "赵示…（外村）    08:00"),
    ],
)
def test_the_name_says_it_as_far_as_there_is_room(name: str, village: str, width: int, said: str) -> None:
    assert who(shown(name, village), width) == said
    assert cells(said) <= width
