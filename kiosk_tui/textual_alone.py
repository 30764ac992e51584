"""Textual without TLS and without the folders of a desktop, which the kiosk never needs: 2 MB of memory less.

asyncio works without ssl where it is not there (``asyncio/sslproto.py``), and Textual asks platformdirs where a
screenshot is to be saved. Whatever shows a kiosk imports this module before Textual.
"""

from protocol.left_out import left_out, with_nothing_of

with left_out({"ssl": None, "platformdirs": with_nothing_of("platformdirs", "user_downloads_path")}):
    import textual.app

__all__ = ["textual"]
