"""Proof: whichever operation of the disk fails, no green fact is lost, and the station works again.

The same files are written as in `tests.proofs.power_cut`. Only the erasing of old bodies after their receipts is left
to the agent's own tests. The operations that fail are those below the station's folder and the USB stick; those of
SQLite fail in a VFS.
"""
