"""What a kiosk tells its session: the size that is wanted, once it is known, and only where there is room for it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk_tui.app import KioskApp
from kiosk_tui.places import keeping
from kiosk_tui.watching.session_line import SessionEar, SessionLine
from kiosk_tui.words.session import PLEASE_WAIT
from protocol.kiosk_keeping import Kept
from protocol.units import TextSizeName
from tests.conftest import short_folder
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import HandClock, StillLink, drawn


@pytest.fixture
def path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder / "s"


def heard(ear: SessionEar) -> list[TextSizeName | None]:
    sizes: list[TextSizeName | None] = []
    try:
        while True:
            sizes.append(ear.hear()[0])
    except BlockingIOError:
        return sizes


def kiosk(path: Path, *, resumes: bool = False, one_size: bool = False) -> KioskApp:
    line = SessionLine(path, one_size=one_size)
    return KioskApp(StillLink(), mono_ms=HandClock(), resumes=resumes, session=line)


async def test_a_size_is_asked_for_once_the_agent_has_said_what_holds(path: Path) -> None:
    with SessionEar(path) as ear:
        app = kiosk(path)
        async with app.run_test() as pilot:
            await pilot.pause()
            assert heard(ear) == []
            app.agent_said(msgspec.structs.replace(samples.HOME, text_size="large"))
            await pilot.pause()
            app.draw()
            assert heard(ear) == ["large"]


async def test_a_kiosk_that_goes_on_asks_for_the_size_that_was_chosen_and_for_no_other(path: Path) -> None:
    with SessionEar(path) as ear:
        app = kiosk(path, resumes=True)
        async with app.run_test() as pilot:
            app.agent_said(samples.HOME)
            await pilot.pause()
            assert heard(ear) == []
            assert PLEASE_WAIT in "".join(strip.text for strip in drawn(app))
            app.agent_said(Kept(state=keeping.encode(keeping.FlowKept(life=1_000_000, size="largest"))))
            await pilot.pause()
            assert heard(ear) == ["largest"]


async def test_where_there_is_room_for_one_size_none_is_asked_for(path: Path) -> None:
    with SessionEar(path) as ear:
        app = kiosk(path, one_size=True)
        async with app.run_test() as pilot:
            app.agent_said(msgspec.structs.replace(samples.HOME, text_size="large"))
            await pilot.pause()
            assert heard(ear) == []


def test_what_is_no_line_says_nothing_and_a_session_that_is_gone_hurts_nobody(path: Path) -> None:
    with SessionEar(path) as ear:
        line = SessionLine(path)
        line.report("the kiosk fell")
        line.report("x" * 10_000)
        assert ear.hear() == (None, "the kiosk fell")
        assert len(ear.hear()[1]) < 1_000
        for nonsense in (b"", b"size huge", b"\xff\xff", b"said"):
            line._say(nonsense.decode(errors="replace"))
            assert ear.hear() == (None, "")
    line.set_size("large")
