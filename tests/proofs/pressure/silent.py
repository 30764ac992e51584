"""Thousands of TCP connections to the broker's port that say nothing and come back whenever they are ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_AT_ONCE = 100
"""Connections under way at the same time: about as many as the county's firewall lets one address begin in a second."""
_AGAIN_S = 1.0


class SilentCrowd:
    """Counts the connections that are open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self.open = 0
        self.most = 0
        self.ended = 0
        """How often the broker ended one."""

    async def one(self) -> None:
        """Be one of them for ever."""
        while True:
            with suppress(OSError):
                async with self._turn:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                self.open += 1
                self.most = max(self.most, self.open)
                try:
                    await reader.read(1)
                    self.ended += 1
                finally:
                    self.open -= 1
                    writer.close()
            await asyncio.sleep(_AGAIN_S)


@asynccontextmanager
async def silent_crowd(port: int, *, many: int) -> AsyncIterator[SilentCrowd]:
    """Hold so many connections while the context lasts; it begins when most are open, or after a minute."""
    crowd = SilentCrowd(port)
    tasks = [asyncio.create_task(crowd.one()) for _ in range(many)]
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                while crowd.open < 0.95 * many:
                    await asyncio.sleep(0.1)
        yield crowd
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
