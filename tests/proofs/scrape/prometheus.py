"""Debian's Prometheus, started for the proof, and what it says through its HTTP interface."""

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware_scripts.demo.processes import Process, wait_until
from server_broker.platform.county_config import free_ports

_CONFIG = """\
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: [{rules}]
scrape_configs:
  - job_name: cunhui
    scheme: https
    authorization: {{credentials_file: {token}}}
    tls_config: {{ca_file: {ca}}}
    static_configs:
      - targets: ["{target}"]
"""


class Prometheus:
    """A context manager: its end stops the server. Its data lie in ``folder``."""

    def __init__(self, folder: Path, *, rules: str, token: str, ca: Path, target: str) -> None:
        folder.mkdir()
        self.rules, secret, self.config = folder / "cunhui.rules.yml", folder / "token", folder / "prometheus.yml"
        self.rules.write_text(rules, encoding="utf-8")
        secret.write_text(token)
        secret.chmod(0o600)
        self.config.write_text(_CONFIG.format(rules=self.rules, token=secret, ca=ca, target=target), encoding="utf-8")
        (port,) = free_ports(1)
        self._address = f"http://127.0.0.1:{port}"
        command = [
            "prometheus",
            f"--config.file={self.config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
        self.log = folder / "prometheus.log"
        self._process = Process("prometheus", command, log=self.log)

    def __enter__(self) -> Self:
        self._process.start()
        wait_until(self._is_ready, what="Prometheus to be ready", timeout_s=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stop()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an instant query."""
        found: list[dict[str, Any]] = self._ask("query", query=expression)["result"]
        return found

    def over(self, expression: str, begin_s: float, end_s: float) -> list[dict[str, Any]]:
        """Return the series of a query at each second of a time."""
        asked = {"query": expression, "start": str(begin_s), "end": str(end_s), "step": "1"}
        found: list[dict[str, Any]] = self._ask("query_range", **asked)["result"]
        return found

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._address}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _ask(self, what: str, **asked: str) -> Any:
        query = urllib.parse.urlencode(asked)
        with urllib.request.urlopen(f"{self._address}/api/v1/{what}?{query}", timeout=20) as answer:
            return json.load(answer)["data"]


def promtool(*words: str) -> bool:
    """Return whether Prometheus' own tool finds nothing wrong."""
    return subprocess.run(["promtool", *words], capture_output=True, check=False).returncode == 0
