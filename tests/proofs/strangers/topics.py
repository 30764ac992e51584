"""What a station that is rightly connected may publish and receive: its own topics and nothing else."""

from protocol.codec import MAX_MESSAGE_BYTES
from protocol.topics import DOWN, UP, topic
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.visitor import SUCCESS, Visitor, county_client

_WILL_S = 2.0
"""How long to wait for a will. The broker must first notice that its station is gone."""


def publishing(bench: Bench, outcomes: Outcomes) -> None:
    """Publish on every topic of another station, and on its own ones that belong to the county."""
    first, second = bench.first.station, bench.second.station
    with (
        county_client(bench.county, "observer") as observer,
        Visitor(bench.county.broker_port, second, tls=bench.second.tls()) as victim,
        Visitor(bench.county.broker_port, first, tls=bench.first.tls()) as stranger,
    ):
        outcomes.welcome("all three connect", observer.connect() and victim.connect() and stranger.connect())
        for up in UP:
            observer.subscribe(f"cunhui/1/+/+/{up}")
        for down in DOWN:
            victim.subscribe(topic(shard=0, station=second, leaf=down))
            stranger.subscribe(topic(shard=0, station=first, leaf=down))
        for up in UP:
            name = topic(shard=0, station=first, leaf=up)
            outcomes.welcome(f"publish on the own {up}", stranger.publish(name) == SUCCESS)
        outcomes.welcome("the county hears the own topics", len(observer.hears()) == len(UP))
        for leaf in (*UP, *DOWN):
            name = topic(shard=0, station=second, leaf=leaf)
            outcomes.refused(f"publish on another's {leaf}", stranger.publish(name) == SUCCESS)
            name = topic(shard=1, station=first, leaf=leaf)
            outcomes.refused(f"publish on {leaf} of another shard", stranger.publish(name) == SUCCESS)
        for down in DOWN:
            name = topic(shard=0, station=first, leaf=down)
            outcomes.refused(f"publish on the own {down}", stranger.publish(name) == SUCCESS)
        for name in ("$SYS/broker/uptime", "cunhui", f"cunhui/1/0/{second}", f"cunhui/1/0/{second}/facts/x"):
            outcomes.refused(f"publish on {name}", stranger.publish(name) == SUCCESS)
        outcomes.refused("the county hears any of it", bool(observer.hears()))
        outcomes.refused("the other station hears any of it", bool(victim.hears()))


def subscribing(bench: Bench, outcomes: Outcomes) -> None:
    """Subscribe to everything that is not its own, and receive nothing of it."""
    first, second = bench.first.station, bench.second.station
    others = [topic(shard=0, station=second, leaf=leaf) for leaf in (*UP, *DOWN)]
    wild = ["#", "+/+/+/+/+", "cunhui/#", "cunhui/1/0/#", "cunhui/1/0/+/receipt", f"cunhui/1/0/{second}/+"]
    shared = [f"$share/s/{name}" for name in (*others, "cunhui/1/0/+/receipt")]
    for filters, kind in ((others, "another's topics"), (wild, "wildcards"), (shared, "shared subscriptions")):
        with (
            county_client(bench.county, "speaker") as county,
            Visitor(bench.county.broker_port, second, tls=bench.second.tls()) as victim,
            Visitor(bench.county.broker_port, first, tls=bench.first.tls()) as stranger,
        ):
            outcomes.welcome(f"{kind}: all connect", county.connect() and victim.connect() and stranger.connect())
            for leaf in DOWN:
                victim.subscribe(topic(shard=0, station=second, leaf=leaf))
            for one in filters:
                stranger.subscribe(one)
            for leaf in DOWN:
                county.publish(topic(shard=0, station=second, leaf=leaf), leaf.encode())
            for up in UP:
                victim.publish(topic(shard=0, station=second, leaf=up), up.encode())
            heard = {name for name, _ in stranger.hears()}
            for name in others:
                outcomes.refused(f"hear {name} by {kind}", name in heard)
            outcomes.welcome(f"{kind}: the other hears all its own", len(victim.hears()) == len(DOWN))


def system_topics(bench: Bench, outcomes: Outcomes) -> None:
    """The broker tells nothing about itself."""
    with Visitor(bench.county.broker_port, bench.first.station, tls=bench.first.tls()) as stranger:
        outcomes.welcome("connect for $SYS", stranger.connect())
        for one in ("$SYS/#", "$SYS/broker/clients/total", "$CONTROL/#"):
            stranger.subscribe(one)
        outcomes.refused("hear $SYS", bool(stranger.hears(within_s=1.5)))


