"""Serve kiosks on a unix socket, so that no slow or hostile kiosk ever delays the core.

One thread accepts, reads and writes; the core only appends to bounded buffers. A kiosk that does not read, or that
sends an endless line, loses its connection. A kiosk that asks too much at once is not read until its questions are
answered.
"""

import contextlib
import errno
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from agent.events import KioskJoined, KioskLeft, KioskSaid
from agent.inbox import Inbox
from protocol.kiosk import (
    MAX_LINE_BYTES,
    Sorry,
    ToKiosk,
    TouchShown,
    decode_from_kiosk,
    encode_line,
)
from protocol.kiosk_keeping import Hello
from protocol.kiosk_status import AskStatus
from protocol.refusal import Refused

log = logging.getLogger(__name__)

MAX_KIOSKS = 16
MAX_UNSENT_BYTES = 512 * 1024
"""A kiosk that leaves more than this unread loses its connection."""
MAX_UNHANDLED = 32
"""Questions of one kiosk that may wait for the core. Further ones are read once these are handled."""
MAX_REFUSED = 20
"""Malformed lines after which a kiosk loses its connection."""
RESTARTS_WITHIN_S = 10.0
"""How long the kiosk in front is waited for once it is gone, as in `agent.kiosk.keeping`."""
_PAUSE_S = 0.2


class _Kiosk(Struct):
    number: int
    sock: socket.socket
    received: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)
    unhandled: int = 0
    refused: int = 0
    greeted: bool = False
    """Whether it was answered for the first time, with the whole home screen. Only then it gets what is shown to
    all."""
    token: str = ""
    """By which it takes the place of a kiosk that is gone (`protocol.kiosk_keeping.Hello`); empty: it has none."""
    program: bool = False
    """Whether it is a technician's program, which is no screen: see `protocol.kiosk_status.AskStatus`."""
    doomed: bool = False
    """Whether it is dropped after one more attempt to send."""


