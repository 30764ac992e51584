"""Proof: after a power cut at any moment a station still has every green fact, once, and nothing else.

An agent and its tools write the following. Each is cut here; the words in italics are the kinds in
`tests.proofs.power_cut.shares`:

- ``outbox.db`` with its log, by a SQLite VFS. Facts (*commit*), receipts (*receipt*), new streams and re-issued facts
  (*epoch*), erased bodies (*prune*), a file that is made, opened or closed (*open*), set aside and salvaged
  (*salvage*), and any value of its state table (*state*). That table keeps the twin with its settings, the clock's
  floor, the stamp of being alive, standing alarms, the account of the month's data, the port that worked, why the
  machine started, the best stars of a level (*note*), and the county's commands with their results (*command*).
- ``record-key.pem``, ``tls-key.pem``, ``enrolled.json``, ``certificate.pem``, at enrolment and at renewal (*identity*).
- ``camera-spool/``, by the camera's process (*spool*).
- ``blobs/``: written (*blob_write*), announced (*announce*), dropped when the county has them (*blob_drop*), given up
  for room (*blob_evict*). A log that the county asked for goes the same way (*command*).
- ``downloads/``, half files (*download*), and ``packs/`` (*pack*).
- ``last-log.txt`` (*log*): it is not synced and may be lost or garbled, but it must never keep a station from starting.
- The export on a USB stick (*export*).

Python's files are watched in this process, in place of the operating system. Some files are not cut, because the
product never reads them again: the export's working copy in a temporary folder, the doctor's trial pictures, unix
sockets, and the counter of the simulated camera. Only people write ``station.toml``. The disk is a model, see
`tests.proofs.power_cut.disk`: no real SD card lost its power for this.
"""
