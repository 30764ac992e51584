"""A station's way to the latest manifests, as a bundle of that station alone.

A station keeps what it is sent (`protocol.manifest.KeptHeads`). So a county that rewrites a past day is caught by any
station that was there.
"""

from collections.abc import Iterable
from datetime import datetime

from protocol.bundle_contents import Heads
from protocol.manifest import KeptHead
from server_broker.bundles.computed import draft_for, end_of_computed
from server_broker.bundles.drafts import Draft
from server_broker.fleet.models import Station
from server_broker.manifest.daily import heads_for
from server_broker.manifest.models import DailyManifest

LATEST = 3
"""Manifests in a bundle, so that a station that was offline for two nights misses none."""


class HeadsSource:
    """Computes the bundle of one station after another. The manifests are read once for all stations."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._heads: list[dict[str, KeptHead]] = []

    def __call__(self, station: Station, now: datetime) -> Iterable[Draft]:
        """Return the station's bundle; none if no manifest has anything of its stream.

        That is the stream which it had when the newest manifest was first read here. A stream that began since
        comes with the next night's manifest.
        """
        self._read_new()
        days = [heads[station.pk] for heads in self._heads if station.pk in heads]
        if not days:
            return []
        end = end_of_computed(now)
        return [draft_for(station, "heads", "存证", Heads(days=days), not_after=end, access="public", night=True)]

    def _read_new(self) -> None:
        newest = list(DailyManifest.objects.order_by("-number").values_list("number", flat=True)[:LATEST])
        if newest != self._numbers:
            manifests = DailyManifest.objects.filter(number__in=newest).order_by("number")
            self._heads, self._numbers = [heads_for(manifest) for manifest in manifests], newest
