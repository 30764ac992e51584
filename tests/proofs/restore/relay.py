"""Plays the county's name: listens where stations look for the county, and passes on to wherever it is now."""

import asyncio
import contextlib
import threading

_PIECE_BYTES = 65_536


class Relay:
    """Passes TCP connections on. ``to_port`` may change; nobody listens there while the county is away."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.to_port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"relay-{port}", daemon=True)
        self._listening = threading.Event()

    def __enter__(self) -> "Relay":
        self._thread.start()
        self._listening.wait(10)
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._accept, self._host, self._port))
        self._listening.set()
        self._loop.run_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer), return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    writer.close()
