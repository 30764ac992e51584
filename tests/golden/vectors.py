"""One plain sample of everything that goes over a wire, with published test keys (RFC 8032, section 7.1).

The station signs with the key of TEST 1, the county with that of TEST 2. They are in the RFC for everybody to
read, so nothing real may ever be signed with them.
"""

from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import (
    birth,
    blobs,
    chain,
    commands,
    enrolment,
    export,
    facts,
    frames,
    heads,
    health,
    kiosk,
    kiosk_duty,
    kiosk_learning,
    kiosk_status,
    packs,
    receipts,
    twin,
    vitals,
)
from protocol.cards import card_token, normalise_uid
from protocol.claim import check_digit, format_claim_code
from protocol.codec import encode
from protocol.envelope import Envelope, SealedFact
from protocol.signing import Context, key_id, sign
from protocol.topics import DOWN, UP, topic
from protocol.units import FactRef, Moment

STATION_SECRET = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
COUNTY_SECRET = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"

STATION_KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(STATION_SECRET))
COUNTY_KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(COUNTY_SECRET))
STATION_PUBLIC = STATION_KEY.public_key().public_bytes_raw()
COUNTY_PUBLIC = COUNTY_KEY.public_key().public_bytes_raw()

STATION = "demo-0001"
EPOCH = bytes(range(0x10, 0x20))
OLD_EPOCH = bytes(range(0x20, 0x30))
BOOT = bytes(range(0x30, 0x40))
NONCE = bytes(range(0x40, 0x50))
CLOCK_RUN = bytes(range(0x60, 0x68))
TOKEN = bytes(range(0x50, 0x60))
COMMAND = bytes(range(0x60, 0x70))
RUN = bytes(range(0x70, 0x78))
HASH = bytes(range(0x80, 0xA0))
AT = Moment(wall=1_795_507_200_123, boot=BOOT, mono=86_400_123, quality="synced")
EARLIER = Moment(wall=1_795_507_100_000, boot=BOOT, mono=86_300_000, quality="holdover")
UNDATED = Moment(wall=1_577_836_800_000, boot=BOOT, mono=5, quality="restored")
TOUCH = FactRef(epoch=EPOCH, seq=7)

FACTS: dict[str, facts.Fact] = {
    "touch": facts.Touch(at=AT, card=TOKEN, reader="pcsc", answer="recorded", direction="in"),
    "touch-undirected": facts.Touch(at=UNDATED, card=TOKEN, reader="simulated", answer="unknown"),
    "direction_chosen": facts.DirectionChosen(at=AT, touch=TOUCH, direction="out"),
    "booted": facts.Booted(at=AT, cause="power_on", software="cunhui 0.1.0", last_alive=EARLIER),
    "shut_down": facts.ShutDown(at=AT),
    "reader_lost": facts.ReaderLost(at=AT, reader="pcsc"),
    "reader_back": facts.ReaderBack(at=AT, reader="pcsc"),
    "contact_changed": facts.ContactChanged(at=AT, input="大门", sensor="door", active=True),
    "window_closed": facts.WindowClosed(at=AT, window="w1", date="2026-11-24", closed=1_795_507_200_000),
    "clock_corrected": facts.ClockCorrected(
        at=AT, boot=BOOT, mono=5, wall=1_795_420_800_000, source="county", before="restored"
    ),
    "clock_corrected-run": facts.ClockCorrected(
        at=AT, boot=BOOT, mono=5, wall=1_795_420_800_000, source="county", before="restored", clock_run=CLOCK_RUN
    ),
    "epoch_opened": facts.EpochOpened(at=AT, reason="differs", previous=OLD_EPOCH, matched=41),
    "reissued": facts.Reissued(at=AT, epoch=OLD_EPOCH, seq=42, salt=NONCE, body=b"\x81\xa4kind\xa4test"),
    "facts_lost": facts.FactsLost(at=AT, epoch=OLD_EPOCH, first=43, last=44),
    "blob_announced": facts.BlobAnnounced(
        at=AT, sha256=HASH, size=38_412, media_type="image/jpeg", purpose="touch", about=TOUCH
    ),
    "blob_evicted": facts.BlobEvicted(at=AT, sha256=HASH, reason="disk"),
    "attempt": facts.Attempt(
        at=AT,
        run=RUN,
        pack="sample",
        pack_version=1,
        level="1",
        question="q3",
        chosen=[0, 2],
        right=False,
        lives_left=2,
    ),
    "level_ended": facts.LevelEnded(at=AT, run=RUN, pack="sample", pack_version=1, level="1", passed=True, stars=3),
    "help_asked": facts.HelpAsked(at=AT, screen="home"),
    "command_result": facts.CommandResult(at=AT, command=COMMAND, outcome="done"),
    "command_result-figures": facts.CommandResult(
        at=AT, command=COMMAND, outcome="refused", detail="expired", figures={"bytes": 32_768}
    ),
    "blob_announced-log": facts.BlobAnnounced(at=AT, sha256=HASH, size=32_768, media_type="text/plain", purpose="log"),
    "live_view_began": facts.LiveViewBegan(
        at=AT, command=COMMAND, issuer="operator", viewer="镇办", reason="a meeting", seconds=300
    ),
    "live_view_ended": facts.LiveViewEnded(
        at=AT, command=COMMAND, why="time", frames=140, sent_bytes=1_234_567, seconds=300
    ),
    "alarm_raised": facts.AlarmRaised(at=AT, code="stream_differs", severity="critical", detail="two streams"),
    "alarm_cleared": facts.AlarmCleared(at=AT, code="camera_failed"),
}


