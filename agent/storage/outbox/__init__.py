"""The outbox: a fact for which the lamp was green is never lost.

`outbox` is the way in. Behind it:

- Every day: `schema` has the tables, `stream` appends facts to the chain, `progress` notes how far receipts have come,
  `prune` erases bodies that the county has had for long.
- When the county lacks facts: `reissue` says facts of an old stream again in a new one, `earlier` finds the streams to
  ask a restored county about.
- At each start: `opening` makes, checks or salvages the file. For it `files` finishes a replacement that a power cut
  interrupted, `versions` tells whose tables it has, `check` checks it, `wal_recovery` brings back commits that SQLite
  drops from its log.
- When the file is damaged: `salvage` makes a new one. `damaged_file` and `pages` read rows without SQLite, `scan` tells
  which are proven, `placement` proves their places by the chain.
"""

from agent.storage.outbox.outbox import MAX_COMMIT_BYTES, Outbox

__all__ = ["MAX_COMMIT_BYTES", "Outbox"]
