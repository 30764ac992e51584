"""Play a level as a person does: the kiosk runs in tmux, keys go in, and answers come from what is on the screen."""

import re
import subprocess
import sys
import unicodedata
from abc import ABC, abstractmethod
from pathlib import Path

from firmware_scripts.demo.processes import NotInTime, wait_until
from kiosk_tui.words import common as words
from protocol.packs import Pack, Question

_LEARN, _CHOOSE, _PLACE = "3 学习", "0 返回", "还可以错"
_LEVELS = "请按数字选一关"
_LEAVE = "0 离开本关"
"""The screen names this key as soon as the keys of a question count."""
_RIGHT, _WRONG = "✓ 答对了", "× 答错了"
_NEXT, _RESULT, _READ_ON = "下一题", "看结果", "继续看"
_PAGES = 12
_TO_HOME = 4
"""Keys from a question to home."""
_PASSED, _FAILED = "✓ 过关了", "× 没有过关"


class Shown(ABC):
    """A kiosk that is read from outside, whatever shows it, and whose keys are pressed there."""

    @abstractmethod
    def press(self, *keys: str) -> None:
        """Send keys by tmux's names."""

    @abstractmethod
    def screen(self) -> str:
        """Return the text on the screen."""

    def wait_for(self, *texts: str, timeout_s: float = 15) -> str:
        """Wait until one of ``texts`` is on the screen, and return it.

        Raises:
            NotInTime: With the names of what was awaited.
        """
        return wait_until(lambda: self._first(texts), what=f"{texts} on the kiosk", timeout_s=timeout_s)

    def wait_until_gone(self, text: str, *, timeout_s: float = 15) -> None:
        """Wait until ``text`` is no longer on the screen.

        Raises:
            NotInTime: It still is.
        """
        wait_until(lambda: not self._first((text,)), what=f"{text} to leave the kiosk", timeout_s=timeout_s)

    def _first(self, texts: tuple[str, ...]) -> str:
        """Return the first of some texts that is on the screen, or an empty string."""
        screen = _plain(self.screen())
        return next((text for text in texts if _plain(text) in screen), "")


class Terminal(Shown):
    """One tmux server of its own with the kiosk in it."""

    def __init__(self, *, socket: Path, kiosk_socket: Path, columns: int = 80, rows: int = 22) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        command = f"exec {sys.executable} -m kiosk_tui.cli --socket {kiosk_socket}"
        subprocess.run(
            [*self._tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows), command],
            check=True,
            env={"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"},
        )

    def press(self, *keys: str) -> None:
        """Send keys by tmux's names."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def screen(self) -> str:
        """Return the text on the screen."""
        done = subprocess.run([*self._tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True)
        return done.stdout

    def close(self) -> None:
        """End the kiosk and its terminal."""
        subprocess.run([*self._tmux, "kill-server"], check=False)


def _plain(text: str) -> str:
    """Return a text without blanks, because the kiosk breaks lines and puts a blank after some signs."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def number_before(choice: str, screen: str) -> str | None:
    """Return the number that stands before a choice on the screen, or None if there is no such choice."""
    found = re.search(rf"([1-8])\s+{re.escape(choice)}", screen)
    return found[1] if found else None


def way_back(screen: str) -> str:
    """Return the key that leads a step back from a screen: 0, or `*` where 0 is a figure that is typed."""
    return "*" if re.search(rf"\*\s*({words.KEY_BACK}|{words.KEY_DELETE})", screen) else "0"


def play_level(terminal: Terminal, pack: Pack, *, tries: int = 3) -> bool:
    """Play the pack's first level by keys, answering right, and tell whether the screen says 过关了.

    A fault may end a run (the agent was killed); then the level is begun again, at most ``tries`` times.
    """
    return any(_play_once(terminal, pack) for _ in range(tries))


def _play_once(terminal: Terminal, pack: Pack) -> bool:
    try:
        terminal.wait_for(_LEARN, timeout_s=30)
        terminal.press("3")
        terminal.wait_for(pack.title, timeout_s=30)
        terminal.wait_for(_CHOOSE)
        terminal.press(number_before(pack.title, terminal.screen()) or "")
        terminal.wait_for(_LEVELS)
        terminal.wait_for(_CHOOSE)
        terminal.press("1")
        while terminal.wait_for(_PLACE, _PASSED, _FAILED) == _PLACE:
            _answer(terminal, pack)
        return terminal.wait_for(_PASSED, _FAILED) == _PASSED
    except NotInTime as error:
        print(error, file=sys.stderr)
        _leave(terminal)
        return False


def _leave(terminal: Terminal) -> None:
    """Go home: the first 0 asks whether to leave the level, the second leaves it, two more lead back from its pack and
    the map."""
    for _ in range(_TO_HOME):
        terminal.press("0")
        try:
            terminal.wait_for(_LEARN, timeout_s=1)
        except NotInTime:
            continue
        return


def _answer(terminal: Terminal, pack: Pack) -> None:
    """Read the question from the screen, press what is right, confirm, and go on.

    Somebody's touch may cover the question for some seconds.
    """
    questions = {one.stem: one for one in pack.levels[0].questions}
    question = questions[terminal.wait_for(*questions)]
    terminal.wait_for(_LEAVE)
    for key in keys_for(question, terminal.screen()):
        terminal.press(key)
    if question.kind in ("multiple", "ordering"):
        terminal.press("Enter")
    terminal.wait_for(_RIGHT, _WRONG)
    if not any(_reads_on(terminal) for _ in range(_PAGES)):
        raise NotInTime("the end of an explanation: not there")


def _reads_on(terminal: Terminal) -> bool:
    """Press Enter at an explanation and return whether it is gone. A key that comes too soon after another Enter does
    not count."""
    terminal.wait_for(_NEXT, _RESULT, _READ_ON, _PASSED)
    terminal.press("Enter")
    try:
        terminal.wait_until_gone(_RIGHT, timeout_s=1)
    except NotInTime:
        return False
    return True


def keys_for(question: Question, screen: str, *, right: bool = True) -> list[str]:
    """Return the keys of the right options in the order to press them, or of a wrong answer. The screen shows the
    options shuffled.

    Raises:
        NotInTime: An option is not on the screen.
    """
    shown, numbered = _plain(screen), dict[str, str]()
    for option in question.options:
        found = re.search(rf"([1-6]){re.escape(_plain(option))}", shown)
        if found is None:
            raise NotInTime(f"option {_plain(option)!r} on the kiosk: not there")
        numbered[option] = found[1]
    answer = [numbered[question.options[number]] for number in question.answer]
    if right:
        return answer
    if question.kind == "ordering":
        return answer[::-1]
    return [next(number for number in numbered.values() if number not in answer)]
