"""Errands in a process of their own have the same outcomes as in the agent, and leave nothing in its memory."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest

from agent.drivers.https import WrongContent, post_json
from agent.errands import COMMAND, ErrandOutcome, FetchErrand, fetch_by_errand, renew_by_errand, run_errand
from agent.identity.enrolment import enrol, renewal_due_ms
from agent.identity.station_identity import load_identity
from agent.ports import DeviceError
from firmware_scripts.systemd.unit import FOLDER
from protocol.signing import key_id
from tests.agent.uplink.enrolment_desk import CLAIM, EnrolmentDesk
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.web import Web

CONTENT = os.urandom(200_000)
NAME = hashlib.sha256(CONTENT).digest()
FAR_AHEAD_MS = 2_500_000_000_000


@pytest.fixture
def desk(authority: Authority) -> EnrolmentDesk:
    return EnrolmentDesk(authority)


@pytest.fixture
def web(authority: Authority, desk: EnrolmentDesk) -> Iterator[Web]:
    def answer(path: str, body: bytes, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        if not path.startswith("/packs/"):
            return desk(path, body, wanted)
        start = int((wanted or "bytes=0-").removeprefix("bytes=").split("-")[0])
        return 206, {"Content-Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"}, CONTENT[start:]

    web = Web(answer, authority.issue("web", host="127.0.0.1"))
    yield web
    web.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "station"


def fetch(web: Web, authority: Authority, folder: Path, *, sha256: bytes = NAME) -> bytes:
    url, into = f"{web.url}/packs/x", folder / "downloads"
    return fetch_by_errand(url, authority.ca_file, sha256, len(CONTENT), folder=into, billed=unmetered)


def unmetered(count: int) -> None:
    """Ignore the bytes that an errand moved."""


def test_a_file_comes_whole_and_leaves_nothing_under_way(web: Web, authority: Authority, folder: Path) -> None:
    assert fetch(web, authority, folder) == CONTENT
    assert list((folder / "downloads").iterdir()) == []


def test_an_errand_is_done_under_what_the_agents_unit_forbids(web: Web, authority: Authority, folder: Path) -> None:
    call = FetchErrand(
        url=f"{web.url}/packs/x", ca=str(authority.ca_file), sha256=NAME, size=len(CONTENT), into=str(folder / "file")
    )
    folder.mkdir()
    sandbox = [sys.executable, "-m", "tests.firmware_scripts.sandbox", str(FOLDER / "cunhui-agent.service")]
    run_errand(call, limit_s=60.0, billed=unmetered, command=[*sandbox, *COMMAND])
    assert (folder / "file").read_bytes() == CONTENT


def test_another_file_is_refused(web: Web, authority: Authority, folder: Path) -> None:
    with pytest.raises(WrongContent):
        fetch(web, authority, folder, sha256=bytes(32))
    assert list((folder / "downloads").iterdir()) == []


def test_the_next_errand_goes_on_where_one_stopped(web: Web, authority: Authority, folder: Path) -> None:
    web.cut_after = [50_000, 0, 0, 0]
    with pytest.raises(DeviceError):
        fetch(web, authority, folder)
    (folder / "downloads" / ("ab" * 32)).write_bytes(b"of a pack that is no longer wanted")
    kept = (folder / "downloads" / NAME.hex()).stat().st_size
    assert kept > 0
    assert fetch(web, authority, folder) == CONTENT
    assert web.requests[-1][1] == f"bytes={kept}-{len(CONTENT) - 1}"


@pytest.mark.parametrize("wrong", [False, True])
def test_what_is_moved_is_told_also_when_it_was_for_nothing(
    web: Web, authority: Authority, folder: Path, wrong: bool
) -> None:
    told: list[int] = []
    url, sha256 = f"{web.url}/packs/x", bytes(32) if wrong else NAME
    with pytest.raises(WrongContent) if wrong else nullcontext():
        fetch_by_errand(url, authority.ca_file, sha256, len(CONTENT), folder=folder, billed=told.append)
    [billed] = told
    assert len(CONTENT) + 2_000 < billed < len(CONTENT) * 1.1


def test_a_certificate_is_renewed_when_it_is_due(web: Web, authority: Authority, folder: Path) -> None:
    first = enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    due_ms = renewal_due_ms(first.enrolled.certificate)
    asked = len(web.requests)
    early = renew_by_errand(folder, url=web.url, ca_path=authority.ca_file, now_ms=due_ms - 1, billed=unmetered)
    assert (early, len(web.requests)) == (ErrandOutcome(due_ms=due_ms), asked)
    assert renew_by_errand(folder, url=web.url, ca_path=authority.ca_file, now_ms=due_ms, billed=unmetered).renewed
    second = load_identity(folder)
    assert second is not None
    assert second.enrolled.certificate != first.enrolled.certificate
    assert second.certificate_file.read_text() == second.enrolled.certificate


def test_a_certificate_is_renewed_before_it_is_due_for_the_countys_keys(
    web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path
) -> None:
    first = enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    early_ms = renewal_due_ms(first.enrolled.certificate) - 1
    desk.county_keys = [b"\x02" * 32]
    outcome = renew_by_errand(
        folder, url=web.url, ca_path=authority.ca_file, now_ms=early_ms, anyway=True, billed=unmetered
    )
    assert (outcome.renewed, outcome.county_keys) == (True, [b"\x02" * 32])
    after = load_identity(folder)
    assert after is not None
    assert after.county_keys == {key_id(b"\x02" * 32): b"\x02" * 32}, "and a restart knows them too"


def test_a_refused_renewal_leaves_the_certificate(
    web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path
) -> None:
    first = enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    desk.wrong_nonce = True
    due_ms = renewal_due_ms(first.enrolled.certificate)
    with pytest.raises(DeviceError, match="ResponseRefused"):
        renew_by_errand(folder, url=web.url, ca_path=authority.ca_file, now_ms=due_ms, billed=unmetered)
    assert first.certificate_file.read_text() == first.enrolled.certificate


@pytest.mark.parametrize("enrolled", [None, b"{"])
def test_a_folder_that_is_no_stations_is_a_device_error(
    web: Web, authority: Authority, folder: Path, enrolled: bytes | None
) -> None:
    folder.mkdir()
    if enrolled is not None:
        (folder / "enrolled.json").write_bytes(enrolled)
    with pytest.raises(DeviceError):
        renew_by_errand(folder, url=web.url, ca_path=authority.ca_file, now_ms=FAR_AHEAD_MS, billed=unmetered)


def test_nobody_there_is_a_device_error(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="Connection"):
        fetch_by_errand(
            "https://127.0.0.1:9/packs/x", authority.ca_file, NAME, 10, folder=tmp_path / "downloads", billed=unmetered
        )


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import time; time.sleep(60)", "in time"),
        ("input()", "no answer"),
        ("input(); print('{')", "Decode"),
        ("input(); print('x' * 99_999)", "no answer"),
    ],
)
def test_a_process_that_hangs_dies_or_babbles_is_a_device_error(program: str, why: str) -> None:
    """All but the first process read their line first, so that the outcome does not depend on a race."""
    call = FetchErrand(url="", ca="", sha256=NAME, size=1, into="")
    with pytest.raises(DeviceError, match=why):
        run_errand(call, limit_s=1.0, billed=unmetered, command=[sys.executable, "-c", program])


def test_a_program_that_is_missing_is_a_device_error() -> None:
    with pytest.raises(DeviceError):
        run_errand(
            FetchErrand(url="", ca="", sha256=NAME, size=1, into=""),
            limit_s=1.0,
            billed=unmetered,
            command=["/no/such/program"],
        )


def test_it_ends_with_the_agent(authority: Authority, tmp_path: Path) -> None:
    """The process waits for a server that never answers. When the agent's end of the pipe closes, it ends at once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/packs/x"
        call = FetchErrand(url=url, ca=str(authority.ca_file), sha256=NAME, size=10, into=str(tmp_path / "file"))
        process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(call) + b"\n")
        process.stdin.flush()
        silent.settimeout(10)
        with silent.accept()[0]:
            process.stdin.close()
            assert process.wait(5) == 1
        process.stdout.close()


def test_the_agent_loads_neither_the_http_library_nor_x509(web: Web, authority: Authority, tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
import agent.wiring.assembly
from agent.errands import fetch_by_errand
fetch_by_errand({f"{web.url}/packs/x"!r}, Path({str(authority.ca_file)!r}), bytes.fromhex({NAME.hex()!r}),
            {len(CONTENT)}, folder=Path({str(tmp_path / "downloads")!r}), billed=[].append)
print([name for name in ("requests", "urllib3", "cryptography.x509", "importlib.metadata") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