def chain_vectors() -> dict[str, Any]:
    """A stream of three facts: every digest and every head."""
    head = chain.first_head(station=STATION, epoch=EPOCH)
    links = []
    for seq, name in enumerate(("epoch_opened", "booted", "touch"), 1):
        salt, body = bytes([seq] * 16), encode(FACTS[name])
        digest = chain.fact_digest(salt=salt, body=body)
        head = chain.next_head(head, seq=seq, digest=digest)
        links.append({"seq": seq, "salt": salt.hex(), "body": body.hex(), "digest": digest.hex(), "head": head.hex()})
    signed = heads.sign_head(STATION_KEY, station=STATION, epoch=EPOCH, through=3, head=head)
    return {
        "station": STATION,
        "epoch": EPOCH.hex(),
        "head0": chain.first_head(station=STATION, epoch=EPOCH).hex(),
        "links": links,
        "record_key": STATION_PUBLIC.hex(),
        "signature": signed.signature.hex(),
    }


def signed_head() -> heads.SignedHead:
    links = chain_vectors()["links"]
    head = bytes.fromhex(links[-1]["head"])
    return heads.sign_head(STATION_KEY, station=STATION, epoch=EPOCH, through=3, head=head)


def _sealed_facts() -> list[SealedFact]:
    return [
        SealedFact(salt=bytes.fromhex(link["salt"]), body=bytes.fromhex(link["body"]))
        for link in chain_vectors()["links"]
    ]


HEAD = signed_head()

HEALTH = health.Health(
    machine=health.Machine(
        model="Raspberry Pi 3 Model B Rev 1.2",
        system="Debian GNU/Linux 13 (trixie)",
        kernel="6.12.34+rpt-rpi-v8",
        temperature_c=62,
        throttled="no",
        undervoltage="earlier",
        memory_kib=931_000,
        memory_free_kib=602_000,
        disk_kib=14_680_064,
        card="emmc",
        card_worn_percent=30,
        card_end="normal",
        link="modem",
        signal_percent=67,
        reset="watchdog",
    ),
    devices=[
        health.DeviceHealth(name="pcsc", kind="reader", ready=True),
        health.DeviceHealth(name="simulated", kind="camera", ready=False, simulated=True),
    ],
    boot_reason="watchdog",
)

