"""The same calls in a process of their own: same answers, same refusals, and nothing stays behind in the agent."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.drivers.https import WrongContent
from agent.drivers.https_process import fetch_pack_apart, post_json_apart
from agent.ports import DeviceError
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.web import Web

CONTENT = os.urandom(200_000)
NAME = hashlib.sha256(CONTENT).digest()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def web(authority: Authority) -> Iterator[Web]:
    web = Web(lambda _path, body, _wanted: (200, {}, body or CONTENT), authority.issue("web", host="127.0.0.1"))
    yield web
    web.close()


def test_a_post_brings_status_and_answer(web: Web, authority: Authority) -> None:
    assert post_json_apart(f"{web.url}/enrol", authority.ca_file, b'{"a": 1}') == (200, b'{"a": 1}')


def test_a_file_comes_whole_or_is_refused(web: Web, authority: Authority) -> None:
    assert fetch_pack_apart(f"{web.url}/packs/x", authority.ca_file, NAME, len(CONTENT)) == CONTENT
    with pytest.raises(WrongContent):
        fetch_pack_apart(f"{web.url}/packs/x", authority.ca_file, bytes(32), len(CONTENT))


def test_nobody_there_is_a_device_error(authority: Authority) -> None:
    with pytest.raises(DeviceError, match="Connection"):
        post_json_apart("https://127.0.0.1:9/enrol", authority.ca_file, b"{}")


def test_the_agent_loads_no_http_library(web: Web, authority: Authority) -> None:
    program = f"""
import sys
from pathlib import Path
from agent.drivers.https_process import post_json_apart
post_json_apart({f"{web.url}/enrol"!r}, Path({str(authority.ca_file)!r}), b"{{}}")
print("requests" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
