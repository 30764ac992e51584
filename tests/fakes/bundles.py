"""The county's bundles as a shelf offers them, in memory."""

from hashlib import sha256

from agent.shelf.state import HeldBundle
from protocol.bundle_contents import Month, Roster
from protocol.bundles import Audience, Bundle, BundleKind
from protocol.codec import encode
from protocol.courses import Courses
from protocol.duty_days import DutyDays
from protocol.feedback import Answers
from protocol.meetings import Meetings
from protocol.progress import Progress


class Held(HeldBundle, frozen=True, kw_only=True):
    """A bundle of the shelf, with what a real one has on the disk."""

    bundle: Bundle


class FakeBundles:
    """Implements `agent.kiosk.county_lists.OfferedBundles`."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def put(
        self,
        kind: BundleKind,
        content: Roster | Progress | Month | Answers | Meetings | DutyDays | Courses,
        *,
        name: str = "",
    ) -> None:
        """Offer a new version of a bundle."""
        ident = f"{kind}-{name}" if name else kind
        version = self._held[ident].version + 1 if ident in self._held else 1
        bundle = Bundle(
            id=ident,
            kind=kind,
            version=version,
            title=kind,
            audience=Audience(),
            not_before=0,
            not_after=2**50,
            content=encode(content),
        )
        payload = encode(bundle)
        self._held[ident] = Held(
            id=ident,
            kind=kind,
            version=version,
            sha256=sha256(payload).digest(),
            size=len(payload),
            not_before=bundle.not_before,
            not_after=bundle.not_after,
            via="line",
            items=0,
            bundle=bundle,
        )

    def take(self, held: Held) -> None:
        """Offer what another shelf had, as after a restart."""
        self._held[held.id] = held

    def bundles(self, kind: BundleKind) -> list[Held]:
        return [held for held in self._held.values() if held.bundle.kind == kind]

    def read(self, bundle: HeldBundle) -> Bundle:
        assert isinstance(bundle, Held)
        return bundle.bundle
