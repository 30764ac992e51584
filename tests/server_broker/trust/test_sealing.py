"""A sealed secret opens by the county's own key and for what it was sealed for, and by nothing else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server_broker.platform.home import CountyHome
from server_broker.trust.sealing import SealBroken, make_sealing_key, seal, unseal

SECRET = b"twenty bytes of seed"


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    made = CountyHome(tmp_path)
    make_sealing_key(made)
    return made


def test_it_opens_for_what_it_was_sealed_for(home: CountyHome) -> None:
    sealed = seal(home, SECRET, of="one")
    assert unseal(home, sealed, of="one") == SECRET
    assert seal(home, SECRET, of="one") != sealed
    with pytest.raises(SealBroken):
        unseal(home, sealed, of="another")


def test_what_was_changed_or_never_sealed_does_not_open(home: CountyHome) -> None:
    sealed = seal(home, SECRET, of="one")
    other = "A" if sealed[20] != "A" else "B"
    for text in ("", SECRET.hex(), "1:", "1:é", sealed[:-4], f"{sealed[:20]}{other}{sealed[21:]}"):
        with pytest.raises(SealBroken):
            unseal(home, text, of="one")


def test_without_its_key_it_does_not_open(home: CountyHome, tmp_path: Path) -> None:
    sealed = seal(home, SECRET, of="one")
    key = home.trust / "seal.key"
    assert key.stat().st_mode & 0o777 == 0o600
    for content in (None, b"short", bytes(32)):
        key.unlink() if content is None else key.write_bytes(content)
        with pytest.raises(SealBroken):
            unseal(home, sealed, of="one")


def test_of_many_that_make_the_key_one_does(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: make_sealing_key(home), range(32)))
    sealed = seal(home, SECRET, of="one")
    make_sealing_key(home)
    assert unseal(home, sealed, of="one") == SECRET
    assert [path.name for path in home.trust.iterdir()] == ["seal.key"]
