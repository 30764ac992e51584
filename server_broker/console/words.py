"""The Chinese words for every code that a page shows.

Most words have a sign and a tone too. The tone is a colour, and the sign repeats its meaning for people who can't tell
the colours apart.
"""

from datetime import timedelta
from typing import NamedTuple

from protocol.alarm_codes import MESSAGE_REFUSED
from server_broker.attendance.outcomes import Outcome
from server_broker.fleet.alarm_codes import OWN_ALARMS
from server_broker.fleet.alarm_ends import Calm, Seen, end_of
from server_broker.fleet.models import Station, StationStatus
from server_broker.incidents.kinds import SEVERITY_WORDS


class Word(NamedTuple):
    """``tone`` is a class of the style sheet: good, warn, bad or quiet."""

    sign: str
    word: str
    tone: str


UNKNOWN = Word("·", "未知", "quiet")
UNTRIED = Word("–", "还没用过", "quiet")

REVOKED = Word("✕", "已吊销", "bad")
NOT_ENROLLED = Word("◌", "未接入", "quiet")
ONLINE = Word("●", "在线", "good")
OFFLINE = Word("○", "离线", "bad")
DOUBTED = Word("◌", "待确认", "warn")
"""The county's own connection to the broker was interrupted, and the station has sent no message since."""

