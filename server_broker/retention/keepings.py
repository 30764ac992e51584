"""`KEEPINGS` says of everything that the county keeps about people: why, how long, what ends it and what remains.

``tests/server_broker/retention/test_keepings.py`` keeps it whole: each table of the database and each kind of fact
stands in exactly one keeping, or among those that hold nothing of people with the reason, and what a keeping promises
to end is ended by something that runs. The auditor's page shows the table.
"""

from datetime import timedelta

from protocol import facts
from protocol.facts import Fact
from server_broker.accounts.cleaning import LINKS_KEPT
from server_broker.api_tokens.uses import USES_KEPT
from server_broker.incidents.cleaning import ANSWERS_KEPT
from server_broker.ingest.quarantine import QUARANTINED_KEPT
from server_broker.people.private_numbers import KEPT_AFTER_LEAVING
from server_broker.pins.cleaning import CLAIMS_KEPT, ENTRIES_KEPT
from server_broker.retention.keeping_kinds import FactsEnd, FilesEnd, Keeping, RowsEnd, Stays
from server_broker.sheets.pending import KEPT_FOR


def _clocks(fact: Fact) -> bool:
    """Whether a number that was entered is a touch: then pay hangs on it."""
    return isinstance(fact, facts.NumberEntered) and fact.clocks


