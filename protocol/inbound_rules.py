"""A ruleset for nftables (nft(8)) that drops what comes in from the network, except for some ports.

Both ends print one: a county's machine from ``county.toml``, a station from ``station.toml``. What a machine sends out,
and what answers that, passes. The rules stand in a table of their own, which is replaced as a whole each time; other
tables on the machine are not touched.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

SSH_PORT = 22


@dataclass(frozen=True, slots=True)
class OpenPort:
    """A TCP port that anybody may reach.

    Attributes:
        word: Chinese: what is served there.
        most: Connections to it at the same time, by all together; None for any number.
    """

    port: int
    word: str
    most: int | None = None


@dataclass(frozen=True, slots=True)
class PerSource:
    """What one address may take of the open ports together, by IPv4 address or IPv6 network of 64 bits (RFC 6177).

    Attributes:
        connections: At the same time.
        new_a_second: New ones in the long run. Four times `connections` may come at once.
    """

    connections: int
    new_a_second: int


class BadAddress(ValueError):
    """Something is no address and no network. The message is Chinese."""


def inbound_rules(
    table: str,
    *,
    made_by: str,
    ports: Sequence[OpenPort],
    admins: Sequence[str] = (),
    ssh_port: int | None = SSH_PORT,
    per_source: PerSource | None = None,
) -> str:
    """Return the ruleset, for ``nft -f``.

    Args:
        table: Name of the table.
        made_by: The command line that prints this.
        admins: Addresses and networks that may reach ``ssh_port``; empty for everybody.
        ssh_port: None if nobody may.
        per_source: What one address may take of ``ports``; None for everything.

    Raises:
        BadAddress: One of ``admins`` is neither, or is everybody.
    """
    networks = [_network(admin) for admin in admins]
    lines = [
        "#!/usr/sbin/nft -f",
        f"# 由 {made_by} 生成。进来的连接只放行下面列出的；出去的都放行。",
        "# 只换下面这一张表，本机别的 nftables 规则不动。",
        f"table inet {table}",
        f"delete table inet {table}",
        f"table inet {table} {{",
        *_set("admins4", "ipv4_addr", [one for one in networks if one.version == 4]),
        *_set("admins6", "ipv6_addr", [one for one in networks if one.version == 6]),
        *(_per_source_sets() if per_source and ports else []),
        "    chain input {",
        "        type filter hook input priority filter; policy drop;",
        '        iifname "lo" accept',
        "        ct state vmap { established : accept, related : accept, invalid : drop }",
        # Without these no path with a smaller packet size works, and IPv6 finds no neighbour (RFC 4890, 4.4).
        "        icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept",
        "        icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded } accept",
        "        icmpv6 type { parameter-problem, nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
        # An answer of DHCPv6 comes from another address than the one that was asked.
        "        ip6 saddr fe80::/10 udp dport 546 accept",
        *_ssh(networks, ssh_port),
        *(_per_source(per_source, ports) if per_source and ports else []),
        *(f"        tcp dport {one.port} ct count over {one.most} drop" for one in ports if one.most is not None),
        *(f'        tcp dport {one.port} accept comment "{one.word}"' for one in ports),
        "    }",
        "}",
    ]
    return "\n".join(lines) + "\n"


type _Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BadAddress(f"“{text}”不是地址或网段，如 192.0.2.7 或 192.0.2.0/24") from error
    if network.prefixlen == 0:
        raise BadAddress(f"“{text}”是所有地址：不写就是谁都可以")
    return network


def _set(name: str, kind: str, networks: Sequence[_Network]) -> list[str]:
    if not networks:
        return []
    elements = ", ".join(map(str, networks))
    # Networks may overlap; the kernel takes them only if they are merged.
    return [
        f"    set {name} {{",
        f"        type {kind}; flags interval; auto-merge",
        f"        elements = {{ {elements} }}",
        "    }",
    ]


_SOURCES = (("4", "ipv4_addr", "ip saddr"), ("6", "ipv6_addr", "ip6 saddr & ffff:ffff:ffff:ffff::"))


def _per_source_sets() -> list[str]:
    lines = []
    for version, kind, _ in _SOURCES:
        lines += [
            f"    set many{version} {{ type {kind}; size 65535; flags dynamic; }}",
            f"    set fast{version} {{ type {kind}; size 65535; flags dynamic,timeout; timeout 1m; }}",
        ]
    return lines


def _per_source(most: PerSource, ports: Sequence[OpenPort]) -> list[str]:
    # Behind the rule for established connections, so that only new ones are judged.
    to = f"tcp dport {{ {', '.join(str(one.port) for one in ports)} }}"
    rate = f"limit rate over {most.new_a_second}/second burst {4 * most.connections} packets"
    lines = []
    for version, _, source in _SOURCES:
        lines.append(f"        {to} update @fast{version} {{ {source} {rate} }} drop")
        lines.append(f"        {to} add @many{version} {{ {source} ct count over {most.connections} }} drop")
    return lines


def _ssh(networks: Sequence[_Network], port: int | None) -> list[str]:
    if port is None:
        return []
    if not networks:
        return [f'        tcp dport {port} accept comment "ssh"']
    versions = sorted({network.version for network in networks})
    words = {4: "ip saddr @admins4", 6: "ip6 saddr @admins6"}
    return [f'        {words[version]} tcp dport {port} accept comment "ssh"' for version in versions]