MESSAGES: dict[str, msgspec.Struct] = {
    "birth": birth.Birth(station=STATION, head=HEAD, boot=BOOT, nonce=NONCE, software="cunhui 0.1.0", twin_version=4),
    "birth-again": birth.Birth(
        station=STATION,
        head=HEAD,
        boot=BOOT,
        nonce=NONCE,
        software="cunhui 0.1.0",
        twin_version=4,
        generation=28_598_400,
        question=bytes(range(0x50, 0x60)),
    ),
    "welcome": birth.Welcome(
        station=STATION,
        epoch=EPOCH,
        through=3,
        head=HEAD.head,
        generation=2,
        nonce=NONCE,
        wall=1_795_507_201_000,
        held=[receipts.Held(seq=2, digest=HASH, reason="unknown_kind")],
    ),
    "welcome-signed": birth.Welcome(
        station=STATION,
        epoch=EPOCH,
        through=3,
        head=HEAD.head,
        generation=2,
        nonce=NONCE,
        wall=1_795_507_201_000,
        signed=[birth.HeadAtSeq(seq=4, head=HASH)],
    ),
    "welcome-clock-run": birth.Welcome(
        station=STATION,
        epoch=EPOCH,
        through=3,
        head=HEAD.head,
        generation=28_598_400,
        nonce=bytes(range(0x50, 0x60)),
        wall=1_795_507_201_000,
        clock_run=CLOCK_RUN,
    ),
    "welcome-untold": birth.Welcome(
        station=STATION,
        epoch=EPOCH,
        through=3,
        head=HEAD.head,
        generation=28_598_400,
        nonce=bytes(range(0x50, 0x60)),
        wall=birth.NOT_TOLD,
    ),
    "compare": birth.Compare(
        station=STATION, epoch=EPOCH, marks=[birth.HeadAtSeq(seq=3, head=HEAD.head), birth.HeadAtSeq(seq=1, head=HASH)]
    ),
    "match": birth.Match(station=STATION, epoch=EPOCH, through=1),
    "gone": birth.Gone(station=STATION, nonce=NONCE, reason="broken"),
    "envelope": Envelope(station=STATION, first=1, facts=_sealed_facts(), head=HEAD),
    "receipt": receipts.Receipt(
        station=STATION,
        epoch=EPOCH,
        through=3,
        head=HEAD.head,
        generation=1,
        held=[receipts.Held(seq=2, digest=HASH, reason="unknown_kind")],
    ),
    "blob_query": blobs.BlobQuery(station=STATION, sha256=HASH, size=38_412),
    "blob_missing": blobs.BlobMissing(
        station=STATION,
        sha256=HASH,
        ranges=[blobs.Range(start=0, end=4_096), blobs.Range(start=8_192, end=38_412)],
    ),
    "blob_chunk": blobs.BlobChunk(station=STATION, sha256=HASH, size=38_412, offset=4_096, data=b"\xff\xd8\xff"),
    "vitals": vitals.Vitals(
        station=STATION,
        at=AT,
        head=HEAD,
        waiting=2,
        blobs_waiting=1,
        software="cunhui 0.1.0",
        reader_ready=True,
        camera_ready=False,
        disk_free_kib=2_097_152,
        resident_kib=49_152,
        twin_version=4,
        simulated=True,
    ),
    "vitals-saving": vitals.Vitals(
        station=STATION,
        at=AT,
        head=HEAD,
        waiting=0,
        blobs_waiting=31,
        software="cunhui 0.1.0",
        reader_ready=True,
        camera_ready=True,
        disk_free_kib=2_097_152,
        resident_kib=49_152,
        twin_version=4,
        month_bytes=812_345_678,
        month_forecast_bytes=1_104_000_000,
        saving=["blobs"],
    ),
    "vitals-health": vitals.Vitals(
        station=STATION,
        at=AT,
        head=HEAD,
        waiting=0,
        blobs_waiting=0,
        software="cunhui 0.1.0",
        reader_ready=True,
        camera_ready=True,
        disk_free_kib=2_097_152,
        resident_kib=49_152,
        twin_version=4,
        health=HEALTH,
    ),
    "vitals-card-writes": vitals.Vitals(
        station=STATION,
        at=AT,
        head=HEAD,
        waiting=0,
        blobs_waiting=0,
        software="cunhui 0.1.0",
        reader_ready=True,
        camera_ready=True,
        disk_free_kib=2_097_152,
        resident_kib=49_152,
        twin_version=4,
        health=health.Health(up_s=5_184_000, disk_written_kib=1_843_200),
    ),
    "desired-metered": twin.Desired(
        station=STATION,
        version=5,
        station_name="示例站点",
        village="示例村",
        settings={
            "snapshots": True,
            "open_before_min": 90,
            "open_after_min": 180,
            "data_mb_month": 500,
            "data_shed": ["vitals", "blobs"],
        },
    ),
    "desired": twin.Desired(
        station=STATION,
        version=4,
        station_name="示例站点",
        village="示例村",
        settings={"snapshots": True, "open_before_min": 90, "open_after_min": 180},
        people=[twin.Person(id="p1", name="张示例")],
        cards=[twin.Card(token=TOKEN, person="p1", lost=False)],
        windows=[twin.DutyWindow(id="w1", name="上午", weekdays=[1, 2, 3], start=510, end=720, people=["p1"])],
        packs=[twin.PackRef(pack="sample", version=1, sha256=HASH, size=12_345)],
    ),
    "reported": twin.Reported(station=STATION, version=3, at=AT.wall, refused=4, reason="a window of nobody"),
    "reported-settings": twin.Reported(
        station=STATION,
        version=4,
        at=AT.wall,
        unknown=["a_later_setting"],
        refused_settings={"open_before_min": "out_of_range: Expected `int` <= 720"},
        kept_settings={"open_before_min": 60},
    ),
    "command": commands.Command(
        id=COMMAND,
        station=STATION,
        order="identify",
        not_after=1_795_507_800_000,
        issuer="operator",
        reason="which one is it",
    ),
    "command-live": commands.Command(
        id=COMMAND,
        station=STATION,
        order="live_view",
        not_after=1_795_507_800_000,
        issuer="operator",
        reason="a meeting",
        issued=1_795_507_201_000,
        live=commands.LiveTerms(seconds=300, frames_a_minute=20, kib=2_048, viewer="镇办"),
    ),
    "command-logs": commands.Command(
        id=COMMAND,
        station=STATION,
        order="send_logs",
        not_after=1_795_507_800_000,
        issuer="operator",
        reason="the camera fails",
        issued=1_795_507_201_000,
        log=commands.LogTerms(kib=16),
    ),
    "frame": frames.Frame(station=STATION, command=COMMAND, number=7, size=38_412, offset=4_096, data=b"\xff\xd8\xff"),
    "pack": packs.Pack(
        id="sample",
        version=1,
        title="示例学习包",
        sample=True,
        levels=[
            packs.Level(
                id="1",
                name="第一关",
                draw=5,
                questions=[
                    packs.Question(
                        id=f"q{number}",
                        kind="single",
                        stem=f"示例题目{number}？",
                        options=["甲", "乙"],
                        answer=[number % 2],
                        explanation="示例解释",
                        source="示例来源",
                    )
                    for number in range(5)
                ],
            )
        ],
    ),
}

