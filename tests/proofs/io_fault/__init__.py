"""Proof: whichever operation of the disk fails, nothing that was green is lost, and the station works again."""
