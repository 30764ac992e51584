"""paho without urllib.request, which costs the agent 1.1 MB of memory.

paho asks it for a proxy, and only where the library ``socks`` is installed (``Client._get_proxy``). A station's line
goes through no proxy, so ``socks`` is left out as well: paho then never asks.
"""

from types import ModuleType

from protocol.left_out import left_out

with left_out({"socks": None, "urllib.request": ModuleType("urllib.request")}):
    from paho.mqtt import client as mqtt

__all__ = ["mqtt"]
