"""Which certificates no longer count: of revoked stations, of boards that were replaced, superseded ones, expired
ones."""

import time
from copy import replace

from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.forging import expired
from tests.proofs.strangers.station import Board
from tests.proofs.strangers.visitor import Visitor

LIMIT_S = 5.0


def revocation(bench: Bench, outcomes: Outcomes) -> None:
    """Revoke a connected station. It tries to come back, also after the broker died and after the database went back in
    time."""
    county = bench.county
    board = Board(county)
    used_claim = county.claim("revoked-01")
    outcomes.welcome("a station before its revocation", board.enrol(used_claim).admitted)
    earlier = board.certificate
    outcomes.welcome("its renewal before", board.renew().admitted)
    open_claim = county.claim("revoked-01")
    backup = county.home / "yesterday.dump"
    county.dump(backup)
    with Visitor(county.broker_port, board.station, tls=board.tls()) as visitor:
        outcomes.welcome("its connection before", visitor.connect())
        started = time.monotonic()
        county.tool("revoke", board.station, "--reason", "proof")
        visitor.closed.wait(LIMIT_S)
        outcomes.refused("revoked while connected", not visitor.closed.is_set())
        outcomes.refused("revoked, later than 5 s", time.monotonic() - started > LIMIT_S)
    _stays_out(bench, outcomes, board, earlier, "coming back")
    outcomes.refused("an open claim of a revoked station", Board(county).enrol(open_claim).admitted)
    outcomes.refused("the claim that a revoked station used", board.enrol(used_claim).admitted)
    outcomes.refused("a new claim for a revoked station", not county.try_tool("claim", board.station).returncode)
    county.kill9("mosquitto")
    _others_are_in(bench, outcomes, "after the broker was killed")
    _stays_out(bench, outcomes, board, earlier, "after the broker was killed")

    county.restore(backup)
    county.tool("restored")
    county.stop()
    county.start()
    _others_are_in(bench, outcomes, "after yesterday's dump was restored")
    _stays_out(bench, outcomes, board, earlier, "after yesterday's dump was restored")
    outcomes.refused("an open claim from yesterday's dump", Board(county).enrol(open_claim).admitted)
    outcomes.refused("a used claim from yesterday's dump", board.enrol(used_claim).admitted)


def _stays_out(bench: Bench, outcomes: Outcomes, board: Board, earlier: str, when: str) -> None:
    for case, certificate in (("newest", board.certificate), ("earlier", earlier)):
        old = Board(bench.county, board.record_key, board.tls_key, board.station, certificate)
        with Visitor(bench.county.broker_port, board.station, tls=old.tls()) as visitor:
            outcomes.refused(f"revoked, {case} certificate, {when}", visitor.connect())
    outcomes.refused(f"renewal of a revoked station, {when}", board.renew().admitted)


def _others_are_in(bench: Bench, outcomes: Outcomes, when: str) -> None:
    for board in (bench.first, bench.second):
        with Visitor(bench.county.broker_port, board.station, tls=board.tls()) as visitor:
            outcomes.welcome(f"{board.station} {when}", visitor.connect())


def new_board(bench: Bench, outcomes: Outcomes) -> None:
    """A new board takes over the station, and the old one is cut off."""
    county = bench.county
    old, new = Board(county), Board(county)
    old.enrol(county.claim("board-01"))
    with Visitor(county.broker_port, "board-01", tls=old.tls()) as visitor:
        outcomes.welcome("the old board before", visitor.connect())
        outcomes.welcome("the new board's enrolment", new.enrol(county.claim("board-01")).admitted)
        visitor.closed.wait(LIMIT_S)
        outcomes.refused("the old board, still connected", not visitor.closed.is_set())
    with Visitor(county.broker_port, "board-01", tls=old.tls()) as visitor:
        outcomes.refused("the old board, coming back", visitor.connect())
    with Visitor(county.broker_port, "board-01", tls=new.tls()) as visitor:
        outcomes.welcome("the new board", visitor.connect())


def lost_answer(bench: Bench, outcomes: Outcomes) -> None:
    """A board whose answer got lost asks again with its record key. From then on only the certificate that it gets now
    counts."""
    county, port = bench.county, bench.county.broker_port
    code = county.claim("answer-01")
    board = Board(county)
    outcomes.welcome("an enrolment whose answer is lost", board.enrol(code).admitted)
    first = replace(board)
    with Visitor(port, "answer-01", tls=first.tls()) as visitor:
        outcomes.welcome("the first certificate before", visitor.connect())
        outcomes.refused("another record key on the code of a lost answer", Board(county).enrol(code).admitted)
        outcomes.welcome("the same board again", board.enrol(code).admitted)
        visitor.closed.wait(LIMIT_S)
        outcomes.refused("a superseded certificate, still connected", not visitor.closed.is_set())
    outcomes.welcome("another certificate for the same board", board.certificate != first.certificate)
    for when in ("coming back", "coming back after its station"):
        with Visitor(port, "answer-01", tls=first.tls()) as visitor:
            outcomes.refused(f"a superseded certificate, {when}", visitor.connect())
        with Visitor(port, "answer-01", tls=board.tls()) as visitor:
            outcomes.welcome(f"the certificate that superseded one {when}", visitor.connect())
    county.kill9("mosquitto")
    _others_are_in(bench, outcomes, "after a certificate was superseded and the broker killed")
    with Visitor(port, "answer-01", tls=first.tls()) as visitor:
        outcomes.refused("a superseded certificate, after the broker was killed", visitor.connect())


def expiry(bench: Bench, outcomes: Outcomes) -> None:
    """An expired certificate opens nothing. Its station gets a new one with its record key while it is on the list."""
    county = bench.county
    listed, revoked, unlisted = Board(county), Board(county), Board(county, station="unlisted-02")
    outcomes.welcome("a station that will be silent for long", listed.enrol(county.claim("silent-01")).admitted)
    outcomes.welcome("a station that will be revoked", revoked.enrol(county.claim("silent-02")).admitted)
    county.tool("revoke", revoked.station, "--reason", "proof")
    county.sql(
        "UPDATE enrolment_stationcertificate SET not_after = now() - interval '1 day' WHERE station_id ~ 'silent'"
    )
    for board in (listed, revoked, unlisted):
        board.certificate = expired(county, board.station, board.tls_key)
        outcomes.refused(f"the expired certificate of {board.station}", _is_let_in(board))
    stolen = Board(county, tls_key=listed.tls_key, station=listed.station, certificate=listed.certificate)
    outcomes.refused("renewal with an expired certificate and another record key", stolen.renew().admitted)
    for board in (revoked, unlisted):
        outcomes.refused(f"renewal of the expired certificate of {board.station}", board.renew().admitted)
        outcomes.refused(f"{board.station} after it asked for renewal", _is_let_in(board))
    outcomes.welcome("renewal of a listed station's expired certificate", listed.renew().admitted)
    outcomes.welcome("the listed station after its renewal", _is_let_in(listed))


def _is_let_in(board: Board) -> bool:
    with Visitor(board.county.broker_port, board.station, tls=board.tls()) as visitor:
        return visitor.connect()
