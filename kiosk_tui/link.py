"""The kiosk's end of the agent's unix socket. This module loads without a terminal library.

The link connects, and whenever the agent goes away it connects again, for ever and with growing pauses. On each
connection the agent sends everything that the home screen needs, so nothing is kept here.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import msgspec

from protocol.kiosk import MAX_LINE_BYTES, Home, ToAgent, ToKiosk, decode_from_agent, encode_line
from protocol.kiosk_keeping import Hello
from protocol.refusal import Refused

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0
MAX_UNSENT_BYTES = 65_536
SILENT_S = 15.0
"""The agent sends its home at least every 5 s. If it says nothing for so long it has stopped, although its socket is
open: cards that are touched now get no answer."""

type Sleep = Callable[[float], Awaitable[None]]


class LinkListener(Protocol):
    """Hears what happens on the link."""

    def agent_said(self, message: ToKiosk) -> None:
        """Take one message."""

    def agent_away(self) -> None:
        """Take note that a connection ended, that the first attempt failed, or that the agent says nothing."""


class AgentLink:
    """One connection at a time to the agent.

    Args:
        path: The agent's socket.
        sleep: How to wait between attempts, in seconds.
        jitter: Gives numbers from 0 to 1, so that several kiosks do not all connect at the same moment.
        silent_s: After how many seconds without a line the agent counts as away.
        hello: What to say first, if the agent is to keep what this kiosk shows.
    """

    def __init__(
        self,
        path: Path,
        *,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        silent_s: float = SILENT_S,
        hello: Hello | None = None,
    ) -> None:
        self._path = path
        self._sleep = sleep
        self._jitter = jitter
        self._silent_s = silent_s
        self._hello = hello
        self._writer: asyncio.StreamWriter | None = None
        self._greeted = False
        self._passed_over = ""
        """Why the last line was that was passed over."""

    async def run(self, listener: LinkListener) -> None:
        """Keep connected until cancelled."""
        failures = 0
        while True:
            self._greeted = False
            reason = await self._one_connection(listener)
            # Only a connection that brought a home counts: one that is closed before that is a failure like any other.
            failures = 1 if self._greeted else failures + 1
            if failures == 1:
                log.info("the agent is away: %s", reason)
            listener.agent_away()
            longest_s = min(FIRST_PAUSE_S * 2.0 ** min(failures, 16), LONGEST_PAUSE_S)
            await self._sleep(longest_s * (0.5 + self._jitter() / 2))

    def say(self, message: ToAgent) -> None:
        """Send to the agent. While it is away the message is dropped, because the screen then says that it is away."""
        if self._writer is None or self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            log.warning("the agent takes nothing, connecting anew")
            self._writer.transport.abort()
            return
        self._writer.write(encode_line(message))

    async def _one_connection(self, listener: LinkListener) -> str:
        """Pass on each line that comes, until the connection ends. Return the reason of the end, for the log."""
        try:
            reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE_BYTES)
        except OSError as error:
            return str(error)
        if self._hello is not None:
            self.say(self._hello)
            # What this kiosk itself showed before a connection ended is over: the screen says that the agent is away.
            self._hello = msgspec.structs.replace(self._hello, fresh=True)
        try:
            while (line := await self._next_line(reader, listener)).endswith(b"\n"):
                try:
                    message = decode_from_agent(line)
                except Refused as refused:
                    self._pass_over(str(refused))
                    continue
                self._greeted = self._greeted or isinstance(message, Home)
                listener.agent_said(message)
            return "it closed the connection"
        # ValueError: a line was longer than any message, so it is not known where the next one begins.
        except (OSError, ValueError) as error:
            return str(error)
        finally:
            self._writer.transport.abort()
            self._writer = None

    def _pass_over(self, why: str) -> None:
        # An agent of another version may say the same thing every five seconds, for weeks.
        if why != self._passed_over:
            log.warning("lines from the agent are passed over: %s", why)
        self._passed_over = why

    async def _next_line(self, reader: asyncio.StreamReader, listener: LinkListener) -> bytes:
        """Return the next line, or what came of one before the end. Meanwhile tell the listener of a long silence.

        The connection is kept: a touch that the agent takes once it goes on is shown then.
        """
        told = False
        while True:
            try:
                async with asyncio.timeout(self._silent_s):
                    return await reader.readline()
            except TimeoutError:
                if not told:
                    log.warning("the agent has said nothing for %.0f s", self._silent_s)
                    listener.agent_away()
                told = True
