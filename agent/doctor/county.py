"""Find out whether the county can be reached, proves to be the county, and accepts this station.

MQTT is not spoken, because a second connection under the station's name would end the agent's own (MQTT 5.0, 3.1.4).
"""

from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from agent.causes import cause
from agent.doctor.ports import Probe, Trouble
from agent.doctor.problems import COUNTY_AWAY, PORT_BLOCKED, Finding, problem_finding
from agent.identity.station_identity import Identity
from protocol.china_time import CHINA

_CODES: dict[Trouble, int] = {"name": 21, "away": COUNTY_AWAY, "stranger": 23, "dates": 24, "refused": 25}
_HTTPS_PORT = 443


def examine_county(url: str, ca: Path, identity: Identity | None, probe: Probe) -> list[Finding]:
    """Probe the web server, and the broker with the station's certificate."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _HTTPS_PORT
    try:
        ca.read_bytes()
    except OSError as error:
        return [problem_finding("县里网页", 11, f"ca：{cause(error)}")]
    web_trouble = probe(host, port, ca, None)
    web = _endpoint_finding("县里网页", host, port, web_trouble)
    if identity is None:
        return [web]
    broker = identity.enrolled.broker
    own = (identity.certificate_file, identity.tls_key_file)
    trouble = probe(broker.host, broker.port, ca, own)
    finding = _endpoint_finding("上传通道", broker.host, broker.port, trouble)
    if trouble == "away" and (others := [one for one in broker.endpoints[1:] if not probe(*one, ca, own)]):
        # One of the broker's hosts and ports is enough.
        finding = Finding(finding.part, f"{others[0][0]}:{others[0][1]} 通（备用）")
    elif trouble == "away" and not web_trouble:
        # The web server answers, so the line is well and somebody blocks the broker's port.
        finding = problem_finding(finding.part, PORT_BLOCKED, finding.says)
    return [web, finding]


def _endpoint_finding(part: str, host: str, port: int, trouble: Trouble) -> Finding:
    place = f"{host}:{port}"
    if not trouble:
        return Finding(part, f"{place} 通，证书正确")
    words = {
        "name": f"查不到 {host}",
        "away": f"连不上 {place}",
        "stranger": f"{place} 不是县里，证书不对",
        "dates": f"本机时间 {datetime.now(CHINA):%Y-%m-%d %H:%M}，按它 {place} 的证书无效",
        "refused": f"{place} 不认本站的证书",
    }
    return problem_finding(part, _CODES[trouble], words[trouble])
