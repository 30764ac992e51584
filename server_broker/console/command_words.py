"""What became of a command, in words."""

from django.utils import timezone

from server_broker.commands.models import StationOrder
from server_broker.console import words
from server_broker.console.county_time import CAUSE, UntoldTime


def reason_word(detail: str, untold: UntoldTime | None = None) -> str:
    """Return in Chinese why a command was not carried out, or the station's own text; empty if there is no reason.

    Args:
        untold: The county does not know the time now. Then a station that does not is not the cause.
    """
    code, _, more = detail.partition(":")
    if code == "undated" and untold:
        return f"{words.COMMAND_REASONS[code]}：{CAUSE}"
    return words.COMMAND_REASONS.get(code, more.strip() or code)[:120]


def state_word(command: StationOrder) -> words.Word:
    """Return in words whether a command was sent, has an outcome, or is no longer valid."""
    if command.answered_at is not None:
        return words.COMMAND_OUTCOMES.get(command.outcome, words.UNKNOWN)
    if command.not_after <= timezone.now():
        return words.Word("△", "过期未答复" if command.sent_at else "过期未送达", "warn")
    return words.Word("…", "已发出，等答复" if command.sent_at else "等站点上线", "quiet")


def figure_words(command: StationOrder) -> str:
    """Return the figures in a command's result: 38,412 字节."""
    # A station sent them, so they may be of any type.
    figures = command.figures if isinstance(command.figures, dict) else {}
    return " · ".join(
        f"{figures[name]:,} {word}" for name, word in words.FIGURES.items() if isinstance(figures.get(name), int)
    )