PICTURES_KEPT = timedelta(days=90)
EXCEPTIONS_KEPT = timedelta(days=400)
"""Long enough to see over a year what share of a kind was nothing."""
KEEPINGS: tuple[Keeping, ...] = (
    Stays(
        key="touches",
        what="打卡、更正上下班、打卡用的编号",
        purpose="考勤和工资的凭据",
        ends="随工资凭据保存，满 30 年由县里决定移交或销毁",
        models=("attendance.Touch", "ingest.Reissue"),
        kinds=("touch", "direction_chosen"),
    ),
    FactsEnd(
        key="attempts",
        what="答题记录、选学记录",
        purpose="个人学习进度和错题本，不作考核依据",
        kept=timedelta(days=3 * 365),
        ends="县里收到满 3 年；凭它得的星没有存好的，存好再删",
        models=("learning.Attempt", "learning.LevelRun", "learning.PackChoice"),
        kinds=("attempt", "level_ended", "pack_chosen"),
        rows=(
            *(("learning.Attempt", "received_at"), ("learning.LevelRun", "received_at")),
            ("learning.PackChoice", "received_at"),
        ),
    ),
    FactsEnd(
        key="visits",
        what="在站点输过的编号、看过哪些本人内容、出示过的手机登录码",
        purpose="查证有没有人冒用编号",
        kept=timedelta(days=180),
        ends="县里收到满 180 天；用编号打的卡算打卡，不在此列",
        kinds=("number_entered", "visit_ended", "phone_link_shown"),
        stays=_clocks,
    ),
    FactsEnd(
        key="pins",
        what="个人密码的校验值（不是密码）",
        purpose="编号登录",
        kept=timedelta(days=400),
        ends="县里收到满 400 天；换了新密码，旧的当即失效",
        kinds=("pin_set",),
    ),
    FactsEnd(
        key="help",
        what="求助、应答",
        purpose="及时帮到人，改进画面",
        kept=timedelta(days=3 * 365),
        ends="县里收到满 3 年",
        kinds=("help_asked", "hint_answered"),
    ),
    Stays(
        key="requests",
        what="异议、请假、报备、补卡等申请、补卡的凭据、同意和镇办的答复",
        purpose="考勤和工资的凭据",
        ends="随工资凭据保存，满 30 年由县里决定移交或销毁",
        models=(
            *("requests.Request", "requests.Withdrawal", "requests.Agreement"),
            *("requests.StationCase", "requests.SetAside", "requests.Surplus", "requests.SurplusDecision"),
            "requests.Answer",
            *("requests.CountyRequest", "requests.Correction", "requests.Exhibit", "requests.Deputy"),
        ),
        kinds=("request_made", "request_withdrawn", "agreed"),
    ),
    Stays(
        key="village_records",
        what="工作记实、意见、评分、投票",
        purpose="村务档案",
        ends="随村级档案保存，由县里按档案管理规定处置",
        kinds=(
            *("record_made", "record_withdrawn", "ballots_sealed", "slips_spent"),
            *("feedback_given", "feedback_rated", "score_given"),
        ),
        models=("feedback.Feedback", "feedback.FeedbackRating", "feedback.FeedbackStep", "feedback.SetAside"),
    ),
    Stays(
        key="meetings",
        what="会议的通知、应到的人、签到、请假、作证、表决、会议记录",
        purpose="三会一课和村民议事的凭据",
        ends="随村级档案保存，由县里按档案管理规定处置",
        kinds=("meeting_step", "votes_counted", "person_vouched"),
        models=(
            *("meetings.Meeting", "meetings.MeetingRecord", "meetings.Minutes", "meetings.VoteEntry"),
            *("meetings.MeetingStep", "meetings.VoteCount", "meetings.Vouch"),
        ),
    ),
    Stays(
        key="help_contacts",
        what="镇办联系人的姓名和工作电话",
        purpose="村里有急事，打得通电话",
        ends="换人时由镇办改掉；以前的留在县里的决定里",
        models=("feedback.HelpContact",),
    ),
    FilesEnd(
        key="pictures",
        what="抓拍图片",
        purpose="现场凭据，不作人脸识别",
        kept=PICTURES_KEPT,
        ends="传齐满 90 天；依法保留的除外",
        remains="图片的摘要、大小和时间，依法保留的记录",
        models=("media.Blob", "media.LegalHold"),
        kinds=("blob_announced", "blob_evicted"),
        purposes=("", "touch", "requested", "random", "door"),
    ),
    FilesEnd(
        key="voices",
        what="录音",
        purpose="村民意见和学习的声音",
        kept=timedelta(days=180),
        ends="传齐满 180 天；依法保留的除外",
        purposes=("voice",),
    ),
    FilesEnd(
        key="papers",
        what="工作记实的图片和短片、纸质材料（也有补卡的）的照片和 PDF",
        purpose="工作记实和补卡的凭据",
        kept=timedelta(days=3 * 365),
        ends="传齐满 3 年；依法保留的除外",
        purposes=("record", "clip", "paper"),
    ),
    FilesEnd(
        key="logs",
        what="站点程序日志的末尾",
        purpose="查故障；不含姓名和卡号",
        kept=PICTURES_KEPT,
        ends="传齐满 90 天",
        purposes=("log",),
    ),
    Stays(
        key="people",
        what="姓名、编号、所在村、职务、卡的散列值和尾号、值班安排，今天的和以前的",
        purpose="打卡时认出是谁，算考勤",
        ends="考勤凭据在，人就在；凭据处置后由县里删除",
        models=(
            *("people.Person", "people.PersonRecord", "people.Card", "people.Binding", "people.Holding"),
            *("people.HoldingRecord", "attendance.DutyWindow", "attendance.WindowRecord", "attendance.RosterDay"),
            *("attendance.Swap", "attendance.SwapRecord", "duty.RosterTemplate"),
        ),
    ),
    Stays(
        key="absences",
        what="谁哪段时间请假、外出、开会、驻村，请的是哪种假",
        purpose="不到岗有没有准许，算考勤",
        ends="考勤凭据在，它就在；凭据处置后由县里删除。只记种类，不收病历和证明",
        models=("duty.Absence", "duty.AbsenceRecord"),
    ),
    Stays(
        key="settled",
        what="每个班按规则算出的结果，凭哪些记录，改过几次",
        purpose="考勤和工资的凭据",
        ends="随工资凭据保存，满 30 年由县里决定移交或销毁",
        models=("settling.SettledWindow",),
    ),
    Stays(
        key="signed_months",
        what="定稿的月考勤表：谁哪天哪个班是什么结果，合计，以及更正单",
        purpose="考勤和工资的凭据，签过名",
        ends="随工资凭据保存，满 30 年由县里决定移交或销毁",
        models=("closing.ClosedMonth", "closing.SlipLine", "closing.ResidentMonth"),
    ),
    RowsEnd(
        key="private_numbers",
        what="身份证号、手机号（加密，密钥不在数据库里），谁看过、为什么",
        purpose="分清同名的人，发工资、联系本人；本人知道谁看过",
        kept=KEPT_AFTER_LEAVING,
        ends="改正时旧号码当即抹去；本人离开满一年抹去",
        remains="谁在什么时候、为什么看过",
        by={
            "people.PrivateNumber": "people.private_numbers.erase_numbers_of_gone",
            "people.NumberSeen": "",
        },
    ),
    RowsEnd(
        key="pin_state",
        what="个人密码的校验值（不是密码）、在大屏输错的次数、站点报来的设密码记录",
        purpose="按编号登录，挡住猜密码的人",
        kept=CLAIMS_KEPT,
        ends="密码作废、本人离开，校验值当时就删；设密码和输错的记录满 400 天，站点吊销后它报的输错次数当时就删",
        by={
            "pins.PersonPin": "pins.voiding.void_needless",
            "pins.PinClaim": "pins.cleaning.drop_old_entries",
            "pins.KioskTry": "pins.cleaning.drop_old_entries",
        },
    ),
    RowsEnd(
        key="number_entries",
        what="在大屏输过的编号；用编号打的卡",
        purpose="查证有没有人冒用编号；打的卡是考勤的凭据",
        kept=ENTRIES_KEPT,
        ends="县里收到满 180 天；用编号打的卡与打卡同样留存",
        remains="用编号打的卡",
        by={
            "pins.NumberEntry": "pins.cleaning.drop_old_entries",
        },
    ),
    RowsEnd(
        key="learning",
        what="从答题记录算出的本人星数、错题、选学，凭哪次打卡或哪个编号答的题",
        purpose="本人在任何站点都能接着学；不作考核依据",
        kept=timedelta(days=1),
        ends="随答题记录：答题记录到期清除后，当夜重算",
        by={
            "progress.Visit": "progress.rounds.drop_without_answers",
            "progress.PersonProgress": "progress.rounds.drop_without_answers",
            "progress.ReachedLevel": "progress.rounds.drop_without_answers",
            "progress.ChosenPack": "progress.rounds.drop_without_answers",
            "progress.Told": "progress.rounds.drop_without_answers",
        },
    ),
    RowsEnd(
        key="reached",
        what="答题记录清除以前得到的星：哪个学习包、哪一关、几颗、第一颗是哪天",
        purpose="本人的星不因答题记录到期而消失；不作考核依据",
        kept=KEPT_AFTER_LEAVING,
        ends="本人离开满一年",
        by={"progress.KeptLevel": "progress.kept_levels.drop_of_gone"},
    ),
    RowsEnd(
        key="phones",
        what="手机页面的登录、登录码、输错的密码",
        purpose="本人在手机上看自己的打卡，挡住猜密码的人",
        kept=timedelta(days=1),
        ends="登录 30 分钟内；登录次数、登录码、输错的记录和网络地址满 1 天；一个人输错的次数每 7 天少一次，到 0 为止",
        by={
            "public.PhoneSession": "public.sessions.drop_ended",
            "public.PhoneSignIn": "public.sessions.drop_ended",
            "public.UsedPhoneLink": "public.sessions.drop_ended",
            "public.DoorTries": "public.cleaning.drop_old",
            "public.NobodysTries": "public.cleaning.drop_old",
            "public.WrongTry": "public.brake.drop_old_tries",
        },
    ),
    RowsEnd(
        key="published",
        what="发给站点的资料：名单、个人月报和学习进度，也有公开内容",
        purpose="站点断网时也能认人、给本人看",
        kept=timedelta(days=2),
        ends="算出的版本被新版代替满 2 天；人发布的内容留作凭据",
        remains="人发布的内容",
        by={
            "bundles.Bundle": "bundles.index_keeper.drop_superseded",
            "bundles.BundleItem": "bundles.index_keeper.drop_superseded",
            "bundles.StationIndex": "bundles.index_keeper.IndexKeeper",
        },
    ),
    RowsEnd(
        key="exceptions",
        what="值得一看的情况，和看过的人怎么说",
        purpose="提醒镇办去问一问；看哪一种提示不准，好停用",
        kept=EXCEPTIONS_KEPT,
        ends="那一天过去满 400 天；不作处分和考核的依据",
        by={
            "exceptions.Notable": "exceptions.cleaning.drop_old",
            "exceptions.Judgement": "exceptions.cleaning.drop_old",
        },
    ),
    RowsEnd(
        key="imports",
        what="等人确认的导入名单",
        purpose="先看后改",
        kept=KEPT_FOR,
        ends="确认、换新文件或满 1 小时",
        by={
            "people.PendingImport": "sheets.pending.drop_old_plans",
        },
    ),
    RowsEnd(
        key="sent_messages",
        what="读不出来的上报消息",
        purpose="查明原因，补回记录",
        kept=QUARANTINED_KEPT,
        ends=f"收到满 {QUARANTINED_KEPT.days} 天",
        by={
            "ingest.Quarantined": "ingest.quarantine.drop_old_quarantined",
        },
    ),
    RowsEnd(
        key="accounts",
        what="账号、登录链接、第二步验证、备用码、登录状态、登录失败记录",
        purpose="只让该进的人进后台",
        kept=LINKS_KEPT,
        ends=f"登录链接过期、登录失败和改账号的痕迹满 {LINKS_KEPT.days} 天；登录到期、没做完的第二步验证当天",
        remains="账号停用后留名，不能再登录；做完的第二步验证和备用码随账号",
        by={
            "accounts.User": "",
            "accounts.SignInLink": "accounts.cleaning.drop_old_links",
            "sessions.Session": "accounts.cleaning.drop_ended_sessions",
            "accounts.SecondFactor": "accounts.cleaning.drop_abandoned_set_ups",
            "otp_totp.TOTPDevice": "",  # the same rows
            "accounts.RecoveryCode": "",
            "admin.LogEntry": "accounts.cleaning.drop_old_traces",
            "axes.AccessAttempt": "accounts.cleaning.drop_old_traces",
            "axes.AccessFailureLog": "accounts.cleaning.drop_old_traces",
            "axes.AccessLog": "accounts.cleaning.drop_old_traces",
            "axes.AccessAttemptExpiration": "accounts.cleaning.drop_old_traces",
        },
    ),
    RowsEnd(
        key="api_tokens",
        what="给其他系统的接口令牌：谁做的、能读什么，每天读了几次（令牌本身不保存）",
        purpose="只让该读的系统读；查证哪个令牌读过什么",
        kept=USES_KEPT,
        ends=f"每天读了几次的记录满 {USES_KEPT.days} 天；令牌到期或作废就不能再读",
        remains="给过哪些令牌；审计里哪天读过哪一类",
        by={
            "api_tokens.ApiUse": "api_tokens.uses.drop_old_uses",
            "api_tokens.ApiToken": "",
        },
    ),
    RowsEnd(
        key="on_call",
        what="哪几天谁值守和电话；谁确认、静默了要处理的事；通知发到哪些群和信箱",
        purpose="出了事找得到人；查证谁知道、谁让它不再通知",
        kept=ANSWERS_KEPT,
        ends=f"值守、确认和静默结束满 {ANSWERS_KEPT.days} 天；渠道停用时，地址和密钥当即清掉",
        remains="用过哪些渠道的名称",
        by={
            "incidents.OnCall": "incidents.cleaning.drop_old",
            "incidents.Acknowledgement": "incidents.cleaning.drop_old",
            "incidents.Silence": "incidents.cleaning.drop_old",
            "incidents.ChannelConfig": "",
        },
    ),
    Stays(
        key="decisions",
        what="县里的决定和它改过的内容",
        purpose="证明县里没有事后改动",
        ends="不删除；改过的人员、卡、值班、账号都没有到期之日，内容也留着",
        models=("decisions.DecidedFact", "decisions.DecidedRow"),
    ),
    Stays(
        key="permits",
        what="准许公开的号码、是谁的、谁申请谁同意",
        purpose="办公电话可以公开；查证是谁放行的",
        ends="不删除；取消以后只作凭据",
        models=("guard.Permit",),
    ),
    Stays(
        key="written_notices",
        what="写好的通知、公示和资料，谁写谁发布",
        purpose="两个人把关；查证是谁放行的",
        ends="不删除；发布或退回以后只作凭据，公示、资料和题库的正文这时就清掉",
        models=("bundles.WrittenNotice", "bundles.WrittenDocuments", "bundles.WrittenPack"),
    ),
    Stays(
        key="audit",
        what="谁在后台做了什么",
        purpose="追责；只增不改",
        ends="不删除",
        models=(
            *("audit.AuditEntry", "ingest.WriteOff", "orders.StationOrder", "tuning.SettingChoice"),
            *("compliance.SwitchStep", "guard.SecretWord"),
        ),
    ),
)

