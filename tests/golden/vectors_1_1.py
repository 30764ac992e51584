"""One plain sample of everything that came with contract 1.1."""

from typing import Any

import msgspec

from protocol import (
    birth,
    bundle_contents,
    commands,
    courses,
    documents,
    duty_days,
    facts,
    feedback,
    frames,
    health,
    kiosk,
    kiosk_documents,
    kiosk_duty,
    kiosk_feedback,
    kiosk_find,
    kiosk_keeping,
    kiosk_learning,
    kiosk_notices,
    kiosk_sound,
    kiosk_visits,
    packs,
    progress,
    twin,
    vitals,
)
from protocol.bundles import Audience, Bundle, Item
from protocol.codec import encode
from protocol.fetch import read_fetch, sign_fetch
from protocol.finding import FindEntry
from protocol.manifest import KeptHeads
from protocol.phone_link import code_hash
from protocol.pins import PinVerifier, derive_verifier
from protocol.shelf_index import IndexEntry, ShelfIndex
from protocol.signing import sign_beside
from protocol.units import FactRef
from tests.golden.county_vectors import KEPT_HEAD
from tests.golden.vectors import (
    AT,
    BOOT,
    COMMAND,
    COUNTY_KEY,
    EPOCH,
    HASH,
    HEAD,
    NONCE,
    RUN,
    STATION,
    STATION_KEY,
    STATION_PUBLIC,
    TOUCH,
)

ID = bytes(range(0xA0, 0xB0))
PERSON = "p1"
PIN = "802746"
VERIFIER: PinVerifier = derive_verifier(PIN, salt=NONCE)
BY = FactRef(epoch=EPOCH, seq=6)

FACTS: dict[str, facts.Fact] = {
    "number_entered": facts.NumberEntered(at=AT, person=PERSON, answer="accepted", clocks=True, direction="in"),
    "number_entered-wrong": facts.NumberEntered(at=AT, answer="unknown"),
    "pin_set": facts.PinSet(at=AT, person=PERSON, verifier=VERIFIER, by=TOUCH),
    "phone_link_shown": facts.PhoneLinkShown(at=AT, person=PERSON, by=TOUCH, code=code_hash("23456789ABCD")),
    "visit_ended": facts.VisitEnded(at=AT, person=PERSON, by=TOUCH, opened=["month"], why="time", seconds=74),
    "pack_chosen": facts.PackChosen(at=AT, by=TOUCH, pack="sample"),
    "attempt-by": facts.Attempt(
        at=AT,
        run=RUN,
        pack="sample",
        pack_version=2,
        level="1",
        question="q3",
        chosen=[1],
        right=True,
        lives_left=3,
        by=TOUCH,
        took_ms=8_250,
        mode="review",
    ),
    "level_ended-by": facts.LevelEnded(
        at=AT, run=RUN, pack="sample", pack_version=2, level="1", passed=True, stars=2, by=TOUCH, took_ms=91_000
    ),
    "blob_announced-voice": facts.BlobAnnounced(
        at=AT, sha256=HASH, size=64_000, media_type="audio/ogg", purpose="voice", about=TOUCH, seconds=21
    ),
    "help_asked-by": facts.HelpAsked(at=AT, screen="visit", by=TOUCH),
    "booted-release": facts.Booted(
        at=AT, cause="restart", software="cunhui 0.2.0", release="2026.12", image="pi-2026.12", slot="b"
    ),
    "request_made": facts.RequestMade(
        at=AT,
        request=ID,
        by=TOUCH,
        request_kind="leave",
        code="sick",
        begin=1_795_507_200_000,
        end=1_795_593_600_000,
        substitute="p2",
        about=BY,
        note="示例",
    ),
    "request_withdrawn": facts.RequestWithdrawn(at=AT, request=ID, by=TOUCH),
    "agreed": facts.Agreed(at=AT, request=ID, by=TOUCH, agrees=False),
    "person_vouched": facts.PersonVouched(at=AT, person="p2", by=TOUCH, purpose="meeting", note="示例"),
    "meeting_step": facts.MeetingStepped(at=AT, meeting="m1", step="item", item="2", note="示例", by=TOUCH),
    "votes_counted": facts.VotesCounted(
        at=AT, meeting="m1", question="2", votes=[9, 2], present=12, abstained=1, by=TOUCH
    ),
    "record_made": facts.RecordMade(
        at=AT,
        record=ID,
        by=TOUCH,
        area="party_day",
        title="示例记录",
        text="示例",
        happened=1_795_500_000_000,
        people=[PERSON],
        blobs=[HASH],
    ),
    "record_withdrawn": facts.RecordWithdrawn(at=AT, record=ID, by=TOUCH, reason="示例"),
    "feedback_given": facts.FeedbackGiven(
        at=AT, feedback=ID, by=TOUCH, about="finance-2026-11", item="3", text="示例", blobs=[HASH]
    ),
    "feedback_given-codes": facts.FeedbackGiven(at=AT, feedback=ID, topic="roads", matter="neglected"),
    "feedback_rated": facts.FeedbackRated(at=AT, feedback=ID, rating=4, note="示例", by=TOUCH),
    "score_given": facts.ScoreGiven(
        at=AT, sheet="2026-q4", indicator="1.2", person=PERSON, hundredths=850, note="示例", by=TOUCH
    ),
    "ballots_sealed": facts.BallotsSealed(at=AT, poll="poll-1", ballots=[b"\x01", b"\x02"]),
    "slips_spent": facts.SlipsSpent(at=AT, poll="poll-1", slips=[ID, NONCE]),
    "hint_answered": facts.HintAnswered(at=AT, hint=COMMAND, answer="done", by=TOUCH),
    "bundle_taken": facts.BundleTaken(at=AT, bundle="notices", version=3, sha256=HASH, via="line"),
    "update_step": facts.UpdateStepped(at=AT, release="2026.12", step="failed", slot="b", detail="no_room"),
    "retired": facts.Retired(at=AT, command=COMMAND, reason="示例"),
}

