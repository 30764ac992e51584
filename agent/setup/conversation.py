"""Questions to the technician."""

from collections.abc import Callable

_YES, _NO = ("y", "yes", "是", "对", "一样"), ("n", "no", "否", "不", "不是", "不一样")
_TRIES = 5
"""Wrong answers to one question before it gives up: a script that answers wrongly must not go round for ever."""


class SetupRefused(Exception):
    """Setting up can't go on. The message is Chinese; what was done is kept, and the next call goes on from there."""


class Conversation:
    """Asks and says. ``ask`` is None where nobody answers (``--yes``)."""

    def __init__(self, *, ask: Callable[[str], str] | None, say: Callable[[str], None]) -> None:
        self._ask, self.say = ask, say

    @property
    def somebody_answers(self) -> bool:
        """Whether there is somebody to ask."""
        return self._ask is not None

    def text(self, asks: str, *, usual: str = "", wrong: Callable[[str], str] = lambda _: "") -> str:
        """Return an answer that is not ``wrong``, ``usual`` if the person only pressed Enter.

        Raises:
            SetupRefused: Nobody answers, or all answers were wrong.
        """
        shown = f"{asks}{f' [{usual}]' if usual else ''}："
        for _ in range(_TRIES):
            answer = self._answer(shown) or usual
            problem = wrong(answer)
            if not problem:
                return answer
            self.say(f"  {problem}")
        raise SetupRefused(f"{_TRIES} 次都没有得到能用的回答。已做的都留着，再运行一次会接着做")

    def yes(self, asks: str, *, usual: bool) -> bool:
        """Return whether the person says yes; ``usual`` if the person only pressed Enter, or nobody answers."""
        if self._ask is None:
            return usual

        def wrong(answer: str) -> str:
            return "" if answer.lower() in (*_YES, *_NO) else "请输 y（是）或 n（否）"

        return self.text(f"{asks}（y/n）", usual="y" if usual else "n", wrong=wrong).lower() in _YES

    def _answer(self, shown: str) -> str:
        if self._ask is None:
            raise SetupRefused(f"没有人回答：{shown}")
        try:
            return self._ask(shown).strip()
        except (EOFError, KeyboardInterrupt) as error:
            raise SetupRefused("\n停下了。已做的都留着，再运行一次会接着做") from error