MESSAGES["export_header"] = export.ExportHeader(
    station=STATION,
    record_key=STATION_PUBLIC,
    at=AT,
    software="cunhui 0.1.0",
    streams=[export.ExportedStream(after=0, before=chain.first_head(station=STATION, epoch=EPOCH), head=HEAD)],
)
MESSAGES["export_end"] = export.ExportEnd(length=512, sha256=HASH, signature=bytes(64))

SIGNED: dict[str, tuple[str, Context]] = {
    "welcome": ("welcome", "cunhui welcome 1"),
    "match": ("match", "cunhui match 1"),
    "receipt": ("receipt", "cunhui receipt 1"),
    "missing": ("blob_missing", "cunhui missing 1"),
    "desired": ("desired", "cunhui desired 1"),
    "command": ("command", "cunhui command 1"),
    "pack": ("pack", "cunhui pack 1"),
    "shelf": ("shelf-named", "cunhui shelf 1"),
}
"""The county's documents: name, message in MESSAGES, and context of the signature."""


def _request() -> enrolment.EnrolRequest:
    return enrolment.sign_request(
        STATION_KEY,
        enrolment.EnrolRequest(
            claim="1234567890128",
            csr="-----BEGIN CERTIFICATE REQUEST-----\nTEST\n-----END CERTIFICATE REQUEST-----\n",
            record_key=STATION_PUBLIC,
            nonce=NONCE,
            signature=bytes(64),
        ),
    )


def _renewal() -> enrolment.RenewRequest:
    return enrolment.sign_request(
        STATION_KEY,
        enrolment.RenewRequest(
            station=STATION,
            csr="-----BEGIN CERTIFICATE REQUEST-----\nTEST\n-----END CERTIFICATE REQUEST-----\n",
            nonce=NONCE,
            signature=bytes(64),
        ),
    )


