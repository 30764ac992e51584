"""A pack with a level for each kind of question, of the questions that a county may begin with, and drawn signals."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import json, structs
from PIL import Image, ImageDraw, ImageFont

from firmware_scripts.demo.silence import silence
from protocol.packs import MIN_DRAW, Level, Pack, Question, QuestionKind

STARTER = Path(__file__).parents[2] / "server_broker/content/starter"
KINDS = "kinds"
TITLE = "示例：各种题目"
LEVELS: dict[str, str] = {
    "single": "单选题",
    "multiple": "多选题",
    "true_false": "判断题",
    "ordering": "排序题",
    "picture": "看图题",
    "sound": "听声题",
}
CORRECTED = "signal-red-2"
_SIGNALS = {"蓝": "#1d5fd0", "黄": "#f2c500", "橙": "#f08200", "红": "#d01f1f"}
_SOURCE = "《气象灾害预警信号发布与传播办法》附件"
_FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
_SOUND = "sound.opus"


def starters() -> list[Pack]:
    """Return the packs that a county may begin with."""
    return [json.decode(path.read_bytes(), type=Pack) for path in sorted(STARTER.glob("*.json"))]


def write_kinds(folder: Path, *, version: int) -> Path:
    """Write the pack of all kinds with its files, and return its file. Of one question the first version has a wrong
    answer."""
    drawn = [_signal(folder, name, colour) for name, colour in _SIGNALS.items()]
    (folder / _SOUND).write_bytes(silence())
    known = [(pack.id, question) for pack in starters() for level in pack.levels for question in level.questions]

    def of(kind: QuestionKind, since: int = 0) -> list[Question]:
        found = [structs.replace(one, id=f"{pack[8:]}-{one.id}") for pack, one in known if one.kind == kind]
        return found[since : since + MIN_DRAW]

    questions: dict[str, Sequence[Question]] = {
        "single": of("single"),
        "multiple": of("multiple"),
        "true_false": of("true_false"),
        "ordering": of("ordering"),
        "picture": _signals(drawn, version=version),
        "sound": [structs.replace(one, sound=_SOUND) for one in of("single", MIN_DRAW)],
    }
    levels = [Level(id=kind, name=LEVELS[kind], draw=MIN_DRAW, questions=list(own)) for kind, own in questions.items()]
    file = folder / f"{KINDS}-{version}.json"
    file.write_bytes(json.encode(Pack(id=KINDS, version=version, title=TITLE, sample=True, levels=levels)))
    return file


def _signals(drawn: Sequence[str], *, version: int) -> list[Question]:
    """Ask which signal of heavy rain a picture shows, and what to do then."""
    colours = list(_SIGNALS)
    named = [
        Question(
            id=f"signal-{place}",
            kind="single",
            stem="图上是哪一级暴雨预警信号？",
            options=[f"{colour}色" for colour in colours],
            answer=[place],
            explanation="暴雨预警信号分四级，从轻到重是蓝、黄、橙、红。红色最重。",
            source=_SOURCE,
            picture=drawn[place],
        )
        for place in range(len(colours))
    ]
    last = Question(
        id=CORRECTED,
        kind="single",
        stem="收到图上这个信号，您家在山脚下，先做什么？",
        options=["按村里安排转移", "等雨停再说", "去河边看水"],
        answer=[0 if version > 1 else 1],
        explanation="红色最重：三小时内雨可能下到一百毫米以上。山脚、河边的人听村里安排，马上走。",
        source=_SOURCE,
        picture=drawn[-1],
    )
    return [*named, last]


def _signal(folder: Path, name: str, colour: str) -> str:
    """Draw a signal as it is shown on television, and return its file's name."""
    picture = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((120, 30, 520, 450), radius=24, fill=colour, outline="black", width=6)
    ink = "black" if name == "黄" else "white"
    draw.text((320, 165), "暴雨", font=ImageFont.truetype(_FONT, 130), fill=ink, anchor="mm")
    for left in range(180, 480, 60):
        draw.line((left, 270, left - 25, 330), fill=ink, width=10)
    draw.text((320, 395), f"{name}　RAIN STORM", font=ImageFont.truetype(_FONT, 36), fill=ink, anchor="mm")
    file = folder / f"signal-{list(_SIGNALS).index(name)}.png"
    picture.save(file)
    return file.name
