"""An agent as the kiosk sees it: a unix socket that speaks `protocol.kiosk`, with everything else left out.

It runs on threads of its own, so that the kiosk under test may be in this process or in a terminal of its own.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from agent.kiosk.home_publisher import AT_LEAST_EVERY_MS
from protocol.kiosk import Home, ToAgent, ToKiosk, decode_from_kiosk, encode_line
from protocol.kiosk_keeping import Hello, Keep, Kept

type CommandLog = Callable[[ToAgent], list[ToKiosk]]


class FakeAgent:
    """Greets with ``home`` and repeats it every few seconds, keeps what it hears, answers as ``answers`` says.

    A context manager. With ``frozen`` it greets and then says nothing by itself, as a stopped process.
    """

    def __init__(self, path: Path, home: Home, answers: CommandLog = lambda _: [], *, frozen: bool = False) -> None:
        self._frozen = frozen
        self._stopped = threading.Event()
        self.path = path
        self.home = home
        self.answers = answers
        self.heard: list[ToAgent] = []
        """All but `Hello` and `Keep`, which it does by itself."""
        self.hellos: list[Hello] = []
        self.kept: dict[str, str] = {}
        """By token."""
        self._tokens: dict[socket.socket, str] = {}
        self.connections = 0
        self._changed = threading.Condition()
        self._listener: socket.socket | None = None
        self._kiosks: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "FakeAgent":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; also after `stop`, as an agent that was restarted."""
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._run(self._accept, self._listener)
        self._stopped = threading.Event()
        if not self._frozen:
            threading.Thread(target=self._beat, args=(self._stopped,), daemon=True).start()

    def stop(self) -> None:
        """Go away as a killed process does."""
        self._stopped.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._changed:
            kiosks, self._kiosks = self._kiosks, []
        for kiosk in kiosks:
            with contextlib.suppress(OSError):
                kiosk.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._threads = []

    def send(self, message: ToKiosk) -> None:
        """Send to every kiosk; a `Home` is also what later kiosks are greeted with."""
        if isinstance(message, Home):
            self.home = message
        self.send_raw(encode_line(message))

    def send_raw(self, line: bytes) -> None:
        """Send bytes as they are."""
        with self._changed:
            for kiosk in self._kiosks:
                kiosk.sendall(line)

    def wait_for_kiosk(self, count: int = 1, *, timeout_s: float = 15) -> None:
        """Wait until kiosks have connected ``count`` times since the beginning."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.connections >= count, timeout_s), "no kiosk came"

    def wait_for_words(self, count: int, *, timeout_s: float = 10) -> list[ToAgent]:
        """Wait until ``count`` messages have been heard."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, timeout_s), f"heard only {self.heard}"
            return list(self.heard)

    def wait_until_kept(self, what: str, *, timeout_s: float = 10) -> None:
        """Wait until a kiosk has what stands on its screen kept."""
        with self._changed:
            done = self._changed.wait_for(lambda: any(what in state for state in self.kept.values()), timeout_s)
            assert done, f"kept only {self.kept}"

    def _run(self, task: Callable[[socket.socket], None], connection: socket.socket) -> None:
        thread = threading.Thread(target=task, args=(connection,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                kiosk, _ = listener.accept()
            except OSError:
                return
            with self._changed:
                kiosk.sendall(encode_line(self.home))
                self._kiosks.append(kiosk)
                self.connections += 1
                self._changed.notify_all()
            self._run(self._serve, kiosk)

    def _beat(self, stopped: threading.Event) -> None:
        while not stopped.wait(AT_LEAST_EVERY_MS / 1000):
            with contextlib.suppress(OSError):
                self.send_raw(encode_line(self.home))

    def _serve(self, kiosk: socket.socket) -> None:
        with kiosk, kiosk.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                self._take(decode_from_kiosk(line), kiosk)
        with self._changed:
            if kiosk in self._kiosks:
                self._kiosks.remove(kiosk)

    def _take(self, message: ToAgent, kiosk: socket.socket) -> None:
        with self._changed:
            if isinstance(message, Hello):
                self.hellos.append(message)
                state = "" if message.fresh else self.kept.get(message.token, "")
                kiosk.sendall(encode_line(Kept(state=state)))
                self._tokens[kiosk] = message.token
                self._changed.notify_all()
                return
            if isinstance(message, Keep):
                self.kept[self._tokens[kiosk]] = message.state
                self._changed.notify_all()
                return
            self.heard.append(message)
            for answer in self.answers(message):
                kiosk.sendall(encode_line(answer))
            self._changed.notify_all()
