"""A week with two new packs on the line of a village: its real agent at a real county, counted as IP packets.

The packs are questions alone, with a picture for each question, or with a voice for each question.
"""

import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec
from PIL import Image, ImageFilter

from firmware_scripts.demo.kiosk_line import ask
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.report import Value
from protocol.kiosk_learning import MapShown, OpenMap
from protocol.packs import Pack, Question
from protocol.twin import Settings
from server_broker.bundles.clip_making import clip_of
from tests.benchmarks.learning.player import Player, right_answers
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.ip_packets import PacketCounter
from tests.benchmarks.stage.station import BenchStation

STARTER = Path("server_broker/content/starter")
OF_A_WEEK = ("starter-fraud", "starter-medicine")
"""Two packs of 48 or 49 questions, as a county would publish them."""
PEOPLE, LEVELS_A_PERSON = 12, 5
DAYS, WEEK = 31, 7
_PICTURE, _QUALITY = (640, 480), 70
_SOON_S = 180.0


class _Line:
    """What a station's line has carried."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self.bytes = 0
        self.missed = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count for as long as the context lasts."""
        with ExitStack() as stack:
            counters = [stack.enter_context(PacketCounter(port)) for port in self._ports]
            yield
        self.bytes = sum(one.counted.bytes + one.counted.segmentation_bytes for one in counters)
        self.missed += sum(one.counted.missed for one in counters)


def measure(station: BenchStation, county: BenchCounty, folder: Path, *, seed: int) -> list[Figure]:
    """Publish a week's packs of each kind, and let everybody of the village play a week's levels."""
    chance = random.Random(seed)
    starters = [msgspec.json.decode((STARTER / f"{name}.json").read_bytes(), type=Pack) for name in OF_A_WEEK]
    web_port = int(county.service.where()["url"].rsplit(":", 1)[1])
    line = _Line([county.broker_port, web_port])
    weeks: dict[str, dict[str, Value]] = {}
    with station.running():
        for kind, add in (("text", None), ("pictures", _picture), ("voice", _voice)):
            own = folder / kind
            own.mkdir()
            packs = [_as(pack, kind, own, add, chance) for pack in starters]
            with line.counting():
                _publish(station, county, own, packs)
            files = sum(path.stat().st_size for path in own.iterdir() if path.suffix != ".json")
            weeks[kind] = {"packs": len(packs), "line_kb": line.bytes / 1000, "files_kb": round(files / 1000, 1)}
        with line.counting():
            answers = _play_a_week(station, [f"{one.id}-text" for one in starters], right_answers(starters), chance)
            station.settle()
    learning: dict[str, Value] = {
        "learning_kb": round(line.bytes / 1000, 1),
        "answers": answers,
        "bytes_an_answer": round(line.bytes / answers),
        "packets_missed": line.missed,
    }
    return [_month(kind, week, line.bytes, learning) for kind, week in weeks.items()]


def _month(kind: str, week: dict[str, Value], learning: int, detail: dict[str, Value]) -> Figure:
    packs = week["line_kb"]
    assert isinstance(packs, float)
    return Figure(
        name=f"village_month_{kind}_mb",
        value=(packs * 1000 + learning) * DAYS / WEEK / 1e6,
        unit="MB",
        goal=float(Settings().data_mb_month),
        detail={"week": {**week, "line_kb": round(packs, 1), **detail}},
    )


def _as(
    pack: Pack,
    kind: str,
    folder: Path,
    add: Callable[[Question, Path, random.Random], Question] | None,
    chance: random.Random,
) -> Pack:
    """Return the pack as one of this kind, with its files in a folder."""
    levels = [
        msgspec.structs.replace(
            level,
            questions=[
                one if add is None else add(one, folder / f"{pack.id}-{one.id}", chance) for one in level.questions
            ],
        )
        for level in pack.levels
    ]
    return msgspec.structs.replace(pack, id=f"{pack.id}-{kind}", levels=levels)


def _picture(question: Question, path: Path, chance: random.Random) -> Question:
    """Draw a picture as large as a photograph of this size is: blurred spots of all sizes, and some noise."""
    size = _PICTURE
    picture = Image.new("RGB", size)
    for blur in (60, 20, 6):
        spots = Image.frombytes(
            "RGB", (size[0] // blur, size[1] // blur), chance.randbytes(3 * (size[0] // blur) * (size[1] // blur))
        )
        picture = Image.blend(picture, spots.resize(size, Image.Resampling.BICUBIC), 0.5)
    file = path.with_suffix(".jpg")
    picture.filter(ImageFilter.SMOOTH).save(file, quality=_QUALITY)
    return msgspec.structs.replace(question, picture=file.name)


def _voice(question: Question, path: Path, _: random.Random) -> Question:
    """Speak the stem as the county's recordings are kept."""
    spoken, file = path.with_suffix(".wav"), path.with_suffix(".opus")
    subprocess.run(["espeak-ng", "-v", "cmn", "-s", "150", "-w", str(spoken), question.stem], check=True)
    file.write_bytes(clip_of(spoken.read_bytes()).sound)
    spoken.unlink()
    return msgspec.structs.replace(question, sound=file.name)


def _publish(station: BenchStation, county: BenchCounty, folder: Path, packs: list[Pack]) -> None:
    """Publish packs for the village, and wait until each is at its kiosk."""
    for pack in packs:
        file = folder / f"{pack.id}.json"
        file.write_bytes(msgspec.json.encode(pack))
        county.service.tool("publish-pack", str(file), "--to", station.cast.village)
        wait_until(lambda: pack.id in _packs_at(station), what=pack.id, timeout_s=_SOON_S, every_s=0.5)  # noqa: B023
    station.settle()


def _play_a_week(station: BenchStation, packs: list[str], right: dict[str, list[str]], chance: random.Random) -> int:
    """Let everybody play a week's levels with their cards; return how many questions were answered."""
    answers = 0
    with (
        station.touching() as hand,
        closing(Player(station.kiosk_socket, right=right, chance=chance)) as player,
    ):
        for person in station.cast.people[:PEOPLE]:
            with player.visit(hand, person.uid) as visit:
                answers += sum(player.play(chance.choice(packs), visit) for _ in range(LEVELS_A_PERSON))
    return answers


def _packs_at(station: BenchStation) -> list[str]:
    first = ask(station.kiosk_socket, OpenMap(), MapShown)
    pages = [first, *(ask(station.kiosk_socket, OpenMap(page=page), MapShown) for page in range(1, first.pages))]
    return [line.pack for page in pages for line in page.packs]
