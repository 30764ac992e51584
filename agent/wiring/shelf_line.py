"""The shelf's way to the county: each trip has one errand process and one connection, which begin with its first
file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.drivers.https import CountySaysNo, WrongContent
from agent.errands import ErrandRunner, FetchErrand
from agent.ports import DeviceError
from agent.shelf.source import Bounds, NotGiven, Unreachable, Wanted

_NOT_ADMITTED = frozenset({401, 403})


class CountySource:
    """Fetches the shelf's files over HTTPS. Implements `agent.shelf.source.Source`."""

    def __init__(self, runner: ErrandRunner, *, url: str, ca: Path, folder: Path, spent: Callable[[], int]) -> None:
        """Begin.

        Args:
            folder: The station's, whose record key signs requests.
            spent: Returns the bytes that the runner has moved.
        """
        self._runner = runner
        self._url = url
        self._ca = ca
        self._folder = folder
        self._spent = spent

    @property
    def spent_bytes(self) -> int:
        """What the trip has cost so far."""
        return self._spent()

    def fetch(self, wanted: Wanted, *, into: Path, bounds: Bounds) -> None:
        """Fetch one file; see `agent.shelf.source.Source.fetch`."""
        path = f"/{wanted.kind}/{wanted.sha256.hex()}"
        call = FetchErrand(
            url=f"{self._url}{path}",
            ca=str(self._ca),
            # A bundle is signed when it is sent, so only what is inside has a known hash. The trip checks it.
            sha256=wanted.sha256 if wanted.kind == "items" else b"",
            size=wanted.size,
            into=str(into),
            path=path if bounds.wall_ms is not None else "",
            folder=str(self._folder),
            wall_ms=bounds.wall_ms or 0,
            most_bytes=bounds.most_bytes,
        )
        try:
            self._runner.run(call, limit_s=bounds.within_s)
        except CountySaysNo as error:
            raise NotGiven("not_admitted" if error.status in _NOT_ADMITTED else "not_found", str(error)) from error
        except WrongContent as error:
            raise NotGiven("wrong_hash", str(error)) from error
        except DeviceError as error:
            raise Unreachable(str(error)) from error


@contextmanager
def open_county(url: str, ca: Path, folder: Path, *, billed: Callable[[int], None]) -> Iterator[CountySource]:
    """Open the way to the county for one trip; nothing is connected yet.

    Args:
        folder: The station's.
        billed: Called with the bytes that were moved.
    """
    spent = [0]

    def count(moved: int) -> None:
        spent[0] += moved
        billed(moved)

    with ErrandRunner(billed=count) as runner:
        yield CountySource(runner, url=url, ca=ca, folder=folder, spent=lambda: spent[0])
