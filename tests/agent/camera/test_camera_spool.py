"""A picture has its name in the spool only when its bytes are on the card (ADR 5)."""

import os
from pathlib import Path

import pytest

from agent.camera import camera_process
from agent.camera.camera_protocol import StillTaken
from tests.fakes.devices import FakeCamera

NAME = "touch-none-0-abc.jpg"
JPEG = b"\xff\xd8 picture \xff\xd9"


def test_bytes_then_name_then_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), (tmp_path / NAME).exists()))

    monkeypatch.setattr(os, "fsync", watched)
    assert camera_process.answer_request(FakeCamera(), lambda _: (JPEG, ""), tmp_path, NAME) == (StillTaken(), b"")
    assert synced == [(str(tmp_path / f"{NAME}.new"), False), (str(tmp_path), True)]
    assert (tmp_path / NAME).read_bytes() == JPEG
