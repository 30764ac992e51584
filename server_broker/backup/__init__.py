"""Backups of a county: a local repository, copies that leave the machine, proofs that they serve, and restoring.

pgBackRest keeps the repository: base backups and the write-ahead log, so that the database can be had as of any moment.
What leaves the machine is encrypted by age to a key that is on paper and nowhere else (docs/adr/0054). A copy counts
when its manifest is in place, and not before.
"""

from server_broker.backup.state import BackupStatus, backup_status

__all__ = ["BackupStatus", "backup_status"]
