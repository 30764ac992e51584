"""The kiosk's unit by its own command line on headless screens of every size, and with no key of foot's left."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.pictures.stage import Screen, Stage, stage
from kiosk_tui.drawing import theme
from kiosk_tui.drawing.textsize import fitting
from kiosk_tui.guard import REPEAT_MS
from kiosk_tui.session.session import TERMINAL_CONFIG, main, terminal
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from protocol.kiosk import AskHelp
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples

EXAMPLE = Path("/etc/xdg/foot/foot.ini")
"""Comes with foot and lists its defaults, each behind a #."""


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME) as fake:
        yield fake


@pytest.mark.parametrize(
    ("screen", "cells"),
    [
        (Screen(1920, 1080), (80, 22)),
        (Screen(1366, 768), (80, 22)),
        (Screen(1280, 720), (80, 22)),
        (Screen(1024, 600), (60, 16)),
        (Screen(800, 480), (61, 16)),
        (Screen(640, 480), (53, 16)),
    ],
    ids=str,
)
def test_the_unit_shows_home_and_a_touch_at_every_size(
    agent: FakeAgent, screen: Screen, cells: tuple[int, int]
) -> None:
    with stage(agent.path, screen) as shown:
        shown.wait_for(words.PRESENT_CARD)
        assert shown.cells() == cells
        agent.send(samples.GREEN)
        shown.wait_for(words.ANSWER["recorded"])


def test_a_screen_that_stands_upright_is_measured_upright(agent: FakeAgent) -> None:
    with stage(agent.path) as shown:
        shown.wait_for(words.PRESENT_CARD)
        shown.tool("wlr-randr", "--output", "HEADLESS-1", "--transform", "90")
        wait_until(lambda: shown.cells() == (60, 42), what="the size of the turned screen", timeout_s=30)


def test_its_help_is_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("用法：")
    for english in ("usage", "options", "positional", "show this", "Run the kiosk"):
        assert english not in said


def test_without_a_compositor_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["true"]) == 1
    monkeypatch.setenv("WAYLAND_DISPLAY", "nobody-listens")
    assert main(["true"]) == 1
    assert "WAYLAND_DISPLAY" in capsys.readouterr().err


def test_the_session_ends_with_its_terminal(agent: FakeAgent) -> None:
    with stage(agent.path) as shown:
        shown.wait_for(words.PRESENT_CARD)
        shown.tmux("kill-server")
        wait_until(lambda: not shown.cage.running(), what="the end of the unit's command", timeout_s=30)


def test_foot_takes_the_file(tmp_path: Path) -> None:
    check = [*terminal(fitting(1280, 720).normal, 6), "--check-config"]
    done = subprocess.run(check, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stderr) == (0, "")


def test_the_terminals_colours_are_the_themes() -> None:
    colours = _settings(TERMINAL_CONFIG.read_text(encoding="utf-8"))["colors"]
    assert {name: f"#{value}" for name, value in colours.items()} == {
        "background": theme.COLOURS["day"]["paper"],
        "foreground": theme.COLOURS["day"]["ink"],
    }