class KioskSocket:
    """The agent's end of the kiosk socket. Implements `agent.clocking.desk.KioskScreens`."""

    def __init__(self, *, path: Path, inbox: Inbox, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic_s = monotonic_s
        self._front_token = ""
        self._front_left_s = 0.0
        self._inbox = inbox
        self._lock = threading.Lock()
        self._kiosks: dict[int, _Kiosk] = {}
        self._next = 1
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="kiosk-socket", daemon=True)

    def start(self) -> None:
        """Begin to listen. Only the station's user and group can connect (mode 0660).

        Raises:
            OSError: The socket can't be bound.
        """
        self._listener = listen(self._path)
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, self._on_wake)
        self._thread.start()

    def stop(self) -> None:
        """Send as much of the buffers as can be sent at once, and close."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._path.unlink(missing_ok=True)

    @property
    def watched(self) -> bool:
        """Whether a kiosk with a screen is connected."""
        with self._lock:
            return any(kiosk.greeted and not kiosk.program and not kiosk.doomed for kiosk in self._kiosks.values())

    def show(self, message: ToKiosk) -> None:
        """Send to every kiosk that has the home screen already. For a kiosk that just connects this message is out of
        date. Which visit a touch offers, only the kiosk in front learns: it opens what is the person's."""
        line = other = encode_line(message)
        if isinstance(message, TouchShown) and message.visit:
            other = encode_line(replace(message, visit=""))
        with self._lock:
            front = self._front()
            for kiosk in self._kiosks.values():
                if kiosk.greeted:
                    self._append(kiosk, line if kiosk is front else other)
        self._wake()

    def _front(self) -> _Kiosk | None:
        """Return the kiosk before which people stand: the screen that was there first, or the one in its place.

        While it is being started again there is none, so that nobody else who is connected is taken for it.
        """
        screens = [one for one in self._kiosks.values() if one.greeted and not one.program and not one.doomed]
        # A kiosk that hangs may be there still when the next one with its token is.
        if own := [one for one in screens if one.token and one.token == self._front_token]:
            return own[-1]
        if self._front_token and self._monotonic_s() - self._front_left_s < RESTARTS_WITHIN_S:
            return None
        front = next(iter(screens), None)
        self._front_token = front.token if front is not None else ""
        return front

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        """Send to one kiosk; it may have left already. From the first answer on it gets what is shown to all, see
        `KioskJoined`."""
        with self._lock:
            if (found := self._kiosks.get(kiosk)) is not None:
                found.greeted = True
                self._append(found, encode_line(message))
        self._wake()

    def handled(self, kiosk: int) -> None:
        """Note that the core has dealt with one question of this kiosk."""
        with self._lock:
            if (found := self._kiosks.get(kiosk)) is not None:
                found.unhandled -= 1
        self._wake()

    def _append(self, kiosk: _Kiosk, line: bytes) -> None:
        # A kiosk that does not read must not take the agent's memory.
        if len(kiosk.unsent) + len(line) > MAX_UNSENT_BYTES:
            kiosk.doomed = True
            kiosk.unsent.clear()
        if not kiosk.doomed:
            kiosk.unsent += line

    def _wake(self) -> None:
        # A full pipe wakes the thread all the same, and after `stop` there is no thread to wake.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            self._wake_writer.send(b"\0")

    def _run(self) -> None:
        try:
            while not self._stopping:
                try:
                    for key, mask in self._selector.select():
                        handler: Callable[[int], None] = key.data
                        handler(mask)
                    self._read_and_write()
                except Exception:
                    # A bug must not end the thread. All kiosks are dropped, because they connect again by themselves.
                    log.exception("the kiosk socket's thread failed and begins again")
                    for kiosk in list(self._kiosks.values()):
                        self._drop(kiosk)
                    time.sleep(_PAUSE_S)
            self._read_and_write()
        finally:
            for kiosk in list(self._kiosks.values()):
                self._drop(kiosk)
            self._listener.close()
            self._wake_reader.close()
            self._selector.close()

    def _on_wake(self, _mask: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_reader.recv(4096)

    def _accept(self, _mask: int) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError as error:
            # Without a free descriptor the connection still waits, so select would return at once again and again.
            if error.errno in (errno.EMFILE, errno.ENFILE):
                time.sleep(_PAUSE_S)
            return
        if len(self._kiosks) >= MAX_KIOSKS:
            sock.close()
            return
        sock.setblocking(False)
        with self._lock:
            kiosk = _Kiosk(number=self._next, sock=sock)
            self._next += 1
            self._kiosks[kiosk.number] = kiosk
        self._selector.register(sock, selectors.EVENT_READ, partial(self._on_ready, kiosk))
        self._inbox.put(KioskJoined(kiosk=kiosk.number))

    def _on_ready(self, kiosk: _Kiosk, mask: int) -> None:
        # What can be written is written for all kiosks after each round, in `_read_and_write`.
        if not mask & selectors.EVENT_READ:
            return
        try:
            data = kiosk.sock.recv(16_384)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            kiosk.received += data
        else:
            self._drop(kiosk)

    def _read_and_write(self) -> None:
        """Take the lines that may be taken, send the buffers, and choose the events to wait for next."""
        for kiosk in list(self._kiosks.values()):
            self._take_lines(kiosk)
            if not self._flush(kiosk) or kiosk.doomed:
                self._drop(kiosk)
                continue
            wanted = selectors.EVENT_WRITE if kiosk.unsent else 0
            if kiosk.unhandled < MAX_UNHANDLED:
                wanted |= selectors.EVENT_READ
            # A descriptor that waits for nothing must leave the selector, which would report EPOLLHUP again and again.
            # That the kiosk has left is seen when it is read again.
            known = kiosk.sock in self._selector.get_map()
            if known and not wanted:
                self._selector.unregister(kiosk.sock)
            elif wanted:
                watch = self._selector.modify if known else self._selector.register
                watch(kiosk.sock, wanted, partial(self._on_ready, kiosk))

    def _take_lines(self, kiosk: _Kiosk) -> None:
        while kiosk.unhandled < MAX_UNHANDLED and not kiosk.doomed and b"\n" in kiosk.received:
            line, _, kiosk.received = kiosk.received.partition(b"\n")
            try:
                message = decode_from_kiosk(bytes(line))
            except Refused as refused:
                log.info("kiosk %d: %s", kiosk.number, refused.reason)
                self._refuse(kiosk)
                continue
            with self._lock:
                kiosk.unhandled += 1
                kiosk.program = kiosk.program or isinstance(message, AskStatus)
                if isinstance(message, Hello) and not kiosk.token:
                    kiosk.token = message.token
            self._inbox.put(KioskSaid(kiosk=kiosk.number, message=message))
        # The line may have no end, so its kiosk is not given more memory.
        if len(kiosk.received) > MAX_LINE_BYTES and b"\n" not in kiosk.received:
            self._refuse(kiosk)
            kiosk.doomed = True

    def _refuse(self, kiosk: _Kiosk) -> None:
        with self._lock:
            self._append(kiosk, encode_line(Sorry(reason="malformed")))
        kiosk.refused += 1
        kiosk.doomed = kiosk.doomed or kiosk.refused >= MAX_REFUSED

    def _flush(self, kiosk: _Kiosk) -> bool:
        with self._lock:
            try:
                while kiosk.unsent and (sent := kiosk.sock.send(kiosk.unsent)):
                    del kiosk.unsent[:sent]
            except BlockingIOError:
                return True
            except OSError:
                # EPIPE or ECONNRESET: the kiosk has left.
                return False
        return True

    def _drop(self, kiosk: _Kiosk) -> None:
        with self._lock:
            self._kiosks.pop(kiosk.number, None)
            if kiosk.token and kiosk.token == self._front_token:
                self._front_left_s = self._monotonic_s()
        if kiosk.sock in self._selector.get_map():
            self._selector.unregister(kiosk.sock)
        kiosk.sock.close()
        self._inbox.put(KioskLeft(kiosk=kiosk.number))


def listen(path: Path) -> socket.socket:
    """Return a listening unix socket at ``path`` with mode 0660, in place of a stale one.

    Raises:
        OSError: The socket can't be bound.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    before = os.umask(0o117)  # so that bind(2) makes the socket with its final mode
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(16)
    listener.setblocking(False)
    return listener
