"""The page for strangers names everything that travels."""

import re
from pathlib import Path

import pytest

from protocol.facts import KINDS, Fact
from protocol.kiosk import ToAgent, ToKiosk
from protocol.refusal import Reason
from protocol.signing import Context
from protocol.topics import DOWN, UP
from tests.golden import vectors
from tests.golden.generate import FACTS, MESSAGES
from tests.golden.generate import LINES as SAMPLE_LINES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")

LINES = [kind.__struct_config__.tag for union in (ToKiosk, ToAgent) for kind in union.__value__.__args__]
STRUCTS = [*MESSAGES.values(), *FACTS.values(), *vectors.JSON.values(), *SAMPLE_LINES.values()]
FIELDS = sorted({field for struct in STRUCTS for field in struct.__struct_encode_fields__})


@pytest.mark.parametrize(
    "name", [*UP, *DOWN, *sorted(KINDS), *LINES, *Reason.__value__.__args__, *Context.__value__.__args__]
)
def test_names(name: str) -> None:
    assert f"`{name}`" in PAGE or f'"{name}"' in PAGE


@pytest.mark.parametrize("field", FIELDS)
def test_fields(field: str) -> None:
    assert any(f"`{field}{end}" in PAGE for end in ("`", ":")) or f"{{{field}" in PAGE or f", {field}" in PAGE


@pytest.mark.parametrize("struct", MESSAGES.values(), ids=lambda struct: type(struct).__name__)
def test_messages(struct: object) -> None:
    assert type(struct).__name__ in PAGE


def test_the_kinds_of_fact_that_no_station_states_are_reserved() -> None:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "agent").rglob("*.py"))
    made = {name for text in texts for name in re.findall(r"\b([A-Z]\w+)\(", text)}
    kinds = {kind.__struct_config__.tag: kind.__name__ for kind in Fact.__value__.__args__}
    unstated = [kind for kind in sorted(kinds) if kinds[kind] not in made]
    sentence = PAGE.split("\nReserved, because no station of this version states them;")[1].split("\n\n")[0]
    assert re.findall("`([a-z_]+)`", sentence) == unstated
