"""What the walk's village learns from: the sample pack, which is required, and questions with a sound on a menu."""

from datetime import datetime, timedelta
from pathlib import Path

from msgspec import json, structs

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import TOWNSHIP
from firmware_scripts.demo.kiosk_line import ask
from firmware_scripts.demo.officer import Officer
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.sample_pack import sample_pack
from firmware_scripts.demo.silence import silence
from protocol.china_time import CHINA
from protocol.kiosk_learning import MapShown, OpenMap
from protocol.packs import Pack

_SOUND = "sound.opus"
_IN_TIME_S = 120
_ACCOUNT = "walk-learning"
_LASTS = timedelta(days=30)


def sounding_pack() -> Pack:
    """Return the sample pack under another name, each question with a sound of its own."""
    pack = sample_pack()
    levels = [
        structs.replace(level, questions=[structs.replace(one, sound=_SOUND) for one in level.questions])
        for level in pack.levels
    ]
    return structs.replace(pack, id="sample-sounding", title="示例：听一听再答", levels=levels)


def give_learning(bench: Bench) -> None:
    """Publish the pack with sounds, let the village hear what somebody asks for, require the sample pack, and offer the
    other one on a menu.

    Raises:
        NotInTime: The station does not have the pack.
        NotTaken: The console did not take what is required or offered.
    """
    station, pack = bench.stations[0], sounding_pack()
    folder = bench.folder / "learning"
    folder.mkdir()
    (folder / _SOUND).write_bytes(silence())
    file = folder / "pack.json"
    file.write_bytes(json.encode(pack))
    bench.county.tool("setting", "sound", "按 * 才念", "--at", station.cast.village)
    bench.county.tool("publish-pack", str(file), "--to", station.cast.village)
    wait_until(
        lambda: _has(station.kiosk_socket, pack),
        what=f"{pack.title} at {station.cast.id}",
        timeout_s=_IN_TIME_S,
        every_s=0.5,
    )
    bench.county.tool("account", _ACCOUNT, "--role", "officer", "--region", TOWNSHIP)
    officer = Officer(bench.county.tool("sign-in-link", _ACCOUNT), Path(bench.county.where()["ca"]))
    why, village = "示例：冬天闲下来学一学", station.cast.village
    until = (datetime.now(CHINA) + _LASTS).date()
    officer.send("/courses/require/", region=village, pack=sample_pack().id, until=str(until), reason=why)
    officer.send("/courses/offer/", region=village, title="示例菜单", packs=[pack.id], choose="1", reason=why)


def _has(kiosk: Path, pack: Pack) -> bool:
    return any(one.pack == pack.id for one in ask(kiosk, OpenMap(), MapShown).packs)
