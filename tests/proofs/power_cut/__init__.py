"""Proof: what a power cut at any moment leaves of a station is every green fact, once, and nothing else.

What an agent and its tools write, and where it is cut here (the kind in `tests.proofs.power_cut.shares`):

- ``outbox.db`` with its log, by a SQLite VFS. Facts (*commit*), receipts (*receipt*), streams begun and facts said
  again (*epoch*), erased bodies (*prune*), a file made, opened or closed (*open*), set aside and salvaged (*salvage*),
  any value of its state table (*state*). What is kept in that table by name: the twin with its settings, the clock's
  floor, the mark of being alive, standing alarms, the book of the month's data, the port that worked, why the machine
  started, the best stars of a level (*note*), and the county's orders with their answers (*order*).
- ``record-key.pem``, ``tls-key.pem``, ``enrolled.json``, ``certificate.pem``, at enrolment and at renewal (*identity*).
- ``camera-spool/``, by the camera's process (*spool*).
- ``blobs/``: written (*blob_write*), announced (*announce*), dropped when the county has them (*blob_drop*), given up
  for room (*blob_evict*); a log that the county ordered takes the same way (*order*).
- ``downloads/``, half files (*download*), and ``packs/`` (*pack*).
- ``last-log.txt`` (*log*): it is not synced, may be lost or garbled, and must keep nobody from starting.
- The export on a USB stick (*export*).

Files of Python are watched by standing before the operating system in this process. Not cut, since nothing of it is
read again: the export's working copy in a temporary folder, the doctor's trial pictures, unix sockets, and the tally
of the simulated camera. ``station.toml`` is written by people alone. The disk is a model, see
`tests.proofs.power_cut.disk`: no real card lost its power for this.
"""
