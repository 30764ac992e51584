"""Libraries without those parts of what they import that are large and that a station's programs never use.

Everything that a library imports stays in the process, and a station's memory is small (``docs/architecture.md``).
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_modules: dict[str, ModuleType | Any] = sys.modules


def with_nothing_of(name: str, *parts: str) -> ModuleType:
    """Return a stand-in for a module of which other modules take these parts and never use them here."""
    stand_in = ModuleType(name)
    stand_in.__dict__.update(dict.fromkeys(parts))
    return stand_in


@contextmanager
def left_out(stand_ins: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Let imports inside find a stand-in for each of these modules.

    A module that the program has loaded before is left alone: then nothing is saved by leaving it out.

    Args:
        stand_ins: By the module's full name. None makes its import fail (Python's reference, "The module cache").
    """
    hidden = {name: stand_in for name, stand_in in stand_ins.items() if name not in _modules}
    _modules.update(hidden)
    try:
        yield
    finally:
        for name in hidden:
            del _modules[name]