def wills(bench: Bench, outcomes: Outcomes) -> None:
    """A will on another station's topic is never sent; a will on its own topic is."""
    first, second = bench.first.station, bench.second.station
    with county_client(bench.county, "observer") as observer:
        outcomes.welcome("observer for wills", observer.connect())
        observer.subscribe("cunhui/1/+/+/gone")
        for owner, allowed in ((second, False), (first, True)):
            will = (topic(shard=0, station=owner, leaf="gone"), b"will")
            visitor = Visitor(bench.county.broker_port, first, tls=bench.first.tls(), will=will)
            visitor.connect()
            visitor.vanish()
            heard = bool(observer.hears(within_s=_WILL_S))
            if allowed:
                outcomes.welcome("a will on the own topic", heard)
            else:
                outcomes.refused("a will on another's topic", heard)


def kept_wills(bench: Bench, outcomes: Outcomes) -> None:
    """Nobody can have a will retained, or a message in a will's place: a later subscriber would take a station for
    gone.

    And no will brings another station a message that only the county may send to it.
    """
    first, second = bench.first.station, bench.second.station
    for owner, whose in ((first, "the own"), (second, "another's")):
        gone = topic(shard=0, station=owner, leaf="gone")
        with county_client(bench.county, "observer") as observer:
            outcomes.welcome(f"observer of kept wills on {whose}", observer.connect())
            observer.subscribe(gone)
            _die(bench, will=gone, keep=True)
            outcomes.refused(f"a will to be kept on {whose} topic", bool(observer.hears(within_s=_WILL_S)))
            outcomes.refused(f"a will kept on {whose} topic", _is_kept(bench, gone))
            with Visitor(bench.county.broker_port, first, tls=bench.first.tls()) as visitor:
                outcomes.welcome(f"connect to speak on {whose} will's topic", visitor.connect())
                said = visitor.publish(gone, retain=True)
            outcomes.refused(f"a message to be kept on {whose} will's topic", said == SUCCESS)
            outcomes.refused(f"the county hears it on {whose} will's topic", bool(observer.hears()))
            outcomes.refused(f"a message kept on {whose} will's topic", _is_kept(bench, gone))
    with Visitor(bench.county.broker_port, second, tls=bench.second.tls()) as victim:
        outcomes.welcome("the victim of wills", victim.connect())
        for leaf in ("command", "receipt"):
            down = topic(shard=0, station=second, leaf=leaf)
            victim.subscribe(down)
            _die(bench, will=down, keep=False)
            outcomes.refused(f"a will on another's {leaf}", bool(victim.hears(within_s=_WILL_S)))


def _die(bench: Bench, *, will: str, keep: bool) -> None:
    visitor = Visitor(
        bench.county.broker_port, bench.first.station, tls=bench.first.tls(), will=(will, b"will"), keep_will=keep
    )
    visitor.connect()
    visitor.vanish()


def _is_kept(bench: Bench, name: str) -> bool:
    with county_client(bench.county, "latecomer") as late:
        late.connect()
        late.subscribe(name)
        return bool(late.hears())


def retained_and_oversized(bench: Bench, outcomes: Outcomes) -> None:
    """The broker retains nothing, and passes nothing that is too large."""
    name = topic(shard=0, station=bench.first.station, leaf="facts")
    with county_client(bench.county, "observer") as observer:
        outcomes.welcome("observer for sizes", observer.connect())
        observer.subscribe(name)
        for case, size, retain, fits in (
            ("the largest message", MAX_MESSAGE_BYTES, False, True),
            ("one byte too many", MAX_MESSAGE_BYTES + 1, False, False),
            ("a megabyte", 2**20, False, False),
            ("a retained message", 10, True, False),
        ):
            with Visitor(bench.county.broker_port, bench.first.station, tls=bench.first.tls()) as visitor:
                visitor.connect()
                visitor.publish(name, bytes(size), retain=retain)
                heard = bool(observer.hears())
            if fits:
                outcomes.welcome(case, heard)
            else:
                outcomes.refused(case, heard)
    outcomes.refused("hear a retained message later", _is_kept(bench, name))
