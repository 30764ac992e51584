"""What the county needs of any way to tell people something, in its own words."""

from dataclasses import dataclass
from typing import Protocol

CONNECT_S = 5.0
TOTAL_S = 10.0
"""Longest that one delivery may take, from the first packet to the last."""
MAX_TEXT_BYTES = 1_900
"""A WeCom robot takes 2,048 bytes of text, in UTF-8; what is longer it refuses whole."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. ``text`` is Chinese, in plain lines, and has the link; together at most `MAX_TEXT_BYTES`."""

    title: str
    text: str

    @property
    def whole(self) -> str:
        """Title and text, for what knows no title."""
        return f"{self.title}\n{self.text}"


class BadChannel(Exception):
    """These settings can't be right. The message is Chinese, for whoever typed them, without what they typed."""


class ChannelFailed(Exception):
    """The message was not delivered, and another try may succeed. The message is Chinese and names no secret."""


class Channel(Protocol):
    """A chat group or a letter box."""

    def deliver(self, message: Message) -> None:
        """Deliver a message within `TOTAL_S`.

        A failure does not tell that nobody has got it: the answer may have been lost.

        Raises:
            ChannelFailed: It was not delivered, as far as is known.
        """
