"""The speaker: a thread that keeps the player's process (`agent.sound.player`) while sound is wanted.

The process is the service manager's, behind a unix socket, or a child of the agent where ``socket`` is not set. If it
ends, it is started again, a little later each time.
"""

import contextlib
import json
import logging
import os
import select
import socket as sockets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from agent.config.settings import ConfigSettings, Setting, filled, shaped
from agent.ports import Sound
from agent.sound.conversation import MAX_LINE, STOP, play

log = logging.getLogger(__name__)

_SENDING_S = 5.0
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0
CARDS = "/dev/snd"


class SoundPlayer:
    """Implements `agent.ports.Speaker`."""

    simulated = False

    settings: ClassVar[ConfigSettings] = {
        "device": Setting(
            str, "default", check=shaped(r"[\w:,./='-]{1,100}", "default 或 plughw:1,0（aplay -L 列出的名字）")
        ),
        "socket": Setting(str, check=filled, path="socket"),
    }

    def __init__(self, *, device: str = "default", socket: Path | None = None, cards: str = CARDS) -> None:
        """``cards``: the folder of the sound devices, by whose names the player sees whether there is a card."""
        self._hello = json.dumps([device, cards]).encode() + b"\n"
        self._path = socket
        self._lock = threading.Lock()
        self._wanted = False
        self._stopping = False
        self._next: list[Sound] | None = None
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._ready: Callable[[bool, bool], None] = lambda *_: None
        self._state = (False, False)
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)

    def start(self, *, ready: Callable[[bool, bool], None]) -> None:
        """See `agent.ports.Speaker`."""
        self._ready = ready
        self._thread.start()

    def want(self, wanted: bool) -> None:
        """See `agent.ports.Speaker`."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._wake()

    def play(self, sounds: Sequence[Sound]) -> None:
        """See `agent.ports.Speaker`."""
        with self._lock:
            self._next = list(sounds)
        self._wake()

    def stop(self) -> None:
        """End the player and the thread."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it has been woken and has not looked yet
            os.write(self._wake_writer, b"\0")

    def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        while not self._stopping:
            if not self._wanted:
                self._wait(None)
                continue
            try:
                with self._connected() as line:
                    line.settimeout(_SENDING_S)
                    line.sendall(self._hello)
                    retry_s = self._attend(line, retry_s)
            except OSError as error:
                log.warning("no player: %s", error)
            self._say((False, False))
            if self._wanted and not self._stopping:
                self._wait(retry_s)
                retry_s = min(retry_s * 2, _LONGEST_RETRY_S)

    def _wait(self, timeout_s: float | None) -> None:
        if select.select([self._wake_reader], [], [], timeout_s)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reader, 4_096)

    @contextmanager
    def _connected(self) -> Iterator[sockets.socket]:
        if self._path is not None:
            with sockets.socket(sockets.AF_UNIX) as line:
                line.settimeout(_SENDING_S)
                line.connect(str(self._path))
                yield line
            return
        ours, theirs = sockets.socketpair()
        command = [sys.executable, "-P", "-m", "agent.sound.player"]
        with ours:
            with theirs:
                # A session of its own, as the camera's process has.
                child = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
                    command, stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True
                )
            try:
                yield ours
            finally:
                child.kill()
                child.wait()

    def _attend(self, line: sockets.socket, retry_s: float) -> float:
        """Send what is to be played and hear what comes back, while the player is wanted; return when to try again."""
        heard = bytearray()
        while self._wanted and not self._stopping:
            readable = select.select([line.fileno(), self._wake_reader], [], [])[0]
            if self._wake_reader in readable:
                self._wait(0)
                self._send(line)
            if line.fileno() in readable:
                part = line.recv(4_096)
                if not part:
                    log.warning("the player ended")
                    return retry_s
                heard += part
                while (end := heard.find(b"\n")) >= 0:
                    self._hear(heard[:end].decode("utf-8", "replace"))
                    del heard[: end + 1]
                    retry_s = _FIRST_RETRY_S
                if len(heard) > MAX_LINE:
                    log.warning("the player does not end its line")
                    return retry_s
        return retry_s

    def _send(self, line: sockets.socket) -> None:
        with self._lock:
            sounds, self._next = self._next, None
        if sounds is not None:
            line.sendall(STOP + b"".join(play(one.kind, one.data) for one in sounds))

    def _hear(self, said: str) -> None:
        match said.split(" "):
            case ["card", card, voice]:
                self._say((card == "yes", card == "yes" and voice == "voice"))
            case ["failed", *why]:
                log.warning("a sound was not played: %s", " ".join(why))

    def _say(self, state: tuple[bool, bool]) -> None:
        if state != self._state and not self._stopping:
            self._state = state
            self._ready(*state)