FACTS_OF_MACHINES = frozenset(
    {
        *("booted", "shut_down", "reader_lost", "reader_back", "contact_changed", "window_closed", "clock_corrected"),
        *("command_result", "live_view_began", "live_view_ended", "alarm_raised", "alarm_cleared", "bundle_taken"),
        *("update_step", "retired", "epoch_opened", "facts_lost"),
        # The envelope of a fact that came again. What it wraps is erased by its own kind.
        "reissued",
    }
)
"""Kinds of facts that say nothing about a person."""

NOTHING_OF_PEOPLE: dict[str, str] = {
    "ingest.Fact": "正文按各类事实的期限清除，摘要保留",
    "fleet.StationEvent": "站点事件；与人有关的随所属事实一并清除内容",
    "fleet.Station": "设备",
    "fleet.Stream": "设备",
    "fleet.StationStatus": "设备",
    "fleet.Alarm": "设备；文字不含姓名和卡号",
    "fleet.DesiredState": "发给站点的名单，随人员变化重写",
    "fleet.CountyState": "设备",
    "fleet.ClockRun": "设备",
    "incidents.Episode": "设备",
    "incidents.Notification": "设备；文字不含姓名和卡号",
    "incidents.Mention": "设备",
    "bundles.ShelfReport": "设备",
    "bundles.ShelfHeard": "设备",
    "bundles.FetchNonce": "设备",
    "fleet.ShelfDue": "设备",
    "duty.RosterChange": "只有编号，几秒钟后删除",
    "ingest.SignedHeadKept": "签名",
    "dated.Erased": "清除的记录，只有摘要",
    "regions.RegionRecord": "区划",
    "people.Unit": "机构",
    "people.UnitRecord": "机构",
    "people.Post": "机构的职务，不含谁担任",
    "attendance.StationPlace": "设备",
    "workdays.Calendar": "日历",
    "workdays.CountyDay": "日历",
    "workdays.LibraryTable": "日历",
    "workdays.StopNotice": "停班通知，不含姓名",
    "workdays.StopRecord": "停班通知，不含姓名",
    "settling.SettleDue": "哪个村哪天要重新结算，结算以后删除",
    "settling.DayCount": "哪个村哪天多少个班、多少个按时，没有人",
    "settling.Change": "只有编号，几秒钟后删除",
    "settling.LookedAt": "设备",
    "settling.StationAside": "设备",
    "settling.SettlingState": "从哪天起结算",
    "settling.HeldRead": "待审的记录什么时候读了",
    "settling.Parameter": "规则的参数",
    "settling.ParameterRecord": "规则的参数",
    "settling.DeadStation": "设备",
    "settling.StandIn": "设备",
    "settling.SheetMonth": "月考勤表什么时候公示、定稿",
    "settling.SheetMonthRecord": "月考勤表什么时候公示、定稿",
    "exceptions.Kind": "值得一看的种类",
    "exceptions.KindRecord": "值得一看的种类",
    "exceptions.Looked": "看到了哪一天",
    "meetings.KindSubject": "会议的种类",
    "meetings.KindTerms": "县里对会议的要求",
    "ingest.UnprovenHead": "签名",
    "ingest.IngestLease": "设备",
    "ingest.DayTaken": "设备：一天收了多少，七天后删除",
    "ingest.DatingDue": "设备：哪些开机的时间还要重算",
    "ingest.DatingWalk": "设备：重算到哪里",
    "regions.Region": "区划",
    "learning.LearningPack": "题库",
    "progress.VisitDue": "只有编号，几秒钟后删除",
    "progress.CardDue": "只有编号，几秒钟后删除",
    "progress.PersonDue": "只有编号，几秒钟后删除",
    "progress.PackCounted": "题库：哪天数过",
    "progress.QuestionCount": "一道题有多少人答对，不少于 10 人答过才记",
    "progress.TakenPack": "选学某个学习包的人数，不少于 10 人才记",
    "courses.Course": "要求学什么、可选什么，不含姓名",
    "progress.ProgressState": "算到了哪里",
    "progress.Surplus": "设备：站点哪天报来的答题太多",
    "progress.SurplusDecision": "站点太多的答题怎么办，定的人的账号名",
    "learning.PackKeeper": "题库：谁负责，哪天复审",
    "editing.BankDraft": "题库草稿：名称、负责人，写的人的账号名",
    "editing.DraftLevel": "题库草稿",
    "editing.DraftQuestion": "题库草稿",
    "editing.DraftFile": "题库草稿的图片和录音",
    "learning.RemarkedQuestion": "题库：哪道题的答案改过",
    "enrolment.Claim": "设备",
    "enrolment.StationCertificate": "设备",
    "enrolment.UsedNonce": "设备",
    "tuning.SettingReport": "设备",
    "decisions.CountyStream": "签名",
    "manifest.DailyManifest": "签名",
    "manifest.DailyTable": "清单的摘要",
    "manifest.RecordCheck": "核对的结果",
    "retention.Erasure": "清除的记录，只有摘要",
    "retention.ErasedFact": "清除的记录，只有摘要",
    "auth.Permission": "框架的表",
    "auth.Group": "框架的表",
    "contenttypes.ContentType": "框架的表",
}
"""Tables that hold nothing of people, and what they are instead."""


def keeping(key: str) -> Keeping | None:
    """Return a row of the table."""
    return next((row for row in KEEPINGS if row.key == key), None)


def blobs_kept() -> dict[str, timedelta]:
    """Return how long blobs of each purpose are kept."""
    return {purpose: row.kept for row in KEEPINGS if isinstance(row, FilesEnd) for purpose in row.purposes}
