"""The player's process plays one sound after another, falls silent when told, and decodes nothing that is too long.

There is no sound card here. ALSA's own ``file`` device writes into a file what a card would get; `tests/rig` plays on a
card of the kernel's.
"""

import json
import os
import socket
import subprocess
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.sound.conversation import MAX_WAITING, STOP, NotSaid, Requests, play
from agent.sound.pipeline import RATE, tone
from protocol.clip_sound import MAX_CLIP_BYTES
from tests.fakes.clips import SILENT_120_MS, clip


class Player:
    """The process, and what it played."""

    def __init__(self, folder: Path, line: socket.socket) -> None:
        self.card = folder / "pcmC0D0p"
        self._played = folder / "played.raw"
        self._line = line
        self._heard = line.makefile("rb")

    def send(self, *requests: bytes) -> None:
        self._line.sendall(b"".join(requests))

    def hears(self) -> str:
        return self._heard.readline().decode().strip()

    @property
    def played(self) -> array[int]:
        """The samples that the card got last."""
        return array("h", self._played.read_bytes()[: self._played.stat().st_size & ~1])


@contextmanager
def running(folder: Path, *, device: str = "", card: bool = True, path: str | None = None) -> Iterator[Player]:
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    if card:
        (folder / "pcmC0D0p").touch()
    environment = {**os.environ, **({"PATH": path} if path is not None else {})}
    command = [sys.executable, "-P", "-m", "agent.sound.player"]
    with subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=environment) as process:
        theirs.close()
        with ours:
            hello = [device or f"file:{folder}/played.raw,raw", str(folder)]
            ours.sendall(json.dumps(hello).encode() + b"\n")
            try:
                yield Player(folder, ours)
            finally:
                ours.shutdown(socket.SHUT_RDWR)
        assert process.wait(timeout=20) in (0, 1)


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    with running(tmp_path) as started:
        assert started.hears() == "card yes voice"
        yield started


def test_it_plays_a_clip_as_it_was_recorded(player: Player, tmp_path: Path) -> None:
    samples = array("h", tone("right") * 3)
    (tmp_path / "in.raw").write_bytes(samples.tobytes())
    raw = ["--raw", "--raw-rate", str(RATE), "--raw-chan", "1", "--quiet"]
    subprocess.run(["opusenc", *raw, tmp_path / "in.raw", tmp_path / "c.opus"], check=True)
    player.send(play("clip", (tmp_path / "c.opus").read_bytes()))
    assert player.hears() == "ended"
    assert correlation(samples, player.played) > 0.98


def correlation(one: array[int], other: array[int]) -> float:
    count = min(len(one), len(other))
    pairs = list(zip(one[:count], other[:count], strict=True))
    power = sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs)
    return float(sum(a * b for a, b in pairs) / power**0.5)


def test_tones_differ_and_text_is_read(player: Player) -> None:
    player.send(play("tone", b"right"), play("tone", b"wrong"))
    assert [player.hears(), player.hears()] == ["ended", "ended"]
    assert player.played[: len(tone("wrong")) // 2] == array("h", tone("wrong"))
    player.send(play("text", "请刷卡".encode()))
    assert player.hears() == "ended"
    assert max(player.played) > 1_000


def test_three_hours_are_refused_and_the_next_sound_is_played(player: Player) -> None:
    hours = clip(lasts_ms=3 * 3_600_000, packet=SILENT_120_MS, packet_ms=120)
    player.send(play("clip", hours), play("clip", b"RIFF"), play("tone", b"loud"), play("clip", clip()))
    assert "too_large" in player.hears()
    assert "malformed" in player.hears()
    assert player.hears().startswith("failed KeyError")
    assert player.hears() == "ended"


def test_it_falls_silent_at_once(tmp_path: Path) -> None:
    # A device that takes the samples as slowly as ears do: a pipe that nobody reads.
    os.mkfifo(tmp_path / "slow")
    reader = os.open(tmp_path / "slow", os.O_RDONLY | os.O_NONBLOCK)
    with running(tmp_path, device=f"file:{tmp_path}/slow,raw") as player:
        assert player.hears() == "card yes voice"
        player.send(play("clip", clip(lasts_ms=50_000)), play("clip", clip(lasts_ms=50_000)), STOP, play("tone", b"x"))
        # Neither clip has ended: what is said next is about the sound after them.
        assert player.hears().startswith("failed KeyError")
    os.close(reader)


def test_a_card_that_is_pulled_out_is_named_and_found_again(player: Player) -> None:
    player.card.unlink()
    assert player.hears() == "card no voice"
    player.card.touch()
    assert player.hears() == "card yes voice"


def test_a_card_that_takes_nothing_counts_as_gone(tmp_path: Path) -> None:
    with running(tmp_path, device="hw:99,0") as player:
        assert player.hears() == "card yes voice"
        player.send(play("clip", clip()))
        assert player.hears() == "failed the sound card takes nothing"
        assert player.hears() == "card no voice"


def test_without_its_programs_it_says_so_and_goes_on(tmp_path: Path) -> None:
    with running(tmp_path, path=str(tmp_path)) as player:
        assert player.hears() == "card yes mute"
        player.send(play("clip", clip()), play("text", b"x"))
        assert player.hears().startswith("failed FileNotFoundError")
        assert player.hears().startswith("failed FileNotFoundError")


def test_more_sounds_than_a_screen_has_are_refused(player: Player) -> None:
    player.send(STOP, *[play("clip", clip())] * (MAX_WAITING + 3))
    said = [player.hears() for _ in range(3)]
    assert any("too many" in one for one in said)


@pytest.mark.parametrize(
    "wrong",
    [b"sing\n", b"play song 3\nabc", b"play clip x\n", f"play clip {MAX_CLIP_BYTES + 1}\n".encode(), b"x" * 300],
)
def test_what_is_no_request_ends_the_player(wrong: bytes) -> None:
    with pytest.raises(NotSaid):
        list(Requests().feed(wrong))


def test_requests_come_in_any_pieces() -> None:
    requests, sent = Requests(), play("clip", b"12\n34") + STOP + play("tone", b"right")
    heard = [one for at in range(len(sent)) for one in requests.feed(sent[at : at + 1])]
    assert heard == [("clip", b"12\n34"), ("stop", b""), ("tone", b"right")]