QUALITIES = {  # shown beside people's names, so no word may read as if it were about the person
    "synced": Word("✓", "已校时", "good"),
    "holdover": Word("✓", "断网走时", "good"),
    "restored": Word("△", "未校时", "warn"),
    "disputed": Word("△", "县里时钟有疑问", "warn"),
    "unknown": Word("△", "时间不明", "warn"),
}
TOUCH_OUTCOMES: dict[Outcome, Word] = {
    "recorded": Word("✓", "打卡成功", "good"),
    "repeat": Word("=", "重复打卡", "quiet"),
    "unknown": Word("?", "待核对", "warn"),
    "lost": Word("✕", "挂失卡", "bad"),
    "no_person": Word("△", "编号对不上人", "warn"),
}
PICTURES = {
    "touch": "打卡抓拍",
    "requested": "按要求抓拍",
    "random": "随机抓拍",
    "door": "门磁抓拍",
    "record": "工作记实",
}
"""By a picture's purpose."""
DIRECTIONS = {"in": "上班", "out": "下班"}
SEVERITIES = {
    "info": Word("i", SEVERITY_WORDS["info"], "quiet"),
    "minor": Word("△", SEVERITY_WORDS["minor"], "warn"),
    "major": Word("▲", SEVERITY_WORDS["major"], "bad"),
    "critical": Word("✕", SEVERITY_WORDS["critical"], "bad"),
}
EVENTS = {
    "booted": Word("▲", "启动", "good"),
    "shut_down": Word("▼", "正常关机", "quiet"),
    "reader_lost": Word("✕", "读卡器断开", "bad"),
    "reader_back": Word("✓", "读卡器恢复", "good"),
    "direction_chosen": Word("✓", "本人更正上下班", "quiet"),
    "contact_changed": Word("▯", "门磁或人体感应", "quiet"),
    "window_closed": Word("✓", "值班时段记录完整", "quiet"),
    "clock_corrected": Word("✓", "时钟已校正", "quiet"),
    "epoch_opened": Word("＋", "开始新的记录流", "quiet"),
    "reissued": Word("＋", "旧记录重报", "quiet"),
    "facts_lost": Word("✕", "有记录无法恢复", "bad"),
    "blob_evicted": Word("△", "图片未上传即清除", "warn"),
    "help_asked": Word("?", "有人求助", "warn"),
    "command_result": Word("›", "命令已答复", "quiet"),
    "live_view_began": Word("●", "开始实时查看", "warn"),
    "live_view_ended": Word("○", "实时查看结束", "quiet"),
    "alarm_raised": Word("△", "站点告警", "warn"),
    "alarm_cleared": Word("✓", "告警解除", "good"),
    "number_entered": Word("#", "用编号登录", "quiet"),
    "pin_set": Word("#", "设置密码", "quiet"),
    "phone_link_shown": Word("○", "显示手机二维码", "quiet"),
    "visit_ended": Word("○", "查看个人内容结束", "quiet"),
    "pack_chosen": Word("＋", "选学学习包", "quiet"),
    "request_made": Word("?", "提出申请", "warn"),
    "request_withdrawn": Word("–", "撤回申请", "quiet"),
    "agreed": Word("✓", "对方答复申请", "quiet"),
    "person_vouched": Word("✓", "旁人证明到场", "quiet"),
    "meeting_step": Word("›", "会议进展", "quiet"),
    "votes_counted": Word("✓", "表决结果", "quiet"),
    "record_made": Word("＋", "工作记实", "quiet"),
    "record_withdrawn": Word("–", "撤回工作记实", "warn"),
    "feedback_given": Word("?", "群众意见", "warn"),
    "feedback_rated": Word("✓", "群众评价答复", "quiet"),
    "score_given": Word("＋", "评分", "quiet"),
    "ballots_sealed": Word("▯", "选票封存", "quiet"),
    "slips_spent": Word("▯", "票签用过", "quiet"),
    "hint_answered": Word("›", "提示已答复", "quiet"),
    "bundle_taken": Word("✓", "新内容已生效", "quiet"),
    "update_step": Word("›", "升级进展", "quiet"),
    "retired": Word("▼", "站点退役", "warn"),
    "board_replaced": Word("＋", "接入了新机器", "good"),
}
ALARMS = {
    "county_record": "县里的记录被改动过",
    "county_rewrote": "站点说县里的总账与它留下的不同",
    "county_restored": "县里是从备份恢复的",
    "county_went_back": "有站点说县里恢复过旧备份",
    "generation_absurd": "站点声称的县代号不可能出现过",
    "unexplained_facts": "记录账目对不上",
    "ledger_too_large": "记录账目数不完",
    "station_silent": "站点很久没有消息",
    "two_machines": "有两台机器在用这个站点的编号",
    "often_down": "一个月有三天打不了卡",
    "review_past": "题库过了复审日期",
    "epoch_opened": "站点另开了新的记录流",
    "facts_lost": "有记录无法恢复",
    "held": "有记录待审",
    "quarantined": "收到无法读取的消息",
    "conflicting_fact": "同一编号收到不同内容",
    "purpose_changed": "同一份文件报了两种用途",
    "signed_heads_full": "多次接通却没有记录送到",
    "bad_signature": "签名校验不符",
    "facts_refused": "消息服务拒收站点的记录",
    "birth_refused": "消息服务拒绝站点",
    "county_lost_facts": "站点说县里的记录比它少，正在补传",
    "stream_ahead": "站点的记录少于县里，已另开记录流重报",
    "stream_differs": "站点的记录与县里不同，已另开记录流重报",
    "refused_welcome": "站点拒收一次应答，来历不明",
    "refused_match": "站点拒收一次应答，来历不明",
    "refused_receipt": "站点拒收一份回执，来历不明",
    "refused_missing": "站点拒收一次图片催要，来历不明",
    "refused_desired": "站点拒收一份设置，来历不明",
    "refused_command": "站点拒收一个命令，来历不明",
    "too_many_alarms": "站点报的告警过多",
    "lost_card": "有人使用挂失卡",
    "pin_guessed": "有人在试别人的密码",
    "pin_refused": "站点报来的密码没有采用",
    "pin_tries_beyond": "站点报来的输错密码多得不合常理",
    "number_stranger": "外镇人员按编号打卡",
    "reader_lost": "读卡器断开",
    "cards_unreadable": "读卡器接连读不出卡",
    "cards_flood": "读卡器不停地读到不认识的卡",
    "unknown_keyboard": "有人插上了陌生键盘",
    "camera_failed": "摄像头拍不出",
    "input_failed": "门磁或人体感应用不了",
    "input_flapping": "门磁频繁变化",
    "camera_suspect": "摄像头画面异常",
    "blob_corrupted": "图片损坏",
    "media_folder": "图片目录无法写入",
    "county_disk": "县服务器的磁盘快满了",
    "chore_fails": "县平台的定时工作一直失败",
    "facts_set_aside": "站点的记录结算不了，已单独放下",
    "dates_set_aside": "有的日子结算不了，已单独放下",
    "learning_set_aside": "有的人的学习情况算不出来，已单独放下",
    "levels_set_aside": "有的人满期的答题记录删不了，已单独放下",
    "counts_set_aside": "有的学习包的答题情况统计不出来，已单独放下",
    "pins_set_aside": "有的密码作废不了，已单独放下",
    "backup_overdue": "备份没有按时做",
    "backup_unproven": "备份很久没有试恢复成功",
    "county_clock": "县里服务器的时间不可信，暂不授时",
    "county_clock_stepped": "县里服务器的时钟变动过",
    "county_clock_unconfirmed": "县里服务器的时间没有人确认，暂不清理旧记录",
    "county_clock_doubted": "县里以前授过的时间可能不准，有记录待核对",
    "county_words_differ": "县里先后说的时间不一致",
    "times_moved": "站点事后改了打卡时间",
    "clock_disputed": "县里说的时间前后不一致，站点未采用",
    "desired_too_large": "本村名单过大，无法下发",
    "desired_unreadable": "本村名单有误，无法下发",
    "help_asked": "有人求助",
    "station_floods": "站点发来的太多",
    "too_many_facts": "站点几天里的记录太多，考勤结算没有读完",
    "station_quota": "站点当天的上限已到",
    "too_many_streams": "站点反复换记录流",
    "too_many_corrections": "站点反复改自己的时间",
    "station_certificate": "站点证书没有续期",
    "county_certificate": "县里的证书快到期",
    "console_certificate": "办公网页的证书用不了或快到期",
    "station_journal": "站点名册损坏",
    "broker_lists": "消息服务没有照名册办",
    "data_short": "站点本月流量不足",
    "ntp_distrusted": "站点的网络对时不可信，未采用",
    "rtc_implausible": "站点的时钟芯片走得不对，请检查电池",
    "rtc_failed": "站点的时钟芯片停过或读不出，请检查电池",
    "modem_implausible": "站点的移动网络时间不对，未采用",
    "modem_failed": "站点读不出移动网络时间",
    "too_hot": "站点过热",
    "undervoltage": "站点供电电压不足",
    "disk_short": "站点磁盘快满",
    "card_worn": "存储卡快到寿命",
    "update_reverted": "站点升级后不正常，已换回旧版",
    "disk_full": "站点磁盘已满",
    "disk_error": "站点存储出了故障，打卡亮红灯",
    "outbox_full": "站点磁盘已满",
    "neighbours_left_out": "外村人员太多，没有全部下发",
    "shelf_too_large": "站点的下发内容太多，没有全部下发",
    "shelf_not_computed": "站点的个人内容没有算出来",
    "many_questions": "一个站点一天报来的意见太多",
    "many_requests": "一个站点一天报来的申请太多",
    "many_answers": "一个站点报来的答题太多",
    "request_set_aside": "站点的申请办不了，已单独放下",
}
"""By the part of an alarm's code before the colon. The part after it is a reason."""
_REFUSED_BY_STATION = (
    "站点没有采用，打卡不受影响。县里刚换过签名密钥的，一小时内自己好；"
    "没有换过，就查谁登录过县服务器，再报软件的维护者。"
)
_OLD_OR_COPIED = "请问村里是否换过旧卡；没有换过，就当卡被拷贝了：照《县服务器-值守》的“存储卡丢了”换新机器。"
REMEDIES = {
    "broker_lists": "请在县服务器上运行 sudo cunhui-server doctor，照“消息服务”一行办；这期间吊销的站点可能还连着。",
    "help_asked": "请给村里打电话；点“确认”，大屏就显示您看到了。",
    "county_rewrote": "请从站点拷出 heads 文件，由审计员用 verify county --heads 对照；站点可疑就照常吊销。",
    "county_restored": "请对照纸上的记录：备份以后吊销的站点再吊销一次，备份以后接入的发新接入码；都没有就直接确认。",
    "county_went_back": "请先核实点名的站点；属实就核对站点名册：备份之后吊销的站点要再吊销，接入的要重新登记。",
    "generation_absurd": "请查这个站点的程序是否出了故障，或者有人仿冒它，必要时吊销站点。",
    "media_folder": "请看县服务器放图片的磁盘：满了清理，坏了更换，再核对目录的权限。图片留在站点，写得进了自动解除。",
    "bad_signature": "请联系村里核实：站点的卡是否换过、机器是否被人动过；不是自己人换的，就吊销站点。",
    "conflicting_fact": "县里已收的不变。请问村里是否换过旧卡；没有，就照《县服务器-值守》的“存储卡丢了”换新机器。",
    "epoch_opened": "请问村里是否换过旧卡、卡是否坏过；都没有，就照《县服务器-值守》的“存储卡丢了”换新机器。",
    "facts_lost": "请打开站点页看是哪几条，和村里对一下那几天的打卡，缺的按补卡办；存储卡坏过就换新的。",
    "county_disk": "请清理县服务器的磁盘或扩容，“帮助”里搜“磁盘满”；写满后记录留在站点。腾出地方后这条告警自动解除。",
    "county_clock_stepped": "请对一下县服务器的时间：运行 cunhui-server clock；不对就校正，对的就不用再做什么。",
    "too_many_corrections": "请查该站点的网络对时和时钟电池；不像故障，就查有没有人仿冒它，必要时吊销站点。",
    "county_clock_doubted": "请回想上次关机前时间对不对：对就运行 cunhui-server clock --earlier right；不对就核对。",
    "county_words_differ": "请对一下县服务器的时间，并看它是不是从旧的备份或快照恢复的；打卡照常。",
    "clock_disputed": "请对一下县服务器的时间；对的话查有没有人仿冒县里，打卡照常。",
    "county_record": "请不要改动任何内容，先告诉审计员；再运行 cunhui-server verify county 看是哪一条，和备份核对。",
    "times_moved": "请核对该站点那几天的打卡：站点机器丢过、借出过，就先吊销，并和村里对人。",
    "too_hot": "请让机箱通风，不要放在窗台、暖气或电视机上。",
    "undervoltage": "请换 5V/3A 的电源和短而粗的电源线，不要用手机充电头。",
    "disk_short": "请联系县运维清理；常常这样就换一张更大的卡。",
    "card_worn": "请尽快换卡：先在站点上导出记录，再换上新卡重新接入。",
    "update_reverted": "打卡照常。几个站点都这样就先停发（cunhui-server apt hold），把版本号报给软件的维护者。",
    "reader_lost": "请把读卡器的 USB 线拔下再插一次；还不行就换一个。",
    "cards_unreadable": "请在站点核对这个读卡器的 format 和前后缀，照《装机手册-读卡器》；手机不能当卡用。",
    "cards_flood": "请看读卡器的 USB 口上插了什么，把读卡器拔下再插；还不停就换一个。静下来一分钟后自动解除。",
    "camera_failed": "请检查摄像头的线；打卡不受影响。",
    "camera_suspect": "请看看镜头是否被挡住；打卡不受影响。",
    "input_failed": "请检查门磁或人体感应的接线。",
    "data_short": "请核对流量套餐，或在站点的设置里提高上限；打卡照常上传。",
    "disk_full": "请联系县运维清理；清出空间之前不能打卡。",
    "disk_error": "请先在站点上导出记录，再换一张新卡；故障期间亮红灯的没有记录。",
    "stream_ahead": _OLD_OR_COPIED,
    "stream_differs": _OLD_OR_COPIED,
    "station_silent": "请联系村里，看站点是否断电、断网；记录存在站点，连上后自动补传，这条告警也自动解除。",
    "two_machines": "多半是存储卡被拷贝了。请照《县服务器-值守》的“存储卡丢了”换新机器，旧的和拷贝的就都连不上。",
    "station_quota": "记录留在站点，明天自动接着收；确需当天收完，请把 county.toml 的 facts_a_day 调大并重启服务。",
    "too_many_streams": "请查这个站点的程序或存储卡是否出了故障，或者有人仿冒它；记录留在站点，必要时吊销。",
    "too_many_facts": "请查这个站点的程序是否出了故障，或者有人仿冒它，必要时吊销；要靠它才能算的不判缺勤，可以补卡。",
    "station_floods": "请查这个站点的程序是否出了故障，或者有人仿冒它；记录留在站点，别的站点不受影响；必要时吊销。",
    "review_past": "请负责人逐题对过：没有变化就在“下发内容”里写上新的复审日期，有变化就改了再发布。",
    "often_down": "请查这个站点为什么常停：停电、读卡器还是机器；月底结算后过一周，这条告警自动解除。",
    "ledger_too_large": "请查这个站点的程序是否出了故障，或者有人仿冒它；一天后再数。",
    "lost_card": "请联系村里，核实是谁在用这张卡。",
    "purpose_changed": "期限没有变；请查这个站点的程序是否出了故障，或者有人仿冒它，必要时吊销站点。",
    "pin_guessed": "请联系村里，看看是谁在大屏前试密码；当天别的编号已不能再试。",
    "pin_refused": "请联系本人核实；不是本人设的，请到站点看看，必要时吊销站点。",
    "pin_tries_beyond": "请问村里有没有人在试密码；没有的话请到站点看看，必要时吊销站点，它报的次数随即作废。",
    "many_answers": "请问村里是不是真答了这么多；不是就查有没有人仿冒站点，必要时吊销，再去“异议与申请”照常算或作废。",
    "many_requests": "请问村里是不是真提了这么多；不是就查有没有人仿冒站点，必要时吊销，再去“异议与申请”照常办或作废。",
    "many_questions": "请问村里是不是真有这么多人提意见；不是就查有没有人仿冒站点，必要时吊销，再去“群众意见”处理。",
    "number_stranger": "这次不计入考勤；请到站点看看，必要时吊销站点。",
    "too_many_alarms": "请查这个站点的程序是否出了故障，或者有人仿冒它；不再多报一小时后自动解除。",
    "unknown_keyboard": "请到站点把它拔下；是自己人接的，就把编号写进站点的配置。",
    "ntp_distrusted": "请查是谁在路由器或站点上设了别的对时服务器；时间以县里为准。",
    "outbox_full": "请联系县运维清理；清出空间之前不能打卡。",
    "neighbours_left_out": "没有下发的外村人刷卡是黄灯，记录照样留下；请把长期不在本镇的人员和卡清理掉。",
    "shelf_too_large": "请撤回不再需要的通知和资料。",
    "shelf_not_computed": "请联系县运维；站点用的是上一次算好的内容。",
    "request_set_aside": "请把 chores 日志里的出错交给供应方；每小时再试，办成了自动解除。急的请镇村代办。",
    "backup_overdue": "请插好备份盘，在县服务器上运行 cunhui-server backup now；还不行，就看 doctor 的“备份”一行。",
    "chore_fails": "请看县服务器上 chores 的日志里最后一次失败，把它交给供应方；它再次成功后，这条告警自动解除。",
    "facts_set_aside": "请把 chores 日志里的出错交给供应方；记录都在，每刻钟再试，升级后读通了自动解除。",
    "dates_set_aside": "请把 chores 日志里的出错交给供应方；每刻钟再试，结算出来就自动解除。",
    "learning_set_aside": "请把 chores 日志里的出错交给供应方；每刻钟再试，算出来就自动解除。",
    "levels_set_aside": "请把 chores 日志里的出错交给供应方；每天再试，存好了星就照常删，自动解除。",
    "counts_set_aside": "请把 chores 日志里的出错交给供应方；每刻钟再试，统计出来就自动解除。",
    "pins_set_aside": "请把 chores 日志里的出错交给供应方；每刻钟再试，作废了就自动解除。",
    "backup_unproven": "请在县服务器上运行 cunhui-server backup check；它说有坏的，就先运行 backup now，再试一次。",
    "blob_corrupted": "县里已让站点重传，打卡不受影响；常常这样，就检查站点的存储卡和摄像头。",
    "console_certificate": "请照告警里写的换上新的证书和私钥；换好后这条告警自动解除。",
    "county_certificate": "请重新启动县平台，网页和消息服务的证书就换新的；到期的是县根证书，请联系软件的维护者。",
    "county_clock": "请在县服务器上运行 sudo cunhui-server clock，照它说的办；打卡照常。",
    "county_clock_unconfirmed": "请对一下县服务器的时间，对的就运行 sudo cunhui-server clock --confirm；打卡照常。",
    "desired_too_large": "请清理本村不再用的人员、卡和值班时段；清理以前，站点用上一份名单。",
    "desired_unreadable": "请核对本村最近改过的人员、卡、值班时段和设置；改好以前，站点用上一份名单。",
    "held": "请到“待审”逐条看：能再读的再读，等人认可的核对后认可，其余的写明理由核销。",
    "quarantined": "请到“待审 › 读不懂的消息”看原因，照每条下面写的办；没有收讫的记录还在站点，会再发。",
    "signed_heads_full": "请看站点的网络能不能把记录送完；送完以前，请不要给它换卡。",
    "station_certificate": "请看站点能不能访问县里的网页端口；连上以后它自己续期，这条告警自动解除。",
    "station_journal": "请照告警里写的改正这一行；拿不准就先不要改，请县运维和审计员一起看。",
    "unexplained_facts": "请打开站点页看账目：对不上的是哪几条，再查站点是否换过卡。",
    "birth_refused": "请看站点页它是否吊销过、换过机器；都没有就运行 cunhui-server doctor，照“消息服务”一行办。",
    "facts_refused": "请运行 cunhui-server doctor，照“消息服务”一行办；记录还在站点，会再发。",
    "county_lost_facts": "不用做什么，补完自动解除；县里没有恢复过备份却这样的，照《备份与恢复手册》的“整机镜像”查。",
    "input_flapping": "请检查门磁的磁铁、间距和接线；打卡不受影响。",
    "modem_failed": "请看移动网络模块插好没有；打卡不受影响，时间由县里告诉。",
    "modem_implausible": "站点没有采用，时间以县里为准；常常这样，请运营商或装机员看移动网络模块。",
    **dict.fromkeys(MESSAGE_REFUSED.values(), _REFUSED_BY_STATION),
    "rtc_failed": "请更换时钟芯片的电池。",
    "rtc_implausible": "请更换时钟芯片的电池。",
}
"""What a person should do about an alarm, by the same part of its code."""
REMEDY_SAID = "这是站点自己说的，不是县里查出来的；请打电话向村里核实，站点丢失或可疑，照常吊销。"
"""What a person should do about an alarm of a station under a code that is not for stations."""
_CODE_SHOWN = 40
COMMANDS = {
    "identify": "闪灯鸣响",
    "snapshot": "拍一张",
    "time_check": "校时检查",
    "send_logs": "取日志",
    "restart_agent": "重启程序",
    "live_view": "实时查看",
    "end_live_view": "结束查看",
}
COMMAND_OUTCOMES = {
    "done": Word("✓", "已完成", "good"),
    "failed": Word("✕", "没有完成", "bad"),
    "refused": Word("✕", "站点拒绝", "bad"),
}
COMMAND_REASONS = {
    "expired": "到站时已过期",
    "undated": "站点还不知道时间",
    "valid_too_long": "有效期过长",
    "unknown_order": "站点不认识这个命令",
    "retained": "消息被人留存过",
    "too_many_orders": "站点记着的命令太多",
    "not_recorded": "站点的磁盘没有记下",
    "no_camera": "站点没有摄像头",
    "camera_busy": "摄像头正忙",
    "camera": "摄像头拍不出",
    "no_log": "站点没有日志",
    "already_viewed": "已有人在查看",
    "no_kiosk": "大屏没有运行，无法告知村里",
    "data_short": "本月流量不足",
    "time": "到时间结束",
    "data": "流量用完结束",
    "link": "网络断开结束",
    "kiosk": "大屏停止，查看随即结束",
    "county": "县里提前结束",
    "stopped": "站点程序停止",
    "interrupted": "站点中途停机，不知是否做完",
}
"""Why a command was not carried out, or why a live view ended, by the part of a result's detail before the colon."""
FIGURES = {
    "bytes": "字节",
    "frames": "帧",
    "seconds": "秒",
    "ahead_ms": "毫秒，站点时钟比县里快（含路上时间）",
}
SETTING_STATES = {
    "default": Word("·", "默认", "quiet"),
    "in_force": Word("✓", "在用", "good"),
    "pending": Word("…", "下发中", "quiet"),
    "refused": Word("✕", "被拒绝", "bad"),
    "unknown": Word("?", "站点不认识", "warn"),
}
SETTING_REASONS = {"wrong_kind": "站点要的是另一种值", "out_of_range": "超出站点允许的范围"}
"""Why a station refused a setting, by the part of its refusal before the colon."""


