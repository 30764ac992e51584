"""The page for strangers names everything that travels."""

from pathlib import Path

import pytest

from protocol.facts import KINDS
from protocol.kiosk import ToAgent, ToKiosk
from protocol.refusal import Reason
from protocol.signing import Context
from protocol.topics import DOWN, UP
from tests.golden import vectors
from tests.golden.generate import FACTS, MESSAGES
from tests.golden.generate import LINES as SAMPLE_LINES

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")

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
