"""The player's process: ``python -m agent.sound.player``. It plays what the agent sends until its input ends.

`agent.sound.conversation` declares what is said. On a station the service manager starts it for each connection of the
agent (``cunhui-sound@.service``), under a user of its own; elsewhere it is the agent's child. It decodes nothing itself
and loads nothing large.
"""

import contextlib
import glob
import json
import os
import resource
import select
import sys
import time
from collections import deque

from agent.sound.conversation import MAX_LINE, MAX_WAITING, NotSaid, Requests
from agent.sound.pipeline import Pipeline, voice_there
from protocol.refusal import Refused

_BUSY_S = 0.05
"""Between two looks at a sound that plays."""
_LOOK_S = 1.0
"""Between two looks for the sound card."""
_READ = 65_536
_MEMORY_BYTES = 256 * 2**20


class Player:
    """Plays one sound after another."""

    def __init__(self, *, device: str, cards: str, replies: int) -> None:
        self._device = device
        self._cards = cards
        self._replies = replies
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._playing: Pipeline | None = None
        self._seen: list[str] | None = None
        self._broken = False
        self._said = ""
        self._look_at = 0.0

    def take(self, kind: str, data: bytes) -> None:
        """Take a request."""
        if kind == "stop":
            self._waiting.clear()
            self.stop()
        elif len(self._waiting) >= MAX_WAITING:
            self._say("failed too many sounds wait")
        else:
            self._waiting.append((kind, data))

    def stop(self) -> None:
        """End what sounds."""
        if self._playing is not None:
            self._playing.kill()
            self._playing = None

    def turn(self) -> float:
        """Do what is due; return the seconds until there may be more."""
        if self._playing is not None and self._playing.over():
            # A sound card that fails stays named as such until a sound is heard or the cards are others.
            self._broken = not self._playing.played
            self._say("failed the sound card takes nothing" if self._broken else "ended")
            self._playing, self._look_at = None, 0.0
        while self._playing is None and self._waiting:
            self._begin(*self._waiting.popleft())
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_S
            self._look()
        return _BUSY_S if self._playing is not None else _LOOK_S

    def _begin(self, kind: str, data: bytes) -> None:
        try:
            self._playing = Pipeline(kind, data, self._device)
        except (Refused, KeyError, OSError) as error:
            self._say(f"failed {type(error).__name__} {error}")

    def _look(self) -> None:
        # The names of playback devices (Documentation/sound/designs/procfile). Opening one would make it crack.
        there = sorted(glob.glob(f"{glob.escape(self._cards)}/pcmC*p"))
        if there != self._seen:
            self._seen, self._broken = there, False
        card = f"card {'yes' if there and not self._broken else 'no'} {'voice' if voice_there() else 'mute'}"
        if card != self._said:
            self._said = card
            self._say(card)

    def _say(self, line: str) -> None:
        # One that does not read loses what it is told: the player must go on hearing "stop".
        with contextlib.suppress(BlockingIOError):
            os.write(self._replies, line.replace("\n", " ")[: MAX_LINE - 2].encode() + b"\n")


def serve(requests: int, replies: int) -> int:
    """Play until the input ends."""
    told = b""
    while not told.endswith(b"\n"):
        select.select([requests], [], [])
        part = os.read(requests, 1)
        if not part or len(told) > MAX_LINE:
            return 2
        told += part
    device, cards = json.loads(told)
    player, heard = Player(device=str(device), cards=str(cards), replies=replies), Requests()
    try:
        wait_s = player.turn()
        while True:
            if select.select([requests], [], [], wait_s)[0]:
                data = os.read(requests, _READ)
                if not data:
                    return 0
                for kind, sound in heard.feed(data):
                    player.take(kind, sound)
            wait_s = player.turn()
    except (NotSaid, BrokenPipeError, ConnectionResetError):
        return 1
    finally:
        player.stop()


def main() -> int:
    """Serve on standard input and output."""
    for kind, limit in ((resource.RLIMIT_DATA, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64)):
        most = resource.getrlimit(kind)[1]
        wanted = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (wanted, wanted))
    # What a program prints goes to the log; the replies have a way of their own.
    requests, replies = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    os.set_blocking(replies, False)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    return serve(requests, replies)


if __name__ == "__main__":
    sys.exit(main())
