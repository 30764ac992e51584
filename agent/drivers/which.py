"""`shutil.which` without the packers of archives, which cost the agent 0.4 MB and which it never uses.

Where bz2 and lzma can't be imported, shutil packs no such archives and keeps everything else (``shutil.py``).
"""

from protocol.left_out import left_out

with left_out({"bz2": None, "lzma": None}):
    from shutil import which

__all__ = ["which"]