BUNDLE = Bundle(
    id="notices",
    kind="notices",
    version=3,
    title="示例通知",
    audience=Audience(regions=["990101"], types=["cadre"]),
    not_before=1_795_400_000_000,
    not_after=1_798_000_000_000,
    items=[Item(name="map.png", sha256=HASH, size=34_567, media_type="image/png")],
    content=encode(
        bundle_contents.Notices(
            notices=[
                bundle_contents.Notice(
                    id="n1",
                    line="示例通知一行",
                    text="示例正文",
                    not_before=1_795_400_000_000,
                    not_after=1_798_000_000_000,
                    urgent=True,
                )
            ]
        )
    ),
)
INDEX = ShelfIndex(
    station=STATION,
    version=7,
    bundles=[
        IndexEntry(
            id="notices",
            kind="notices",
            version=3,
            sha256=HASH,
            size=412,
            not_after=1_798_000_000_000,
        ),
        IndexEntry(
            id="roster",
            kind="roster",
            version=12,
            sha256=HASH,
            size=2_048,
            not_after=1_798_000_000_000,
            access="station",
            night=True,
        ),
    ],
)
PATH = f"/bundles/{HASH.hex()}"


HEADER = sign_fetch(STATION_KEY, station=STATION, path=PATH, nonce=NONCE, wall=AT.wall)


def fetch_vectors() -> dict[str, str]:
    """A signed request of the station, as its header carries it."""
    return {"header": HEADER, "path": PATH, "wall": str(AT.wall), "public": STATION_PUBLIC.hex()}


def pin_vectors() -> dict[str, Any]:
    """What is kept of a PIN, and which PINs may not be set."""
    return {
        "pin": PIN,
        "salt": VERIFIER.salt.hex(),
        "log2_n": VERIFIER.log2_n,
        "r": VERIFIER.r,
        "p": VERIFIER.p,
        "digest": VERIFIER.digest.hex(),
        "refused": ["000000", "123456", "654321", "121212", "123123", "112233", "111222", "123321", "520131", "888888"],
    }


SIGNATURES_BESIDE = {
    "bundle": (BUNDLE, sign_beside(COUNTY_KEY, "cunhui bundle 1", encode(BUNDLE))),
    "index": (INDEX, sign_beside(COUNTY_KEY, "cunhui index 1", encode(INDEX))),
}

QUESTION = packs.Question(
    id="q1",
    kind="single",
    stem="示例题目？",
    options=["甲", "乙"],
    answer=[0],
    explanation="示例解释",
    source="示例来源",
    picture="map.png",
    sound="q1.opus",
)

