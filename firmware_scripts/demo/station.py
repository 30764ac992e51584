"""A station of the bench: the real agent with simulated or virtual hardware, kept running like a service."""

import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.lamp_log import Light, read_lights
from firmware_scripts.demo.processes import KeptProcess, Process, wait_until

_AGENT = [sys.executable, "-m", "agent.cli"]

_CONFIG = """\
[station]
folder = "{sd_card}"

[county]
url = "{url}"
ca = "{ca}"

{readers}
[indicator]
driver = "simulated"
socket = "{folder}/lamp.sock"

[camera]
driver = "simulated"

[kiosk]
socket = "{folder}/kiosk.sock"
"""


class DemoStation:
    """One agent with its folder, its lamp's witness and its touch socket."""

    def __init__(
        self,
        cast: CastStation,
        *,
        folder: Path,
        readers: list[str],
        sd_card: Path | None = None,
        speaker: bool = False,
        agent: Sequence[str] = _AGENT,
    ) -> None:
        """The agent keeps its files in ``sd_card``, which can be a disk of its own; without it, in ``folder``.

        Args:
            agent: The command line of the agent's program, if not this checkout's is meant.
            speaker: It has a simulated one; whoever binds ``speaker_socket`` learns what would sound.
        """
        self.cast = cast
        self.folder = folder
        self.sd_card = sd_card or folder
        self.config = folder / "station.toml"
        self.touch_socket = folder / "touch.sock"
        self.kiosk_socket = folder / "kiosk.sock"
        self.lamp_file = folder / "lamp.log"
        self.speaker_socket = folder / "speaker.sock"
        self._readers = readers
        self._speaker = speaker
        self._agent = list(agent)
        self._witness = Process(
            f"lamp-{cast.id}",
            [sys.executable, "-m", "firmware_scripts.demo.lamp_log", str(folder / "lamp.sock"), str(self.lamp_file)],
            log=folder / "witness.log",
        )
        self.agent = KeptProcess(
            Process(cast.id, [*agent, "run", "--config", str(self.config)], log=folder / "agent.log")
        )

    def enrol(self, *, url: str, ca: Path, claim: str) -> None:
        """Write ``station.toml`` and make the enrolment call with a claim code."""
        self.folder.mkdir(parents=True, exist_ok=True)
        readers = ""
        for driver in self._readers:
            settings = f'socket = "{self.touch_socket}"\n' if driver == "simulated" else ""
            readers += f'[[reader]]\ndriver = "{driver}"\n{settings}'
        config = _CONFIG.format(folder=self.folder, sd_card=self.sd_card, url=url, ca=ca, readers=readers)
        if self._speaker:
            config += f'\n[speaker]\ndriver = "simulated"\nsocket = "{self.speaker_socket}"\n'
        self.config.write_text(config, encoding="utf-8")
        done = subprocess.run(
            [*self._agent, "enrol", "--config", str(self.config)], input=f"{claim}\n", capture_output=True, text=True
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, "enrol", done.stdout, done.stderr)

    def start(self) -> None:
        """Start the lamp's witness, then the agent, and wait until it takes touches."""
        self.start_witness()
        self.agent.start()
        wait_until(self.kiosk_socket.exists, what=f"the agent of {self.cast.id}", timeout_s=20)

    def start_witness(self) -> None:
        """Start the lamp's witness alone: it must be there before the first light."""
        self._witness.start()
        wait_until((self.folder / "lamp.sock").exists, what="the lamp's witness", timeout_s=10)

    def stop(self) -> None:
        """Stop the agent first, and then the witness, so that the witness sees the last light."""
        self.agent.stop()
        self._witness.stop()

    def touch(self, uid: str) -> bool | None:
        """Present a card to the simulated reader.

        Returns:
            True if the reader read the card, False if there was no reader, None if the reader did not answer: it may
            have read the card or not.
        """
        with socket.socket(socket.AF_UNIX) as reader:
            reader.settimeout(5)
            try:
                reader.connect(str(self.touch_socket))
            except OSError:
                return False
            try:
                reader.sendall(uid.encode() + b"\n")
                return True if reader.recv(16).startswith(b"ok") else None
            except OSError:
                return None

    def lights(self) -> list[Light]:
        """Return what the lamp's witness has written down."""
        return read_lights(self.lamp_file)

    def pictures_taken(self) -> int:
        """Return how many pictures the camera driver has counted."""
        counted = self.sd_card / "camera.count"
        return len(counted.read_bytes().splitlines()) if counted.exists() else 0
