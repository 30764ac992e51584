"""The conversation between the agent and the player's process, declared once for both ends.

The agent's first line is JSON: ``[DEVICE, CARDS]``, the ALSA device to play on and the folder of the sound devices.
Then come its requests, and the bytes of a sound follow their line. The player answers when something changes.

=========================  ===========================================================================
``play clip SIZE``         So many bytes follow: a clip (`protocol.clip_sound`). Sounds queue up.
``play tone SIZE``         The same with the name of a tone: ``right`` or ``wrong``.
``play text SIZE``         The same with UTF-8 that the machine's voice reads.
``stop``                   End what sounds, and forget what waits.
-------------------------  ---------------------------------------------------------------------------
``card yes|no VOICE``      Whether a sound card is there and works; VOICE: ``voice`` if text can be read, else ``mute``.
``ended``                  A sound is over.
``failed REASON``          A sound was refused or could not be made to sound.
=========================  ===========================================================================
"""

from collections.abc import Iterator

from protocol.clip_sound import MAX_CLIP_BYTES

MAX_LINE = 200
MAX_TEXT_BYTES = 2_000
MAX_WAITING = 16
"""Sounds that may wait. A screen has fewer sentences."""
STOP = b"stop\n"


class NotSaid(Exception):
    """The other end does not keep to the conversation."""


def play(kind: str, data: bytes) -> bytes:
    """Return the request to play a sound."""
    return f"play {kind} {len(data)}\n".encode() + data


class Requests:
    """Cuts what comes from the agent into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Take some bytes; yield each request that is whole by now: its kind, or ``stop``, and its bytes.

        Raises:
            NotSaid: The request is none, or too large.
        """
        self._buffer += data
        while (end := self._buffer.find(b"\n", 0, MAX_LINE)) >= 0:
            words = self._buffer[:end].decode("ascii", "replace").split(" ")
            if words == ["stop"]:
                del self._buffer[: end + 1]
                yield "stop", b""
                continue
            if len(words) != 3 or words[0] != "play" or not words[2].isdigit() or len(words[2]) > 7:
                raise NotSaid("not a request")
            kind, size = words[1], int(words[2])
            if kind not in ("clip", "tone", "text") or size > (MAX_CLIP_BYTES if kind == "clip" else MAX_TEXT_BYTES):
                raise NotSaid("a sound that is too large, or of no kind")
            if len(self._buffer) < end + 1 + size:
                return
            sound = bytes(self._buffer[end + 1 : end + 1 + size])
            del self._buffer[: end + 1 + size]
            yield kind, sound
        if len(self._buffer) >= MAX_LINE and b"\n" not in self._buffer[:MAX_LINE]:
            raise NotSaid("a line that does not end")
