"""Proof: whichever operation of the disk fails, nothing that was green is lost, and the station works again.

What is written is what `tests.proofs.power_cut` lists; the receipts' erasing of old bodies alone is left to the agent's
own tests. Operations are failed below the station's folder and the stick; SQLite's own by a VFS.
"""
