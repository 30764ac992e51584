"""The speaker keeps its player: as a child, behind the service manager's socket, and when it dies."""

import json
import os
import queue
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.drivers.simulated_speaker import SimulatedSpeaker
from agent.drivers.sound_player import SoundPlayer
from agent.ports import Sound
from agent.sound.pipeline import tone
from tests.agent.camera.socket_activation import activated
from tests.agent.drivers.speaker_contract import check_speaker
from tests.fakes.clips import clip
from tests.fakes.devices import FakeSpeaker


def player(folder: Path, *, socket: Path | None = None) -> SoundPlayer:
    """Return a real speaker whose card is a file."""
    (folder / "pcmC0D0p").touch()
    return SoundPlayer(device=f"file:{folder}/played.raw,raw", socket=socket, cards=str(folder))


def test_the_fake_speaker_keeps_the_contract() -> None:
    check_speaker(FakeSpeaker())


def test_the_simulated_speaker_keeps_the_contract_and_tells_what_would_sound(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(folder / "s.sock"))
        listener.settimeout(5)
        speaker = SimulatedSpeaker(socket=folder / "s.sock")
        speaker.play([Sound("clip", b"123"), Sound("text", "请刷卡".encode())])
        heard = [json.loads(listener.recv(1_000)) for _ in range(2)]
        assert heard == [
            {"kind": "clip", "bytes": 3, "text": ""},
            {"kind": "text", "bytes": 9, "text": "请刷卡"},
        ]
        speaker.stop()
    check_speaker(SimulatedSpeaker(socket=folder / "nobody.sock"))


def test_the_player_as_a_child_keeps_the_contract(folder: Path) -> None:
    check_speaker(player(folder))


def test_the_player_of_the_service_manager_keeps_the_contract(folder: Path) -> None:
    with activated(folder / "sound.sock", sys.executable, "-P", "-m", "agent.sound.player"):
        check_speaker(player(folder, socket=folder / "sound.sock"))


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def children() -> list[int]:
    """Return the players among this process's children (proc_pid_task(5))."""
    own = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for one in own for pid in one.read_text().split()]
    return [pid for pid in pids if b"agent.sound.player" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_what_is_played_reaches_the_card_and_a_player_that_dies_is_started_again(folder: Path) -> None:
    told: queue.Queue[tuple[bool, bool]] = queue.Queue()
    speaker = player(folder)
    speaker.start(ready=lambda ready, reads: told.put((ready, reads)))
    speaker.want(True)
    assert told.get(timeout=20) == (True, True)
    speaker.play([Sound("clip", clip(lasts_ms=100)), Sound("tone", b"wrong")])
    played = folder / "played.raw"
    eventually(lambda: played.exists() and played.read_bytes().startswith(tone("wrong")))
    [pid] = children()
    os.kill(pid, signal.SIGKILL)
    assert told.get(timeout=20) == (False, False)
    assert told.get(timeout=20) == (True, True)
    speaker.stop()
    assert children() == []


def test_without_a_player_it_is_not_ready_and_nothing_waits(folder: Path) -> None:
    told: queue.Queue[tuple[bool, bool]] = queue.Queue()
    speaker = SoundPlayer(socket=folder / "nobody.sock")
    speaker.start(ready=lambda ready, reads: told.put((ready, reads)))
    speaker.want(True)
    began = time.monotonic()
    speaker.play([Sound("tone", b"right")] * 100)
    assert time.monotonic() - began < 1
    speaker.stop()
    assert told.empty()


@pytest.mark.parametrize("said", [b"x" * 1_000, b"card maybe loud\nsing\n\xff\n"])
def test_a_player_that_talks_nonsense_is_not_believed(folder: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "odd.sock"))
        listener.listen()
        listener.settimeout(10)
        told: queue.Queue[tuple[bool, bool]] = queue.Queue()
        speaker = SoundPlayer(socket=folder / "odd.sock")
        speaker.start(ready=lambda ready, reads: told.put((ready, reads)))
        speaker.want(True)
        odd, _ = listener.accept()
        with odd:
            odd.sendall(said)
        # It is asked again, a little later.
        listener.accept()[0].close()
        speaker.stop()
        assert told.empty()
