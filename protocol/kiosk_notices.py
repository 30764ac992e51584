"""Notices on the kiosk socket: the lines of all that can be shown now, and the whole text of one.

They are public, and yet sent only to the kiosk that asks, because most homes are drawn without them.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.units import CodeWordOrNone, LongText, ShortText, WallMs

MAX_NOTICES = 100

# Agent to kiosk.


class NoticeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in one line."""

    id: ShortText
    line: LongText
    kind: CodeWordOrNone = ""
    urgent: bool = False


class NoticesShown(Line, frozen=True, kw_only=True, tag="notices"):
    """What can be shown now, the urgent first, then the newest."""

    notices: Annotated[list[NoticeLine], Meta(max_length=MAX_NOTICES)]


class NoticeShown(Line, frozen=True, kw_only=True, tag="notice"):
    """One notice whole. Without a ``line`` it can't be shown any more."""

    id: ShortText
    line: LongText = ""
    text: Annotated[str, Meta(max_length=2_000)] = ""
    kind: CodeWordOrNone = ""
    source: ShortText = ""
    """Who says it."""
    owner: ShortText = ""
    """Whom one asks about it."""
    until: WallMs = 0


# Kiosk to agent.


class AskNotices(Line, frozen=True, kw_only=True, tag="ask_notices"):
    """The kiosk wants to show the notices; the answer is `NoticesShown`."""


class OpenNotice(Line, frozen=True, kw_only=True, tag="open_notice"):
    """Somebody reads a notice; the answer is `NoticeShown`."""

    id: ShortText