MESSAGES: dict[str, msgspec.Struct] = {
    "bundle": BUNDLE,
    "bundle-find": msgspec.structs.replace(
        BUNDLE, version=4, find=[FindEntry(of="n1", title="示例通知一行", digits=["758994", "758999"])]
    ),
    "shelf_index": INDEX,
    "fetch_request": read_fetch(HEADER),
    "pack-illustrated": packs.Pack(
        id="sample",
        version=2,
        title="示例学习包",
        sample=True,
        levels=[
            packs.Level(
                id="1",
                name="第一关",
                draw=5,
                questions=[msgspec.structs.replace(QUESTION, id=f"q{number}") for number in range(5)],
            )
        ],
    ),
    "roster": bundle_contents.Roster(
        people=[
            bundle_contents.RosterPerson(
                id=PERSON,
                name="张示例",
                number="880001",
                type="cadre",
                village="示例村",
                may_number_sign_in=True,
                pin=VERIFIER,
            ),
            bundle_contents.RosterPerson(id="p2", name="李示例", number="880002"),
        ]
    ),
    "notices-source": bundle_contents.Notices(
        notices=[
            bundle_contents.Notice(
                id="n1",
                line="明天停电检修",
                text="示例东村一组、二组。",
                not_after=1_798_000_000_000,
                kind="power_cut",
                source="示例供电所",
                owner="示例所长 0000-1234567",
            )
        ]
    ),
    "notices": bundle_contents.Notices(
        notices=[bundle_contents.Notice(id="n1", line="示例通知一行", not_after=1_798_000_000_000)]
    ),
    "progress": progress.Progress(
        person=PERSON,
        as_of=AT.wall,
        levels=[progress.LevelProgress(pack="sample", level="1", stars=2, passed=1_795_507_200_000)],
    ),
    "progress-questions": progress.Progress(
        person=PERSON,
        as_of=AT.wall,
        questions=[
            progress.Tries(pack="sample", question="q3", tries=[progress.Try(wall=AT.wall, right=False)]),
            progress.Tries(pack="sample", question="q4", tries=[]),
        ],
        amended=[progress.AmendedAnswer(pack="sample", question="q3", right=True)],
        choices=[progress.Choice(wall=AT.wall, pack="p2", chosen=True)],
        heads=[progress.StreamThrough(epoch=ID, seq=7)],
    ),
    "progress-amended-by": progress.Progress(
        person=PERSON,
        as_of=AT.wall,
        amended=[progress.AmendedAnswer(pack="sample", question="q3", right=True)],
        amended_by=[2],
    ),
    "progress-undated": progress.Progress(
        person=PERSON,
        as_of=AT.wall,
        questions=[progress.Tries(pack="sample", question="q4", tries=[])],
        undated=[progress.UndatedWrong(pack="sample", question="q4", epoch=ID, seq=6)],
    ),
    "courses": courses.Courses(
        required=[courses.Requirement(pack="sample", until="2026-12-31", types=["两委成员"], regions=["990101"])],
        menus=[courses.Menu(title="示例菜单", choose=1, packs=["sample", "p2"])],
        taken=[courses.Taken(pack="sample", type="两委成员", people=12)],
    ),
    "month": bundle_contents.Month(
        person=PERSON,
        month="2026-11",
        as_of=AT.wall,
        rows=[
            bundle_contents.MonthRow(date="2026-11-24", window="上午", arrived=505, left=725, result="ok"),
            bundle_contents.MonthRow(date="2026-11-25", window="上午"),
        ],
    ),
    "answers": feedback.Answers(
        answers=[
            feedback.Answer(
                feedback=ID,
                state="answered",
                office="示例镇",
                at=AT.wall,
                given=1_795_400_000_000,
                text="示例：路灯本周修好。",
                topic="lamps",
                matter="broken",
            ),
            feedback.Answer(feedback=NONCE, state="passed_on", office="示例镇", at=AT.wall),
        ]
    ),
    "duty": duty_days.DutyDays(
        first="2026-11-23",
        people=[
            duty_days.DutyPerson(id=PERSON),
            duty_days.DutyPerson(id="2002"),
            duty_days.DutyPerson(id="3003", name="赵示例", village="演示村"),
        ],
        windows=[
            duty_days.DutyTerms(id="1", name="上午", start=510, end=720),
            duty_days.DutyTerms(id="2", name="夜班", start=1_200, end=1_920, marks="ends", elsewhere=True),
        ],
        crews=[
            duty_days.DutyCrew(window=0, people=[0, 2], leaders=[2]),
            duty_days.DutyCrew(window=1, people=[0]),
            duty_days.DutyCrew(window=0, people=[1]),
        ],
        days=[
            duty_days.DutyDay(
                crews=[0, 1],
                less=[
                    duty_days.DutyLess(window=0, why="notice", begin=600, end=720, text="防汛"),
                    duty_days.DutyLess(window=0, person=2, why="leave"),
                ],
            ),
            duty_days.DutyDay(crews=[2], less=[duty_days.DutyLess(window=0, person=0, why="swapped", taker=1)]),
            duty_days.DutyDay(calendar="off", name="元旦", provisional=True),
        ],
    ),
    "heads": bundle_contents.Heads(days=[KEPT_HEAD]),
    "clips": bundle_contents.Clips(
        clips=[
            bundle_contents.Clip(
                line="present_card", item="l-present_card.opus", lasts_ms=2_100, words="请把卡贴到读卡器上"
            ),
            bundle_contents.Clip(pack="sample", question="q3", item="q3.opus", lasts_ms=4_800, words="示例题目"),
        ]
    ),
    "documents": documents.Documents(
        documents=[
            documents.Document(
                id="finance-2026-11",
                title="示例村十一月收支",
                kind="finance",
                period="2026-11",
                published="2026-11-28",
                source="示例村村委会",
                sample=True,
                blocks=[
                    documents.Heading(text="支出"),
                    documents.Table(
                        columns=[
                            documents.Column(title="项目"),
                            documents.Column(title="日期", kind="date"),
                            documents.Column(title="笔数", kind="number"),
                            documents.Column(title="金额", kind="yuan"),
                        ],
                        rows=[
                            documents.Row(cells=["修路灯", "2026-11-03", 2, 123_450], opens="lamps"),
                            documents.Row(cells=["打扫", "", "", 50_000]),
                        ],
                        sums=[None, None, 2, 173_450],
                    ),
                    documents.Picture(item="lamps.png", words="修好的路灯"),
                ],
            ),
            documents.Document(
                id="lamps",
                title="修路灯的明细",
                kind="finance",
                published="2026-11-28",
                source="示例村村委会",
                sample=True,
                part_of="finance-2026-11",
                blocks=[documents.Paragraph(text="示例明细")],
            ),
        ],
    ),
    "kept_heads": KeptHeads(station=STATION, heads=[KEPT_HEAD]),
    "birth-contract": birth.Birth(
        station=STATION,
        head=HEAD,
        boot=BOOT,
        nonce=NONCE,
        software="cunhui 0.2.0",
        twin_version=4,
        generation=28_598_400,
        contract=1,
        release="2026.12",
        image="pi-2026.12",
        slot="b",
    ),
    "welcome-contract": birth.Welcome(
        station=STATION,
        epoch=EPOCH,
        through=3,
        head=HEAD.head,
        generation=28_598_400,
        nonce=NONCE,
        wall=1_795_507_201_000,
        contract=1,
    ),
    "desired-front_door": twin.Desired(
        station=STATION,
        version=8,
        station_name="示例站",
        village="示例村",
        front_door="https://door.example:8443",
    ),
    "desired-text_size": twin.Desired(
        station=STATION, version=10, station_name="示例站", village="示例村", settings={"text_size": "large"}
    ),
    "desired-rest": twin.Desired(
        station=STATION,
        version=10,
        station_name="示例站",
        village="示例村",
        settings={"theme": "dark", "rest_min": 5},
    ),
    "desired-duty_board": twin.Desired(
        station=STATION, version=10, station_name="示例站", village="示例村", duty_board="names"
    ),
    "desired-help": twin.Desired(
        station=STATION,
        version=10,
        station_name="示例站",
        village="示例村",
        help=twin.HelpSeen(asked=TOUCH, seen=AT.wall, by="示例镇 王示例"),
        contact=twin.Contact(name="王示例", phone="000-12345678"),
    ),
    "desired-shelf": twin.Desired(
        station=STATION,
        version=9,
        station_name="示例站点",
        village="示例村",
        settings={
            "number_sign_in": True,
            "night_from_min": 60,
            "night_until_min": 300,
            "data_shed": ["blobs", "packs", "releases", "vitals"],
        },
        people=[
            twin.Person(id=PERSON, name="张示例", type="cadre"),
            twin.Person(id="p2", name="李示例", type="cadre", village="邻村"),
        ],
        shelf=twin.ShelfRef(version=7, sha256=HASH, size=321),
    ),
    "desired-sound": twin.Desired(
        station=STATION,
        version=10,
        station_name="示例站点",
        village="示例村",
        settings={"sound": "also_results", "espeak": True},
    ),
    "shelf-named": twin.ShelfNamed(station=STATION, shelf=twin.ShelfRef(version=8, sha256=HASH, size=330)),
    "reported-packs": twin.Reported(
        station=STATION,
        version=9,
        at=AT.wall,
        packs=[
            twin.PackState(id="notices", version=3, state="whole"),
            twin.PackState(id="roster", version=12, state="waiting", reason="night"),
        ],
    ),
    "vitals-devices": vitals.Vitals(
        station=STATION,
        at=AT,
        head=HEAD,
        waiting=0,
        blobs_waiting=0,
        software="cunhui 0.2.0",
        reader_ready=True,
        camera_ready=True,
        disk_free_kib=2_097_152,
        resident_kib=49_152,
        twin_version=9,
        saving=["blobs", "packs"],
        health=health.Health(
            devices=[
                health.DeviceHealth(name="speaker", kind="speaker", ready=True),
                health.DeviceHealth(name="updater", kind="updater", ready=False),
            ]
        ),
    ),
    "command-hint": commands.Command(
        id=COMMAND,
        station=STATION,
        order="hint",
        not_after=AT.wall + 60_000,
        issuer="operator",
        reason="示例",
        hint=commands.HintTerms(line="请把摄像头转向会议桌", answers=["done", "later"], seconds=90),
    ),
    "command-say": commands.Command(
        id=COMMAND,
        station=STATION,
        order="say",
        not_after=AT.wall + 60_000,
        issuer="operator",
        reason="示例",
        say=commands.SayTerms(bundle="clips", item="welcome.opus"),
    ),
    "command-extend": commands.Command(
        id=COMMAND,
        station=STATION,
        order="live_extend",
        not_after=AT.wall + 60_000,
        issuer="operator",
        reason="示例",
        live=commands.LiveTerms(seconds=300, viewer="镇办", viewers=["镇办", "县委组织部"], sound=True),
    ),
    "command-still": commands.Command(
        id=COMMAND,
        station=STATION,
        order="record_still",
        not_after=AT.wall + 60_000,
        issuer="operator",
        reason="示例",
        record=ID,
    ),
    "command-release": commands.Command(
        id=COMMAND,
        station=STATION,
        order="install_release",
        not_after=AT.wall + 60_000,
        issuer="operator",
        reason="示例",
        release=commands.ReleaseTerms(release="2026.12", sha256=HASH, size=48_000_000),
    ),
    "command-retire": commands.Command(
        id=COMMAND, station=STATION, order="retire", not_after=AT.wall + 60_000, issuer="operator", reason="示例"
    ),
    "frame-media": frames.Frame(
        station=STATION, command=COMMAND, number=3, size=12, offset=0, data=b"\x00\x01", media="video/h264"
    ),
}

