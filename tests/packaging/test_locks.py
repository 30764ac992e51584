"""The packages' lock files: what was tested is installed, with hashes, and nothing that only builds or tests."""

import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from firmware_scripts.packaging.parts import PACKAGES

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
LOCKS = sorted({lock for package in PACKAGES.values() for lock in package.locks.values()})
_PIN = re.compile(r"^([a-z0-9.-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})*)", re.MULTILINE)
BUILT_HERE = {"python-prctl": "1.8.1"}
"""picamera2 wants it; ``rig.txt`` leaves it to Debian's package."""


def pins(name: str) -> dict[str, str]:
    return {found[1]: found[2] for found in _PIN.finditer((REQUIREMENTS / name).read_text(encoding="utf-8"))}


def wanted(extra: str) -> Iterator[str]:
    """Give the names that our extra asks for, without what those ask for."""
    for one in distribution("cunhui").requires or []:
        requirement, _, marker = one.partition(";")
        if f'"{extra}"' in marker:
            found = re.match(r"[\w.-]+", requirement)
            assert found
            yield found[0].lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_package_has_what_was_tested(lock: str) -> None:
    tested = {**BUILT_HERE, **pins("rig.txt"), **pins("lock.txt")}
    assert {name: version for name, version in pins(lock).items() if tested[name] != version} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_has_a_hash(lock: str) -> None:
    text = (REQUIREMENTS / lock).read_text(encoding="utf-8")
    assert pins(lock)
    assert len(pins(lock)) == len(re.findall(r"^[a-z]", text, re.MULTILINE))
    assert [found[1] for found in _PIN.finditer(text) if not found[3]] == []


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("county.txt", ("server",)),
        ("station.txt", ("agent", "kiosk")),
        ("station-arm64.txt", ("agent", "kiosk", "pi")),
    ],
)
def test_a_package_has_all_that_its_rooms_ask_for(lock: str, extras: tuple[str, ...]) -> None:
    assert {name for extra in extras for name in wanted(extra)} <= set(pins(lock))


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_that_installs_or_tests_is_in_a_package(lock: str) -> None:
    assert not {"pip", "setuptools", "wheel", "uv", "pytest", "ruff", "mypy", "playwright"} & set(pins(lock))
