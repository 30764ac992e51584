"""The Chinese words for content for stations: its kinds, where it stands, and why a station does not have it."""

from server_broker.console.words import Word

NOTICE_KIND_WORDS = {
    "notice": "通知",
    "power_cut": "停电",
    "water_cut": "停水",
    "weather": "天气",
    "market": "赶集",
    "bus": "班车",
    "jobs": "招工",
    "wanted": "求租求购",
}
"""What a notice is about, as the kiosk calls it too."""
BUNDLE_KINDS = {
    "questions": "题库",
    "disclosure": "公示",
    "notices": "通知",
    "library": "资料",
    "roster": "本村人员",
    "month": "个人考勤",
    "answers": "答复",
    "progress": "学习进度",
    "clips": "语音",
    "poll": "投票",
    "heads": "存证",
    "duty": "值班表",
    "meetings": "会议",
    "courses": "必学和选学",
}
SHELF_STATES = {
    "whole": Word("✓", "已有", "good"),
    "fetching": Word("…", "正在取", "quiet"),
    "waiting": Word("…", "等待", "quiet"),
    "refused": Word("✕", "站点没有收", "bad"),
    "expired": Word("·", "已到期", "quiet"),
    "gone": Word("✓", "已撤下", "good"),
    "still_there": Word("△", "还在站点上", "warn"),
    "not_heard": Word("…", "等站点报告", "quiet"),
}
WITHDRAWN_REASONS = {
    "gone": "撤回以后报告过，已经没有这份内容",
    "still_there": "最近一次报告里还有，可能还在显示",
    "not_heard": "撤回以后还没有报告，可能还在显示",
}
SHELF_REASONS = {
    "night": "等夜间时段再取",
    "data": "本月流量不足，下月再取",
    "clock": "站点还不知道时间",
    "no_room": "站点磁盘放不下",
    "disk": "站点磁盘写不进去，请检查存储卡",
    "not_found": "县里找不到这份内容",
    "not_admitted": "县里没有准许这个站点取",
    "unreachable": "网络不通，稍后再取",
    "older_version": "比站点已有的旧",
    "other_content": "同一版本有两种内容，请重新发布",
    "bad_signature": "签名不对",
    "unknown_key": "站点还不认识县里的新密钥",
    "malformed": "内容读不出来，请重新发布",
    "wrong_audience": "不是发给这个村的",
    "too_large": "太大，或者站点上的文件太多",
    "wrong_hash": "取到的内容不对，会重取",
    "wrong_station": "目录是给另一个站点的",
    "unknown_version": "站点程序太旧，读不了这种内容",
    "unknown_kind": "站点程序太旧，还不认识这种内容",
    "unknown_value": "站点程序太旧，不认识里面的一个值",
    "unknown_algorithm": "站点程序太旧，不认识这种签名",
}
"""Why a station does not have a bundle, by the code that it reports."""
