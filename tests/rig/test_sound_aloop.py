"""The player under its own unit, on a sound card of the kernel's: what was recorded is what comes out.

snd-aloop is a card whose output is its own input (Documentation/sound/cards: "ALSA loopback device").
"""

import json
import math
import pwd
import queue
import subprocess
import textwrap
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.drivers.sound_player import SoundPlayer
from agent.ports import Sound
from agent.sound.pipeline import RATE
from tests.rig.station import CONFIG, STATE, in_sandbox, install, journal, systemctl
from tests.rig.test_units import PROBE

DRIVER = "sound"
STACK = "opus-tools, alsa-utils, ALSA, snd-aloop; the player under systemd's sandbox"

pytestmark = pytest.mark.timeout(420)
LINE = Path("/run/cunhui-sound.sock")
OUT, IN = "plughw:CARD=Loopback,DEV=0", "plughw:CARD=Loopback,DEV=1"
LISTEN_S = 20


@pytest.fixture(scope="module", autouse=True)
def socket_unit() -> Iterator[None]:
    install()
    systemctl("start", "cunhui-sound.socket")
    yield
    systemctl("stop", "cunhui-sound.socket")


def chirp(seconds: float) -> array[int]:
    """Return a tone that rises from 300 to 1,500 Hz, as voices have them, which fits itself in one place alone."""
    count = int(seconds * RATE)
    phase = (2 * math.pi * (300 * at + 600 * at * at / count) / RATE for at in range(count))
    return array("h", (int(9_000 * math.sin(one)) for one in phase))


def clip_of(samples: array[int], folder: Path) -> bytes:
    (folder / "in.raw").write_bytes(samples.tobytes())
    raw = ["--raw", "--raw-rate", str(RATE), "--raw-chan", "1", "--quiet"]
    subprocess.run(["opusenc", *raw, folder / "in.raw", folder / "c.opus"], check=True)
    return (folder / "c.opus").read_bytes()


def correlation(one: array[int], other: array[int], *, step: int = 1) -> float:
    pairs = list(zip(one[::step], other[::step], strict=False))
    power = sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs)
    return float(sum(a * b for a, b in pairs) / power**0.5) if power else 0.0


def best(played: array[int], heard: array[int]) -> float:
    """Return the correlation of what was played and what was heard, at the delay where they fit best."""
    loud = next((at for at, sample in enumerate(heard) if abs(sample) > 1_000), 0)
    begins = range(max(0, loud - 400), loud + 400)
    # A short piece finds the delay, the whole then judges.
    at = max(begins, key=lambda begin: correlation(played[:2_400], heard[begin : begin + 2_400], step=3))
    return correlation(played, heard[at : at + len(played)])


def test_what_was_played_comes_out(tmp_path: Path) -> None:
    told: queue.Queue[tuple[bool, bool]] = queue.Queue()
    speaker = SoundPlayer(device=OUT, socket=LINE)
    samples = chirp(1.5)
    speaker.start(ready=lambda ready, reads: told.put((ready, reads)))
    speaker.want(True)
    assert told.get(timeout=120) == (True, True), journal()
    listen = ["arecord", "-q", "-D", IN, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE)]
    with subprocess.Popen([*listen, "-d", str(LISTEN_S), tmp_path / "heard.raw"]) as recorder:
        speaker.play([Sound("clip", clip_of(samples, tmp_path))])
        assert recorder.wait(timeout=120) == 0
    speaker.stop()
    heard = array("h", (tmp_path / "heard.raw").read_bytes())
    found = best(samples, heard)
    print(json.dumps({"correlation": round(found, 4), "loudest": max(map(abs, heard), default=0)}))
    assert found >= 0.9, journal()


def test_the_player_sees_neither_network_nor_keys_and_no_device_but_the_card() -> None:
    keys = [str(path) for path in STATE.iterdir() if path.is_file()]
    script = PROBE + textwrap.dedent(f"""
        told["kept out"] = {{path: opened(path) for path in {keys!r} + [{str(CONFIG)!r}]}}
        told["sockets"] = {{path: connected(path) for path in ("/run/cunhui/kiosk.sock", "/run/cunhui-camera.sock")}}
        told["other devices"] = {{path: opened(path) for path in (*foreign, "/dev/ttyS0", "/dev/video0")}}
        told["card"] = opened("/dev/snd/controlC0", os.O_RDWR)
        told["system"] = opened("/etc/x", os.O_RDWR | os.O_CREAT)
        print(json.dumps(told))
    """)
    told = in_sandbox("cunhui-sound@.service", str(LINE), script)
    assert told["user"] == pwd.getpwnam("cunhui-sound").pw_uid
    assert told["networks"] == ["lo"]
    assert told["internet"] == "OSError"
    closed = {*told["kept out"].values(), *told["sockets"].values(), *told["other devices"].values()}
    assert closed <= {"PermissionError", "FileNotFoundError"}
    assert (told["card"], told["system"], told["executable memory"]) == ("", "OSError", "PermissionError")
