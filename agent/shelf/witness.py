"""What the county said of its record, day by day, kept so that it can't be taken back.

A root that was sent once stays, even if the county sends another one for the same day: then the county's past was
rewritten, and this file proves it. A technician copies it; ``cunhui-server verify county --heads`` reads it.
"""

import logging
from pathlib import Path

from agent.shelf.offered import Offered
from agent.storage.durable import write_durably
from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes
from protocol.bundle_contents import Heads, read_content
from protocol.codec import decode, encode
from protocol.manifest import MAX_KEPT, MAX_KEPT_HEADS_BYTES, KeptHead, KeptHeads, check_kept_head
from protocol.refusal import Refused

log = logging.getLogger(__name__)


class Witness:
    """Keeps the roots of the last `MAX_KEPT` manifests. Used on the core thread."""

    def __init__(self, path: Path, *, station: str, offered: Offered, alarms: StandingAlarms) -> None:
        """Begin with what is on the disk.

        Args:
            path: The file; a damaged one is begun anew, and the log says so.
        """
        self._path = path
        self._station = station
        self._offered = offered
        self._alarms = alarms
        self._seen: set[bytes] = set()
        self.kept: dict[int, KeptHead] = self._read()

    def look(self) -> None:
        """Take what bundles on the shelf say of the manifests. A bundle is read once in a run of the program."""
        for held in self._offered.bundles("heads"):
            if held.sha256 in self._seen:
                continue
            try:
                content = read_content(self._offered.read(held))
            except (Refused, OSError) as error:
                log.warning("a bundle of manifests can't be read: %s", error)
                continue
            self._seen.add(held.sha256)
            if isinstance(content, Heads):
                self._take(content.days)

    def _take(self, days: list[KeptHead]) -> None:
        before = dict(self.kept)
        for head in days:
            try:
                number = check_kept_head(head, station=self._station).number
            except Refused as refused:
                # A bundle of another station in the same village, or a county that can't show us in its own tree.
                log.warning("a manifest was not kept: %s", refused.reason)
                continue
            if self.kept.setdefault(number, head).signed != head.signed:
                detail = f"县里给第 {number} 号总账发来了另一份，原来那份留着"
                self._alarms.raise_alarm(alarm_codes.COUNTY_REWROTE, "critical", detail, kind=str(number))
        self.kept = {number: self.kept[number] for number in sorted(self.kept)[-MAX_KEPT:]}
        if self.kept != before:
            self._write()

    def _write(self) -> None:
        heads = [self.kept[number] for number in sorted(self.kept)]
        try:
            write_durably(self._path, encode(KeptHeads(station=self._station, heads=heads)), mode=0o600)
        except OSError as error:
            # Read again from the shelf at the next start, where the last bundle still lies.
            log.warning("what the county said of its record was not kept: %s", error)

    def _read(self) -> dict[int, KeptHead]:
        try:
            with self._path.open("rb") as file:
                raw = file.read(MAX_KEPT_HEADS_BYTES + 1)
            kept = decode(raw, KeptHeads, limit=MAX_KEPT_HEADS_BYTES)
            return {check_kept_head(head, station=self._station).number: head for head in kept.heads}
        except FileNotFoundError:
            return {}
        except (OSError, Refused) as error:
            log.warning("what was kept of the county's record can't be read and begins anew: %s", error)
            return {}