def test_no_binding_of_foots_own_is_left() -> None:
    defaults = _settings(re.sub(r"^# (?=\S+?\s*=)", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    ours = _settings(TERMINAL_CONFIG.read_text(encoding="utf-8"))
    bound = {
        (section, name)
        for section, settings in defaults.items()
        if section.endswith("-bindings")
        for name, combination in settings.items()
        if _binds(name, combination)
    }
    assert len(bound) > 40, "the example has the defaults"
    assert {(section, name) for section, name in bound if ours.get(section, {}).get(name) != "none"} == set()


def _binds(name: str, combination: str) -> bool:
    """Examples that take a command, and those of text, stand there with a combination that is no default."""
    return combination.partition("#")[0].strip() != "none" and not combination.startswith("[") and "\\" not in name


def _settings(text: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    section = "main"
    for line in text.splitlines():
        if header := re.fullmatch(r"\[(.+)\]", line.strip()):
            section = header[1]
        elif line.strip() and not line.startswith("#"):
            name, _, value = line.partition("=")
            sections.setdefault(section, {})[name.strip()] = value.strip()
    return sections


COMBINATIONS = (
    "ctrl shift n",
    "ctrl shift r",
    "ctrl shift u",
    "ctrl shift o",
    "ctrl shift x",
    "ctrl shift v",
    "ctrl shift c",
    "shift Insert",
    "shift Page_Up",
    "ctrl plus",
    "ctrl minus",
    "ctrl 0",
    "alt F4",
    "alt Tab",
    "ctrl alt F2",
    "ctrl alt Delete",
    "ctrl alt BackSpace",
    "logo d",
    "logo l",
    "alt Return",
)
EVERY_KEY = (
    *(f"F{number}" for number in range(1, 25)),
    *("Escape", "Tab", "Caps_Lock", "Menu", "Print", "Scroll_Lock", "Pause", "Super_L", "Delete", "Num_Lock"),
    *("XF86AudioMute", "XF86PowerOff", "XF86Sleep", "XF86WWW", "XF86Terminal", "XF86Switch_VT_2"),
)


def test_nothing_that_a_keyboard_has_opens_anything_or_swallows_a_key(agent: FakeAgent) -> None:
    with stage(agent.path, tmux=False) as shown:
        agent.wait_for_kiosk()
        _ask_for_help(shown, agent)
        shown.tool("wtype", *(argument for combination in COMBINATIONS for argument in _typed(combination)))
        shown.tool("wtype", *(argument for key in EVERY_KEY for argument in ("-k", key)))
        # A key that is stuck, and one that is let go of while another is held.
        shown.tool("wtype", "-P", "KP_Enter", "-s", "900", "-P", "a", "-p", "KP_Enter", "-s", "100", "-p", "a")
        shown.tool("wtype", "rm -rf /; exit\n:q!\n\x04\x1a" + "x" * 500)
        _ask_for_help(shown, agent)
        assert _terminals(shown) == 1
        assert agent.connections == 1


def _typed(combination: str) -> list[str]:
    *modifiers, key = combination.split()
    held = [argument for modifier in modifiers for argument in ("-M", modifier)]
    return [*held, "-k", key, *("-m" if argument == "-M" else argument for argument in held)]


def test_slash_changes_the_size_in_the_same_window_in_the_middle_of_a_question(agent: FakeAgent) -> None:
    agent.answers = samples.one_question_level
    with stage(agent.path, Screen(1920, 1080)) as shown:
        shown.wait_for(words.KEY_HELP)
        shown.press("3", words_learning.CHOOSE_PACK)
        shown.press("1", words_learning.CHOOSE_LEVEL)
        shown.press("1", words_learning.KEY_LEAVE)
        terminals = _feet(shown)
        assert shown.cells() == (80, 22)
        for size in ((66, 18), (58, 15), (80, 22)):
            shown.tmux("send-keys", "/")
            # From the largest to the smallest it passes the one between.
            wait_until(partial(_has_size, shown, size), what=f"the size {size}", timeout_s=20)
            shown.wait_for(samples.QUESTION.options[0])
            _let_go_of_the_key()
        assert _feet(shown) == terminals
        assert agent.connections == 1
        shown.press("2", words_learning.RIGHT)


def _has_size(shown: Stage, size: tuple[int, int]) -> bool:
    return shown.cells() == size


def _let_go_of_the_key() -> None:
    """Wait until the same key counts again: sooner than that it is one that is held down."""
    pressed_at = time.monotonic()
    wait_until(lambda: time.monotonic() - pressed_at > REPEAT_MS / 1000, what="the time of a held key", timeout_s=5)


def test_another_screen_shows_the_same_question(agent: FakeAgent) -> None:
    agent.answers = samples.one_question_level
    with stage(agent.path, Screen(800, 480)) as shown:
        shown.wait_for(words.KEY_HELP)
        shown.press("3", words_learning.CHOOSE_PACK)
        shown.press("1", words_learning.CHOOSE_LEVEL)
        shown.press("1", words_learning.KEY_LEAVE)
        agent.wait_until_kept(samples.QUESTION.stem)
        shown.resize(Screen(1920, 1080))
        wait_until(lambda: shown.cells() == (80, 22), what="the size of the new screen", timeout_s=30)
        shown.wait_for(samples.QUESTION.stem)
        assert agent.connections == 2


def _ask_for_help(shown: Stage, agent: FakeAgent) -> None:
    """Open help and call, until the agent hears of it; right after a change of screen keys are deaf."""
    before = len(agent.heard)

    def called() -> bool:
        return any(isinstance(said, AskHelp) for said in agent.heard[before:])

    def heard() -> bool:
        for key in "910":
            shown.tool("wtype", key)
            try:
                return wait_until(called, what="a call for help at the agent", timeout_s=1)
            except NotInTime:
                continue
        return False

    wait_until(heard, what="a call for help at the agent", timeout_s=20)


def _terminals(shown: Stage) -> int:
    """Count the foot processes of a screen."""
    return len(_feet(shown))


def _feet(shown: Stage) -> list[str]:
    mine = f"XDG_RUNTIME_DIR={shown.folder}".encode()
    return [process.name for process in Path("/proc").glob("[0-9]*") if _is_foot(process, mine)]


def _is_foot(process: Path, of: bytes) -> bool:
    try:
        return (process / "comm").read_text().strip() == "foot" and of in (process / "environ").read_bytes().split(
            b"\0"
        )
    except (FileNotFoundError, ProcessLookupError):  # it ended while it was looked at
        return False
