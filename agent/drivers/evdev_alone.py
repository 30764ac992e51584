"""evdev without asyncio, which costs the agent 1.6 MB of memory and which no driver here uses.

Where asyncio can't be imported, evdev leaves out its asynchronous reads and keeps everything else
(``evdev/device.py``). A program that has imported asyncio already keeps it.
"""

import sys
from types import ModuleType
from typing import Any

_ASYNCIO = "asyncio"
_modules: dict[str, ModuleType | Any] = sys.modules
_hidden = _ASYNCIO not in _modules
if _hidden:
    # None makes an import fail (Python's reference, "The module cache").
    _modules[_ASYNCIO] = None
try:
    import evdev
    from evdev import ecodes
finally:
    if _hidden:
        del _modules[_ASYNCIO]

__all__ = ["ecodes", "evdev"]