JSON: dict[str, msgspec.Struct] = {
    "enrol_request": _request(),
    "renew_request": _renewal(),
    "enrolled": enrolment.Enrolled(
        station=STATION,
        village="示例村",
        nonce=NONCE,
        certificate="-----BEGIN CERTIFICATE-----\nTEST\n-----END CERTIFICATE-----\n",
        broker=enrolment.Broker(host="county.example", port=8883, shard=0),
        county_keys=[COUNTY_PUBLIC],
        card_key=HASH,
    ),
    "enrolled-fallback": enrolment.Enrolled(
        station=STATION,
        village="示例村",
        nonce=NONCE,
        certificate="-----BEGIN CERTIFICATE-----\nTEST\n-----END CERTIFICATE-----\n",
        broker=enrolment.Broker(host="county.example", port=8883, shard=0, fallback_port=443),
        county_keys=[COUNTY_PUBLIC],
        card_key=HASH,
    ),
    "enrolled-hosts": enrolment.Enrolled(
        station=STATION,
        village="示例村",
        nonce=NONCE,
        certificate="-----BEGIN CERTIFICATE-----\nTEST\n-----END CERTIFICATE-----\n",
        broker=enrolment.Broker(host="mq1.example", port=8883, shard=0, other_hosts=["mq2.example", "mq3.example"]),
        county_keys=[COUNTY_PUBLIC],
        card_key=HASH,
    ),
    "not_enrolled": enrolment.NotEnrolled(reason="claim_used", message="接入码已用过，请向县里要一个新的"),
}

LINES: dict[str, kiosk.ToKiosk | kiosk.ToAgent] = {
    "home": kiosk.Home(
        station=STATION,
        station_name="示例站点",
        village="示例村",
        wall=AT.wall,
        quality="synced",
        link="connected",
        waiting=0,
        reader_ready=True,
        simulated=["reader"],
        duty=[kiosk_duty.DutyRow(name="张示例", window="上午", start=510, end=720, arrived=505, left=None)],
        learning=True,
    ),
    "touch": kiosk.TouchShown(
        colour="green",
        answer="recorded",
        name="张示例",
        direction="in",
        wall=AT.wall,
        quality="synced",
        missing=["departure"],
        touch=TOUCH,
    ),
    "touch-again": kiosk.TouchShown(
        colour="green",
        answer="repeat",
        name="张示例",
        direction="in",
        wall=AT.wall,
        quality="synced",
        missing=["departure"],
        touch=TOUCH,
        lacking=[kiosk.Lacking(window="上午", start=510, mark="departure", when="now")],
        again_within_ms=10_000,
        choose_within_ms=10_000,
    ),
    "touch-chosen": kiosk.TouchShown(
        colour="green",
        answer="repeat",
        name="张示例",
        direction="out",
        wall=AT.wall,
        quality="synced",
        missing=["arrival"],
        touch=TOUCH,
        lacking=[kiosk.Lacking(window="上午", start=510, mark="arrival", when="past", correctable=True)],
        again_within_ms=4_000,
        chosen="in",
        confirm_within_ms=10_000,
    ),
    "touch-neighbour": kiosk.TouchShown(
        colour="green", answer="recorded", name="赵示例", wall=AT.wall, quality="synced", village="演示村"
    ),
    "touch-no_list": kiosk.TouchShown(colour="amber", answer="unknown", wall=AT.wall, quality="synced", no_list=True),
    "question": kiosk_learning.QuestionShown(
        run=RUN.hex(),
        title="示例学习包",
        level="第一关",
        sample=True,
        number=1,
        of=5,
        lives=3,
        kind="single",
        question="q0",
        stem="示例题目？",
        options=["甲", "乙"],
    ),
    "marked": kiosk_learning.Marked(
        run=RUN.hex(),
        question="q0",
        right=True,
        chosen=[0],
        answer=[0],
        explanation="示例解释",
        source="示例来源",
        lives=3,
    ),
    "level_over": kiosk_learning.LevelOver(run=RUN.hex(), passed=True, stars=3, right=5, of=5),
    "home-board": kiosk.Home(
        station=STATION,
        station_name="示例站点",
        village="示例村",
        wall=AT.wall,
        quality="synced",
        link="connected",
        waiting=0,
        reader_ready=True,
        simulated=[],
        duty=[
            kiosk_duty.DutyRow(
                name="张示例", window="上午", start=510, end=720, arrived=None, left=None, apart="07", state="over"
            )
        ],
    ),
    "home-by_time": kiosk.Home(
        station=STATION,
        station_name="示例站点",
        village="示例村",
        wall=AT.wall,
        quality="synced",
        link="connected",
        waiting=0,
        reader_ready=True,
        simulated=[],
        duty=[
            kiosk_duty.DutyRow(
                name="张示例", window="上午", start=510, end=720, arrived=505, left=None, arrived_by_time=True
            )
        ],
    ),
    "sorry-touch": kiosk.Sorry(reason="too_late", touch=TOUCH),
    "live": kiosk.LiveShown(viewer="镇办", left_s=272),
    "sorry": kiosk.Sorry(reason="too_late"),
    "status": kiosk_status.Status(
        station=STATION,
        wall=AT.wall,
        quality="synced",
        link="connected",
        software="cunhui 0.1.0",
        waiting=0,
        blobs_waiting=2,
        disk_free_kib=2_097_152,
        resident_kib=49_152,
        health=HEALTH,
        month_bytes=812_345_678,
        saving=["blobs"],
    ),
    "choose_direction": kiosk.ChooseDirection(touch=TOUCH, direction="out"),
    "keep_direction": kiosk.KeepDirection(touch=TOUCH),
    "open_level": kiosk_learning.OpenLevel(pack="sample", level="1"),
    "answer": kiosk_learning.AnswerQuestion(run=RUN.hex(), question="q0", chosen=[1]),
    "next": kiosk_learning.NextQuestion(run=RUN.hex()),
    "help": kiosk.AskHelp(screen="home"),
    "ask_status": kiosk_status.AskStatus(),
}


