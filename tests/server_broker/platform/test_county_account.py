"""A verb that root types gives up root before it looks into a folder that another account can write."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server_broker.platform.county_account import as_the_county, county_account
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import county_prefix
from server_broker.platform.processes import ServiceError

NOBODY = 65534
VERB = """
import json, os, subprocess, sys
from pathlib import Path
from server_broker.platform.county_account import persons_files, rights_of_the_person
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import go_on_as_the_county

home, roots = CountyHome(Path(sys.argv[1])), Path(sys.argv[2])
go_on_as_the_county(home)

def reads(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""

seen = {"uid": os.getuid(), "planted": reads(home.root / "planted"), "named": reads(roots)}
child = [sys.executable, "-c", f"print(open({str(roots)!r}).read())"]
with rights_of_the_person():
    seen["with rights"] = reads(roots)
    seen["child"] = subprocess.run(child, capture_output=True, text=True).stdout
seen["afterwards"] = reads(roots)
with persons_files() as files:
    copy = files.readable(roots, roots.with_name("secret-wal"))
    seen["copy"], seen["beside"] = reads(copy), reads(copy.with_name("secret-wal"))
    link = files.readable(roots.with_name("link"))
    seen["link"] = reads(link)
seen["gone"] = not copy.exists()
print(json.dumps(seen))
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path / "county")
    home.root.mkdir()
    os.chown(home.root, NOBODY, NOBODY)
    for folder in (tmp_path, *tmp_path.parents[:2]):  # pytest makes its own folders for root alone
        folder.chmod(0o711)
    return home


def test_what_the_county_planted_is_not_followed_and_a_named_file_is_read(home: CountyHome, tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    roots.mkdir(mode=0o700)
    (roots / "secret").write_text("secret")
    (roots / "secret-wal").write_text("newest")
    (roots / "link").symlink_to(roots / "secret")
    (home.root / "planted").symlink_to(roots / "secret")
    done = subprocess.run(
        [sys.executable, "-c", VERB, home.root, roots / "secret"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "uid": NOBODY, "planted": "", "named": "", "with rights": "secret", "child": "", "afterwards": "",
        "copy": "secret", "beside": "newest", "link": "", "gone": True,
    }  # fmt: skip


def test_who_goes_on_is_not_said_by_anything_inside_the_folder(home: CountyHome) -> None:
    home.units_mark.symlink_to("/etc/hostname")  # a mark that is root's
    account = county_account(home)
    assert account is not None
    assert account.pw_uid == NOBODY
    home.units_mark.unlink()
    assert county_account(home) == account
    status = [*county_prefix(home), "/bin/cat", "/proc/self/status"]
    said = dict(line.split(":\t") for line in subprocess.check_output(status, text=True).splitlines() if ":\t" in line)
    assert said["Uid"].split() == [str(NOBODY)] * 4
    assert {int(said[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}


def test_a_verb_that_stays_root_looks_into_the_folder_with_no_right(home: CountyHome, tmp_path: Path) -> None:
    elsewhere = tmp_path / "roots"
    elsewhere.write_text("roots")
    elsewhere.chmod(0o600)
    (home.root / "county.toml").symlink_to(elsewhere)
    before = (os.geteuid(), os.getegid(), os.getgroups())
    with as_the_county(home), pytest.raises(PermissionError):
        home.config_file.open("a")
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before
    assert elsewhere.read_text() == "roots"


def test_a_folder_of_nobody_is_refused(home: CountyHome) -> None:
    os.chown(home.root, 3_999_999, NOBODY)
    with pytest.raises(ServiceError, match="chown"):
        county_account(home)
    os.chown(home.root, 0, 0)
    assert county_account(home) is None
