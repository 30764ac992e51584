"""Libraries without those parts of the standard library that are large and that the agent never uses of them.

Everything that a library imports stays in the process, and the agent's memory is small (``docs/architecture.md``).
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_modules: dict[str, ModuleType | Any] = sys.modules


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