def signature_vectors() -> list[dict[str, str]]:
    """The same message signed for two purposes, and what the key is called."""
    contexts: tuple[Context, ...] = ("cunhui receipt 1", "cunhui head 1")
    return [
        {
            "secret": COUNTY_SECRET,
            "public": COUNTY_PUBLIC.hex(),
            "key_id": key_id(COUNTY_PUBLIC).hex(),
            "context": context,
            "message": b"abc".hex(),
            "signature": sign(COUNTY_KEY, context, b"abc").hex(),
        }
        for context in contexts
    ]


def export_vectors() -> dict[str, str]:
    """A whole export file: a stream of three facts and a blob of one piece."""
    header, envelope, chunk = MESSAGES["export_header"], MESSAGES["envelope"], MESSAGES["blob_chunk"]
    assert isinstance(header, export.ExportHeader)
    assert isinstance(envelope, Envelope)
    assert isinstance(chunk, blobs.BlobChunk)
    pieces: list[bytes] = []
    writer = export.ExportWriter(pieces.append, header)
    writer.envelope(envelope)
    writer.chunk(chunk)
    writer.end(STATION_KEY)
    return {"station": STATION, "record_key": STATION_PUBLIC.hex(), "hex": b"".join(pieces).hex()}


def card_vectors(*pasted: str) -> list[dict[str, str]]:
    """Card numbers as people paste them, their normal form, and their tokens under the key 80 81 … 9f."""
    return [
        {
            "pasted": text,
            "uid": normalise_uid(text),
            "key": HASH.hex(),
            "token": card_token(HASH, normalise_uid(text)).hex(),
        }
        for text in pasted
    ]


UIDS = ("04:A2:2B:1C", "04a22b1c5d6e80", "０４ａ２ ２ｂ１ｃ", "04-11-22-33-44-55-66-77-88-99")
EM4100_NUMBERS = ("0C000621A5", "08 00 74 5a 70")


def claim_vectors() -> list[dict[str, str]]:
    """Claim codes with their check digits, as people read them."""
    numbers = ("123456789012", "000000000000", "999999999999", "480220193317")
    return [
        {"digits": number + check_digit(number), "shown": format_claim_code(number + check_digit(number))}
        for number in numbers
    ]


def topic_vectors() -> list[str]:
    """Every topic of one station."""
    return [topic(shard=0, station=STATION, leaf=leaf) for leaf in (*UP, *DOWN)]