LINES: dict[str, kiosk.ToKiosk | kiosk.ToAgent] = {
    "home-today": kiosk.Home(
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
            kiosk_duty.DutyRow(name="赵示例", window="上午", start=510, end=720, arrived=505, left=None, leads=True),
            kiosk_duty.DutyRow(
                name="张示例", window="上午", start=510, end=720, arrived=None, left=None, away="leave", departs=False
            ),
            kiosk_duty.DutyRow(
                name="李示例", window="下午", start=870, end=1050, arrived=None, left=None, instead_of="王示例"
            ),
        ],
        today=kiosk_duty.DutyToday(
            by="dates", calendar="swapped", name="国庆节", stopped=[kiosk_duty.StoppedWindow(window="夜班", why="防汛")]
        ),
    ),
    "home-refused": kiosk.Home(
        station=STATION,
        station_name="示例站点",
        village="示例村",
        wall=AT.wall,
        quality="holdover",
        link="offline",
        waiting=2,
        reader_ready=True,
        simulated=[],
        duty=[],
        county_refuses=True,
    ),
    "home-shared": kiosk.Home(
        station=STATION,
        station_name="示例站点",
        village="示例村",
        wall=AT.wall,
        quality="holdover",
        link="offline",
        waiting=2,
        reader_ready=True,
        simulated=[],
        duty=[],
        identity_shared=True,
    ),
    "home-not-public": kiosk.Home(
        station=STATION,
        station_name="示例站点",
        village="示例村",
        wall=AT.wall,
        quality="synced",
        link="connected",
        waiting=0,
        reader_ready=True,
        simulated=[],
        duty=[],
        board="nothing",
    ),
    "sorry-asked": kiosk.Sorry(reason="too_many", asked="help"),
    "notices": kiosk_notices.NoticesShown(
        notices=[kiosk_notices.NoticeLine(id="n1", line="明天停电检修", kind="power_cut", urgent=True)]
    ),
    "notice": kiosk_notices.NoticeShown(
        id="n1",
        line="明天停电检修",
        text="示例东村一组、二组。",
        kind="power_cut",
        source="示例供电所",
        owner="示例所长 0000-1234567",
        until=AT.wall,
    ),
    "ask_notices": kiosk_notices.AskNotices(),
    "open_notice": kiosk_notices.OpenNotice(id="n1"),
    "shelf": kiosk_documents.ShelfShown(
        what="all",
        start=0,
        total=7,
        entries=[
            kiosk_documents.ShelfEntry(
                bundle="finance",
                document="finance-2026-11",
                title="示例村十一月收支",
                kind="finance",
                period="2026-11",
                published="2026-11-28",
                source="示例村村委会",
                sample=True,
                new=True,
            )
        ],
    ),
    "document": kiosk_documents.DocumentShown(
        bundle="finance",
        version=3,
        document="finance-2026-11",
        part=0,
        more=True,
        title="示例村十一月收支",
        kind="finance",
        period="2026-11",
        published="2026-11-28",
        source="示例村村委会",
        blocks=[
            documents.Paragraph(text="示例正文"),
            documents.Table(
                columns=[documents.Column(title="项目"), documents.Column(title="金额", kind="yuan")],
                rows=[documents.Row(cells=["修路灯", 123_450], opens="lamps")],
                sums=[None, 120_000],
            ),
            documents.Picture(item="lamps.png", words="修好的路灯"),
        ],
        wrong=[[], [1], []],
    ),
    "document_gone": kiosk_documents.DocumentGone(bundle="finance", document="lamps", why="replaced"),
    "picture": kiosk_documents.PictureShown(bundle="finance", item="lamps.png", content=bytes(range(8))),
    "open_shelf": kiosk_documents.OpenShelf(what="all", start=6),
    "open_document": kiosk_documents.OpenDocument(bundle="finance", document="finance-2026-11", part=1, version=3),
    "close_document": kiosk_documents.CloseDocument(),
    "ask_picture": kiosk_documents.AskPicture(bundle="finance", item="lamps.png"),
    "search": kiosk_find.Search(digits="28"),
    "search_hits": kiosk_find.Found(
        digits="28",
        hits=[kiosk_find.Hit(bundle="finance-2026-11", of="d1", kind="disclosure", title="示例补贴")],
        more=True,
    ),
    "home-help": kiosk.Home(
        station=STATION,
        station_name="示例站",
        village="示例村",
        wall=AT.wall,
        quality="synced",
        link="connected",
        waiting=0,
        reader_ready=True,
        simulated=[],
        duty=[],
        help=kiosk_feedback.HelpState(asked=AT.wall - 180_000, sent=True, seen=AT.wall, by="示例镇 王示例"),
        contact=kiosk_feedback.HelpContact(name="王示例", phone="000-12345678"),
    ),
    "give_feedback": kiosk_feedback.GiveFeedback(
        topic="roads", matter="neglected", about="finance-2026-11", item="3", visit=ID[:8].hex()
    ),
    "feedback": kiosk_feedback.FeedbackTaken(number=feedback.receipt_number(ID), named=True),
    "follow_up": kiosk_feedback.FollowUp(number=feedback.receipt_number(ID)),
    "followed_up": kiosk_feedback.FollowedUp(
        number=feedback.receipt_number(ID),
        known=True,
        given=AT.wall,
        topic="roads",
        matter="neglected",
        sent=True,
        state="answered",
        office="示例镇",
        at=AT.wall,
        text="示例：路灯本周修好。",
        rating=4,
    ),
    "rate_answer": kiosk_feedback.RateAnswer(number=feedback.receipt_number(ID), rating=4),
    "phone_code": kiosk_visits.PhoneCode(
        visit="0123456789abcdef",
        address="https://door.example:8443/K#23456789ABCD",
        code="23456789ABCD",
        lasts_ms=300_000,
    ),
    "show_phone_code": kiosk_visits.ShowPhoneCode(visit="0123456789abcdef"),
    "visit": kiosk_visits.VisitShown(
        visit=ID[:8].hex(), name="张示例", opened_by="number", can=["touches", "learning", "clock"]
    ),
    "visit-ended": kiosk_visits.VisitShown(visit=ID[:8].hex(), ended="time"),
    "hello": kiosk_keeping.Hello(token=ID.hex()),
    "keep": kiosk_keeping.Keep(state='{"life":86400000}'),
    "kept": kiosk_keeping.Kept(state='{"life":86400000}'),
    "pin": kiosk_visits.PinAsked(answer="wrong", tries_left=3),
    "pin-locked": kiosk_visits.PinAsked(answer="locked", locked_for_ms=900_000),
    "enter_number": kiosk_visits.EnterNumber(number="880001", pin=PIN),
    "open_visit": kiosk_visits.OpenVisit(visit=ID[:8].hex()),
    "clock_by_number": kiosk_visits.ClockByNumber(visit=ID[:8].hex()),
    "map": kiosk_learning.MapShown(
        visit=ID[:8].hex(),
        pages=2,
        packs=[
            kiosk_learning.PackLine(
                pack="sample",
                title="示例学习包",
                sample=True,
                part="required",
                until="2026-12-31",
                levels=3,
                passed=1,
                stars=2,
            ),
            kiosk_learning.PackLine(pack="p2", title="示例二", part="menu", levels=4, new=True, colleagues=12),
        ],
        menu=kiosk_learning.MenuLine(title="示例菜单", choose=2, chosen=1),
        book=kiosk_learning.BookLine(due=3, all=7, next="2026-12-02", undated=1),
        amended=[
            kiosk_learning.Amended(
                title="示例学习包", stem="示例题目？", right=True, answer=["对"], explanation="示例解释。"
            )
        ],
        levels_left=4,
    ),
    "pack": kiosk_learning.PackShown(
        visit=ID[:8].hex(),
        pack=kiosk_learning.PackLine(pack="sample", title="示例学习包", sample=True, levels=1),
        levels=[
            kiosk_learning.LevelChoice(
                pack="sample", level="1", title="示例学习包", name="第一关", sample=True, best_stars=2
            )
        ],
    ),
    "open_map": kiosk_learning.OpenMap(visit=ID[:8].hex(), page=1),
    "open_pack": kiosk_learning.OpenPack(pack="sample"),
    "choose_pack": kiosk_learning.ChoosePack(visit=ID[:8].hex(), pack="sample"),
    "open_review": kiosk_learning.OpenReview(visit=ID[:8].hex()),
    "question-picture": kiosk_learning.QuestionShown(
        run=RUN.hex(),
        title="示例学习包",
        level="第一关",
        sample=True,
        number=1,
        of=5,
        lives=3,
        kind="single",
        question="q3",
        stem="图上是什么标志？",
        options=["外用", "非处方"],
        pack="sample",
        picture="sign.png",
        sound=True,
        mode="review",
    ),
    "level_over-next": kiosk_learning.LevelOver(
        run=RUN.hex(),
        passed=True,
        stars=2,
        right=5,
        of=6,
        next=kiosk_learning.LevelChoice(
            pack="sample", level="2", title="示例学习包", name="第二关", sample=True, best_stars=0
        ),
        back="2026-12-02",
        complete=True,
    ),
    "set_pin": kiosk_visits.SetPin(visit=ID[:8].hex(), pin=PIN),
    "end_visit": kiosk_visits.EndVisit(visit=ID[:8].hex()),
    "sound": kiosk_sound.SoundShown(lines=["present_card", "touch.recorded"], run=RUN.hex(), question="q3"),
    "play": kiosk_sound.Play(lines=["learn.single"], run=RUN.hex()),
    "stop": kiosk_sound.StopSound(),
    "ask_sound": kiosk_sound.AskSound(run=RUN.hex()),
}
