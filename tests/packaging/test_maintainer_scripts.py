"""What a package's scripts do besides debhelper's part: purge leaves the data and says where they are."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DEBIAN = Path(__file__).parents[2] / "firmware_scripts" / "packaging" / "debian"
SCRIPTS = sorted(path for path in DEBIAN.iterdir() if path.suffix in (".preinst", ".postinst", ".prerm", ".postrm"))
DATA = {"cunhui-station.postrm": "/var/lib/cunhui", "cunhui-county.postrm": "/var/lib/cunhui-county"}


def run(name: str, verb: str, folder: Path) -> list[str]:
    """Run a script with ``folder`` in the place of the data; return what it says."""
    script = folder.parent / name
    text = (DEBIAN / name).read_text(encoding="utf-8")
    script.write_text(text.replace(DATA[name], str(folder)), encoding="utf-8")
    return subprocess.run(["sh", str(script), verb], check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_shell_reads_the_script(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\nset -e\n")
    assert text.count("#DEBHELPER#") == 1
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", str(script)], check=True)


@pytest.mark.parametrize("name", DATA)
def test_purge_leaves_the_data_and_says_where_in_two_languages(name: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "outbox.db").write_bytes(b"a green light")
    for _ in range(2):
        chinese, english = run(name, "purge", data)
        assert chinese.startswith("村慧")
        assert english.startswith("Cunhui")
        assert f"rm -r {data}" in chinese
        assert f"rm -r {data}" in english
    assert (data / "outbox.db").read_bytes() == b"a green light"


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("verb", ["remove", "upgrade", "failed-upgrade", "abort-install", "disappear"])
def test_other_ends_say_nothing(name: str, verb: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert run(name, verb, tmp_path / "data") == []


@pytest.mark.parametrize("name", DATA)
def test_purge_of_what_never_ran_says_nothing(name: str, tmp_path: Path) -> None:
    assert run(name, "purge", tmp_path / "data") == []


@pytest.mark.parametrize(("there", "written"), [("", True), ("main", False)])
def test_postgresql_makes_no_other_cluster_where_there_is_none(tmp_path: Path, there: str, written: bool) -> None:
    """Debian's postgresql-common makes one at installation, unless it is told not to."""
    clusters, told = tmp_path / "postgresql", tmp_path / "createcluster.d" / "cunhui-county.conf"
    (clusters / "17" / there).mkdir(parents=True) if there else clusters.mkdir()
    script = tmp_path / "preinst"
    text = (DEBIAN / "cunhui-county.preinst").read_text(encoding="utf-8")
    text = text.replace("/etc/postgresql-common/createcluster.d", str(told.parent))
    script.write_text(text.replace("/etc/postgresql ", f"{clusters} "), encoding="utf-8")
    for verb, expected in (("upgrade", False), ("install", written)):
        subprocess.run(["sh", str(script), verb], check=True)
        assert told.exists() == expected


@pytest.mark.parametrize(
    ("verb", "was", "used", "comes", "went_back", "refused"),
    [
        ("upgrade", "0.1.0+2", "0.1.0+2", "0.1.0+3", None, False),
        ("upgrade", "0.1.0+2", "0.1.0+2", "0.1.0+2", None, False),
        ("upgrade", "0.1.0+2", "0.1.0+2", "0.1.0+1", None, True),
        ("upgrade", "0.1.0+2", "", "0.1.0+1", None, True),  # the installed version noted none
        ("upgrade", "0.1.0+2", "0.1.0+1", "0.1.0+1", None, False),  # it was refused before it used the database
        ("install", "0.1.0+2", "0.1.0+2", "0.1.0+1", None, True),  # after `apt remove`
        ("install", "0.1.0+2", "0.1.0+2", "0.1.0+3", None, False),
        ("upgrade", "0.1.0+3", "0.1.0+3", "0.1.0+2", "0.1.0+2\ncli:root\n", False),
        ("upgrade", "0.1.0+3", "0.1.0+3", "0.1.0+1", "0.1.0+2\ncli:root\n", True),
        ("upgrade", "0.1.0+3", "0.1.0+3", "0.1.0+1", "\ncli:root\n", False),  # the version before noted none
    ],
)
def test_an_earlier_version_comes_only_once_the_database_went_back(
    tmp_path: Path, verb: str, was: str, used: str, comes: str, went_back: str | None, refused: bool
) -> None:
    county, script = tmp_path / "county", tmp_path / "preinst"
    text = (DEBIAN / "cunhui-county.preinst").read_text(encoding="utf-8")
    script.write_text(text.replace(DATA["cunhui-county.postrm"], str(county)), encoding="utf-8")

    def preinst() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["sh", str(script), verb, was, comes], capture_output=True, text=True)

    assert preinst().returncode == 0, "there is no county yet"
    (county / "dumps").mkdir(parents=True)
    (county / "county.toml").touch()
    if used:
        (county / "used-by").write_text(f"{used}\n", encoding="ascii")
    if went_back is not None:
        (county / "dumps" / "went-back").write_text(went_back, encoding="ascii")
    done = preinst()
    assert done.returncode == int(refused)
    assert ("dump restore" in done.stderr) == refused


def test_what_is_no_file_in_the_county_s_folder_is_not_read(tmp_path: Path) -> None:
    county, script, elsewhere = tmp_path / "county", tmp_path / "preinst", tmp_path / "elsewhere"
    text = (DEBIAN / "cunhui-county.preinst").read_text(encoding="utf-8")
    script.write_text(text.replace("/var/lib/cunhui-county", str(county)), encoding="utf-8")
    county.mkdir()
    (county / "county.toml").touch()
    elsewhere.write_text("9:roots-secret\n", encoding="ascii")
    for planted in ("link", "fifo"):
        if planted == "link":
            (county / "used-by").symlink_to(elsewhere)
        else:
            os.mkfifo(county / "used-by")
        words = ["sh", str(script), "upgrade", "0.1.0+2", "0.1.0+1"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
        assert (done.returncode, "0.1.0+2" in done.stderr, "secret" in done.stderr) == (1, True, False)
        (county / "used-by").unlink()