def alarm_name(code: str, origin: str = "county") -> str:
    """Return an alarm's Chinese name, or its code if it has none.

    A station chooses the codes of its own alarms. One that is not for stations gets no name of ours, because it would
    read as if the county had found it out.
    """
    head = code.split(":", maxsplit=1)[0]
    if origin == "station" and head not in OWN_ALARMS:
        is_seen = any(sign.isprintable() and not sign.isspace() for sign in code)
        return f"站点自报：{code[:_CODE_SHOWN]}" if is_seen else "站点自报，没有写代码"
    return ALARMS.get(head, code)


def remedy(code: str, origin: str = "county") -> str:
    """Return in one sentence what a person should do about an alarm; empty if there is no advice."""
    head = code.split(":", maxsplit=1)[0]
    return REMEDY_SAID if origin == "station" and head not in OWN_ALARMS else REMEDIES.get(head, "")


def ending(code: str, *, origin: str) -> str:
    """Return how an alarm ends that does not end with its cause; empty for one that does."""
    match end_of(code, origin=origin):
        case Seen(pause=pause) if pause:
            return f"要有人确认；确认后停了 {duration_words(pause)}再有，另算一条，再通知"
        case Seen(clears=True):
            return "站点又能记录一阵以后，自己解除；程序旧的站点不会，要有人确认"
        case Seen():
            return "要有人确认；确认后再有，另算一条，再通知"
        case Calm(lasts=lasts):
            return f"{duration_words(lasts)}没有再来，自动解除"
        case _:
            return ""


def duration_words(duration: timedelta) -> str:
    """Return a duration in whole minutes, hours or days, rounded down.

    Below two days it is in hours, but for a day to the second, which is a bound and no measurement.
    """
    minutes, hours = duration // timedelta(minutes=1), duration // timedelta(hours=1)
    if minutes < 1:
        return "不到 1 分钟"
    if hours < 1:
        return f"{minutes} 分钟"
    is_in_days = duration >= timedelta(days=2) or duration == timedelta(days=1)
    return f"{duration.days} 天" if is_in_days else f"{hours} 小时"


def state_of(station: Station) -> Word:
    """Return the state of a station as far as the county knows it now."""
    # Before anything else: a revoked station may still have a status that says it is online.
    if station.revoked_at is not None:
        return REVOKED
    if station.enrolled_at is None:
        return NOT_ENROLLED
    status = status_of(station)
    if status is None or not status.online:
        return OFFLINE
    return ONLINE if status.doubted_at is None else DOUBTED


def status_of(station: Station) -> StationStatus | None:
    """Return a station's last status, or None if it has never sent one."""
    try:
        return station.status
    except StationStatus.DoesNotExist:
        return None
