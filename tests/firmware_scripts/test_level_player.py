"""The demonstration's player answers the question on the screen, even if something else is shown before it for a
while."""

import pytest

from firmware_scripts.demo import level_player
from firmware_scripts.demo.level_player import Terminal, play_level
from firmware_scripts.demo.processes import NotInTime
from firmware_scripts.demo.sample_pack import sample_pack
from protocol.packs import Pack

PACK = sample_pack()
FIRST = PACK.levels[0].questions[0]


RIGHT = "✓ 答对了 看结果"


def asked(*, options: bool = True) -> str:
    lines = [f"{number} {option}" for number, option in enumerate(FIRST.options, start=1)]
    return "\n".join(["还可以错 2 次", FIRST.stem, *(lines if options else ()), "0 离开本关"])


class Scripted(Terminal):
    """A terminal whose screens follow one another at each look; the last stays."""

    def __init__(self, *screens: str) -> None:
        self.screens, self.pressed = list(screens), list[str]()

    def screen(self) -> str:
        return self.screens.pop(0) if len(self.screens) > 1 else self.screens[0]

    def press(self, *keys: str) -> None:
        self.pressed += keys


def test_what_was_seen_counts_though_it_is_gone_at_the_next_look() -> None:
    assert Scripted("看结果", "✓ 过关了", "上午好").wait_for("× 没有过关", "✓ 过关了") == "✓ 过关了"


def test_a_text_that_never_comes_is_named() -> None:
    with pytest.raises(NotInTime, match="过关了"):
        Scripted("上午好").wait_for("✓ 过关了", timeout_s=0.2)


def test_a_touch_that_stands_before_the_question_is_waited_out() -> None:
    terminal = Scripted("还可以错 2 次", "✓ 上班 已记录", asked(), asked(), asked(), RIGHT, RIGHT, "✓ 过关了")
    level_player._answer(terminal, PACK)
    assert terminal.pressed == [*level_player.keys_for(FIRST, asked()), "Enter"]


def test_one_that_comes_between_two_looks_begins_the_level_anew(capsys: pytest.CaptureFixture[str]) -> None:
    begun = ("3 学习", *[f"1 {PACK.title} 0 返回"] * 3, *["请按数字选一关 0 返回"] * 2)
    cut = (*begun, "还可以错 2 次", asked(), asked(), "✓ 上班 已记录", "3 学习")
    whole = (*begun, "还可以错 2 次", asked(), asked(), asked(), RIGHT, RIGHT, "✓ 过关了")
    assert play_level(Scripted(*cut, *whole), PACK)
    assert "not there" in capsys.readouterr().err


def test_it_gives_up_after_some_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Pack] = []
    monkeypatch.setattr(level_player, "_play_once", lambda _, pack: tries.append(pack))
    assert not play_level(Scripted(""), PACK, tries=2)
    assert tries == [PACK, PACK]
