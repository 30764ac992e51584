"""Samples of the county's own stream and of a manifest. The county's record key is the key of TEST 2."""

import datetime as dt
from typing import Any

from protocol import chain, decisions
from protocol.calendar_table import CalendarDay, CalendarTable
from protocol.codec import VersionedMessage, encode
from protocol.decisions import CountyFact, Decision, Row
from protocol.heads import sign_head
from protocol.manifest import Leaf, ManifestRoot, kept_heads, root_over, seal_root
from tests.golden.vectors import COUNTY_KEY, COUNTY_PUBLIC, EPOCH, HASH, NONCE, OLD_EPOCH, STATION, STATION_PUBLIC

COUNTY = "county-0123456789ab"
VILLAGE = "990101001000"
AT_MS = 1_795_507_200_123
ROWS = [
    Row(table="people_person", id="7", digest=decisions.row_digest(salt=NONCE, content='{"name":"示例"}'.encode())),
    Row(table="people_card", id="9", digest=None),
]

DECIDED: dict[str, Decision] = {
    "stream_opened": decisions.StreamOpened(
        key=COUNTY_PUBLIC,
        tables=["people_person"],
        previous=decisions.StreamEnd(epoch=OLD_EPOCH, through=40, head=HASH, signed=41),
    ),
    "tables_stated": decisions.TablesStated(tables=["people_card"]),
    "record_key_replaced": decisions.RecordKeyReplaced(
        old=STATION_PUBLIC,
        new=COUNTY_PUBLIC,
        proof=decisions.prove_record_key(COUNTY_KEY, county=COUNTY, epoch=EPOCH, old=STATION_PUBLIC),
        stolen=True,
        witnessed=12,
    ),
    "manifest_made": decisions.ManifestMade(number=13, root=HASH),
    "person_made": decisions.PersonMade(person=7),
    "person_changed": decisions.PersonChanged(person=7),
    "person_left": decisions.PersonLeft(person=7),
    "card_bound": decisions.CardBound(card=9, person=7),
    "card_lost": decisions.CardLost(card=9),
    "card_found": decisions.CardFound(card=9),
    "card_moved": decisions.CardMoved(card=9, person=8),
    "window_made": decisions.WindowMade(window=3),
    "window_changed": decisions.WindowChanged(window=3),
    "window_ended": decisions.WindowEnded(window=3),
    "region_changed": decisions.RegionChanged(code=VILLAGE),
    "rows_imported": decisions.RowsImported(),
    "account_made": decisions.AccountMade(account=2, role="officer", region=VILLAGE),
    "account_changed": decisions.AccountChanged(account=2, role="officer", region=None, active=False),
    "access_reset": decisions.AccessReset(account=2, means="password"),
    "pin_reset": decisions.PinReset(person=7),
    "bundle_published": decisions.BundlePublished(form="notices", id="n1", version=2, sha256=HASH),
    "bundle_withdrawn": decisions.BundleWithdrawn(form="notices", id="n1", version=2),
    "station_claimed": decisions.StationClaimed(station=STATION, village=VILLAGE),
    "station_enrolled": decisions.StationEnrolled(station=STATION, record_key=STATION_PUBLIC),
    "station_revoked": decisions.StationRevoked(station=STATION),
    "station_ordered": decisions.StationOrdered(station=STATION, order="snapshot"),
    "setting_chosen": decisions.SettingChosen(place=VILLAGE, name="open_before_min", value="30"),
    "facts_written_off": decisions.FactsWrittenOff(station=STATION, epoch=EPOCH, first=3, last=9, count=2),
    "hold_set": decisions.HoldSet(what="blob:80818283"),
    "hold_lifted": decisions.HoldLifted(what="blob:80818283"),
    "erased": decisions.Erased(table="people_person", ids=["7"], contents=2),
    "facts_erased": decisions.FactsErased(holding="attempts", facts=12, digest=HASH),
    "county_restored": decisions.CountyRestored(generation=2),
    "signing_key_replaced": decisions.SigningKeyReplaced(key=COUNTY_PUBLIC),
    "clock_confirmed": decisions.ClockConfirmed(),
    "decided": decisions.Decided(action="noun.verb", subject="示例"),
    "request_answered": decisions.RequestAnswered(request=7, outcome="accepted"),
    "month_closed": decisions.MonthClosed(village=VILLAGE, month="2026-11", sha256=HASH),
}


def county_fact(what: Decision) -> CountyFact:
    """A decision as a fact, with two rows."""
    return CountyFact(at=AT_MS, by="officer", audit=HASH, what=what, rows=decisions.rows_of(ROWS))


def county_stream_vectors() -> dict[str, Any]:
    """Every kind of decision as one stream, each with its signed head."""
    head, facts = chain.first_head(station=COUNTY, epoch=EPOCH), []
    for seq, what in enumerate(DECIDED.values(), 1):
        salt, body = bytes([seq] * 16), encode(county_fact(what))
        head = chain.next_head(head, seq=seq, digest=chain.fact_digest(salt=salt, body=body))
        signed = sign_head(COUNTY_KEY, station=COUNTY, epoch=EPOCH, through=seq, head=head)
        facts.append({"salt": salt.hex(), "body": body.hex(), "head": head.hex(), "signature": signed.signature.hex()})
    return {"county": COUNTY, "epoch": EPOCH.hex(), "record_key": COUNTY_PUBLIC.hex(), "facts": facts}


LEAVES = [
    Leaf(kind="county", name=COUNTY, epoch=EPOCH, count=35, digest=HASH),
    Leaf(kind="audit", name="audit", epoch=b"", count=120, digest=HASH),
    Leaf(kind="table", name="people_card", epoch=b"", count=3, digest=HASH),
    Leaf(kind="stream", name="demo-0000", epoch=OLD_EPOCH, count=7, digest=HASH),
    Leaf(kind="stream", name=STATION, epoch=EPOCH, count=9, digest=HASH),
]
ROOT = ManifestRoot(county=COUNTY, number=13, day="2026-11-27", at=AT_MS, leaves=5, root=root_over(LEAVES))
SIGNED_ROOT = seal_root(COUNTY_KEY, ROOT)
KEPT_HEAD = dict(kept_heads(SIGNED_ROOT, LEAVES))[STATION]

MESSAGES: dict[str, VersionedMessage] = {
    "calendar-table": CalendarTable(
        issuer="示例县",
        key=COUNTY_PUBLIC,
        made_at=AT_MS,
        days=[
            CalendarDay(date=dt.date(2027, 2, 8), working=False, name="春节"),
            CalendarDay(date=dt.date(2027, 2, 20), working=True, name="春节调休"),
        ],
    )
}
ARRAYS: dict[str, VersionedMessage] = {"manifest_root": ROOT, "kept_head": KEPT_HEAD}


def manifest_vectors() -> dict[str, Any]:
    """A manifest of five leaves, and what the last one's station is sent."""
    return {
        "record_key": COUNTY_PUBLIC.hex(),
        "leaves": [encode(leaf).hex() for leaf in LEAVES],
        "signed": SIGNED_ROOT.hex(),
        "station": STATION,
        "kept": encode(KEPT_HEAD).hex(),
    }
