"""Mosquitto's usual company in villages' counties: Node-RED, with a flow that inserts into PostgreSQL.

`mqtt in` (a kept session, QoS 1) → `join` (100 messages or 0.2 s) → `function` (one INSERT by the module ``pg``): nodes
as they come, none of ours. The one node for PostgreSQL that npm offered us, node-red-contrib-re-postgres 0.1.10,
never connects: its pg 6 waits for ever with Node 14 and later. npm installs into the user's cache, and nothing into the
repository.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

PACKAGES = ("node-red@4.1.15", "pg@8")
"""Node-RED 5 wants a newer Node than Debian 13 has."""
TABLE = "red_fact"
CACHE = Path.home() / ".cache" / "cunhui" / "node-red"
CONNECTED = "Connected to broker"
"""In its log, once it subscribes."""

_POOL = "context.set('pool', new pg.Pool({ host: 'SOCKETS', user: 'cunhui', database: 'cunhui', max: 4 }));"
_INSERT = """
const stations = [], seqs = [], bodies = [];
for (const one of msg.payload) {
    one.bodies.forEach((body, place) => {
        stations.push(one.station);
        seqs.push(one.first + place);
        bodies.push('\\\\x' + body);
    });
}
const sql = 'INSERT INTO TABLE (station, seq, body) ' +
    'SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[]::bytea[])';
context.get('pool').query(sql, [stations, seqs, bodies]).then(() => node.done(), (error) => node.error(error, msg));
"""
_SETTINGS = """
module.exports = {
    flowFile: 'flows.json', credentialSecret: false, uiHost: '127.0.0.1', uiPort: PORT,
    httpAdminRoot: false, httpNodeRoot: false, diagnostics: { enabled: false }, telemetry: { enabled: false },
    logging: { console: { level: 'info', metrics: false, audit: false } },
};
"""


def install() -> None:
    """Have npm install it, unless it has.

    Raises:
        subprocess.CalledProcessError: npm could not.
    """
    stamp = CACHE / "installed"
    wanted = " ".join(PACKAGES)
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(CACHE), *PACKAGES]
    subprocess.run(command, check=True, capture_output=True)
    stamp.write_text(wanted, encoding="ascii")


def prepared(folder: Path, *, broker_port: int, own_port: int, sockets: Path) -> list[str]:
    """Write the settings and the flow into ``folder``, and return the command that runs them."""
    folder.mkdir(parents=True)
    (folder / "settings.js").write_text(_SETTINGS.replace("PORT", str(own_port)), encoding="ascii")
    (folder / "flows.json").write_text(json.dumps(_flow(broker_port, sockets)), encoding="ascii")
    # Modules of functions are looked for beside the settings.
    (folder / "node_modules").symlink_to(CACHE / "node_modules")
    (folder / "package.json").write_text(
        json.dumps({"name": "bench", "version": "0.0.1", "dependencies": dict(one.split("@") for one in PACKAGES[1:])}),
        encoding="ascii",
    )
    node = shutil.which("node") or "node"
    return [node, str(CACHE / "node_modules" / "node-red" / "red.js"), "--userDir", str(folder)]


def _flow(broker_port: int, sockets: Path) -> list[dict[str, Any]]:
    broker = {"broker": "127.0.0.1", "port": str(broker_port), "clientid": "node-red", "protocolVersion": "5"}
    kept = {"autoConnect": True, "usetls": False, "keepalive": "60", "cleansession": False, "sessionExpiry": "3600"}
    heard = {"topic": "red/#", "qos": "1", "datatype": "json", "broker": "broker", "nl": False, "rap": True, "rh": 0}
    joined = {"mode": "custom", "build": "array", "property": "payload", "propertyType": "msg", "joiner": "\\n"}
    end = {"joinerType": "str", "accumulate": False, "timeout": "0.2", "count": "100"}
    code = {"func": _INSERT.replace("TABLE", TABLE), "initialize": _POOL.replace("SOCKETS", str(sockets))}
    function = {**code, "finalize": "", "outputs": 0, "timeout": 0, "libs": [{"var": "pg", "module": "pg"}]}
    where = {"z": "tab", "x": 100, "y": 100}
    return [
        {"id": "tab", "type": "tab", "label": "facts", "disabled": False},
        {"id": "broker", "type": "mqtt-broker", **broker, **kept},
        {"id": "in", "type": "mqtt in", **where, **heard, "inputs": 0, "wires": [["join"]]},
        {"id": "join", "type": "join", **where, **joined, **end, "wires": [["sql"]]},
        {"id": "sql", "type": "function", **where, **function, "wires": []},
    ]
