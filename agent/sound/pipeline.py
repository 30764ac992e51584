"""Make one sound heard: programs of the system decode it and play it, one after the other in a pipe.

``opusdec`` (opus-tools) decodes a clip, ``espeak-ng`` reads text, ``aplay`` (alsa-utils) plays. They are processes, so
that one that hangs is killed, and so that nothing of theirs stays in memory while it is quiet.
"""

import math
import os
import resource
import subprocess
import time
from array import array

from protocol.clip_sound import MAX_CLIP_MS, judge_clip

RATE = 48_000
"""Opus is decoded to this (RFC 7845, section 5.1)."""
_MOST_S = MAX_CLIP_MS / 1_000 + 10
_CPU_S = 20
"""Processor time of each program. A minute of Opus takes a second on a slow machine."""
_TONES = {"right": (660, 880), "wrong": (330, 220)}
"""Two notes in hertz: rising for what is right, falling for what is wrong."""
_NOTE_S = 0.16
_LOUD = 12_000
_RAW = ("-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE))


def tone(name: str) -> bytes:
    """Return a tone as samples of 16 bits.

    Raises:
        KeyError: There is no such tone.
    """
    samples = array("h")
    length = int(RATE * _NOTE_S)
    for hertz in _TONES[name]:
        turn = 2 * math.pi * hertz / RATE
        # It swells and fades, because a note that begins at full strength clicks.
        samples.extend(int(_LOUD * math.sin(math.pi * at / length) * math.sin(turn * at)) for at in range(length))
    return samples.tobytes()


def voice_there() -> bool:
    """Return whether the machine can read text."""
    return any(os.access(f"{folder}/espeak-ng", os.X_OK) for folder in os.get_exec_path())


class Pipeline:
    """One sound that is being played."""

    def __init__(self, kind: str, data: bytes, device: str) -> None:
        """Begin to play.

        Raises:
            Refused: The clip is too long, or none. Nothing was decoded.
            KeyError: There is no such tone.
            OSError: A program is not installed.
        """
        play = ["aplay", "-q", "-D", device]
        if kind == "clip":
            judge_clip(data)
            commands = [["opusdec", "--quiet", "--rate", str(RATE), "-", "-"], [*play, *_RAW]]
        elif kind == "tone":
            data, commands = tone(data.decode("ascii", "replace")), [[*play, *_RAW]]
        else:
            commands = [["espeak-ng", "-v", "cmn", "-s", "150", "--stdin", "--stdout"], play]
        self._until = time.monotonic() + _MOST_S
        self._programs: list[subprocess.Popen[bytes]] = []
        try:
            self._start(commands, data)
        except OSError:
            self.kill()
            raise

    def _start(self, commands: list[list[str]], data: bytes) -> None:
        # A file in memory and no pipe: nothing has to be written while the programs run.
        source = os.memfd_create("sound")
        try:
            with os.fdopen(os.dup(source), "wb") as file:
                file.write(data)
            os.lseek(source, 0, os.SEEK_SET)
            for place, command in enumerate(commands):
                last = place == len(commands) - 1
                program = subprocess.Popen(  # noqa: S603 -- programs of the system, no shell
                    command, stdin=source, stdout=subprocess.DEVNULL if last else subprocess.PIPE
                )
                self._programs.append(program)
                resource.prlimit(program.pid, resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
                if program.stdout is not None:
                    os.close(source)
                    source = os.dup(program.stdout.fileno())
                    # Only the next program reads it, so that the one before ends with it.
                    program.stdout.close()
        finally:
            os.close(source)

    def over(self) -> bool:
        """Return whether every program has ended. What plays for too long is killed."""
        if time.monotonic() > self._until:
            self.kill()
        return all(program.poll() is not None for program in self._programs)

    @property
    def played(self) -> bool:
        """Whether all of them ended well."""
        return all(program.returncode == 0 for program in self._programs)

    def kill(self) -> None:
        """End it at once."""
        for program in self._programs:
            program.kill()
            program.wait()
