"""A small run of the proof of duty finds nothing, and finds faults that show in any county. The others need
`./run prove duty`."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.small_proof
def test_a_sound_county_and_station_differ_in_nothing_and_faults_are_found(tmp_path: Path) -> None:
    # pytest reads this file before Django is set up.
    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415
    from tests.proofs.duty.county import County  # noqa: PLC0415
    from tests.proofs.duty.living import live, made  # noqa: PLC0415
    from tests.proofs.duty.planted import PLANTED  # noqa: PLC0415

    (tmp_path / "bundles").mkdir()
    lived = made(County(villages=2, days=5, seed=5), BundleFolder(tmp_path / "bundles"))

    def lived_through(name: str) -> tuple[int, int]:
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        found = live(lived, folder, seed=5, days=5, villages=2)
        assert found.touches
        assert found.rows
        return found.differences, found.invented

    assert lived_through("sound") == (0, 0)
    for name in ("a date too late", "run out and guessed", "a direction without the time"):
        with PLANTED[name]():
            assert lived_through(name) != (0, 0), name
