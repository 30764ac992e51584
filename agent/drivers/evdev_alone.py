"""evdev without asyncio, which costs the agent 1.6 MB of memory and which no driver here uses.

Where asyncio can't be imported, evdev leaves out its asynchronous reads and keeps everything else
(``evdev/device.py``).
"""

from protocol.left_out import left_out

with left_out({"asyncio": None}):
    import evdev
    from evdev import ecodes

__all__ = ["ecodes", "evdev"]
