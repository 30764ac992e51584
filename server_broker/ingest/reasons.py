"""The reasons for which something is kept unread, in Chinese, for alarms and pages."""

_WORDS = {
    "malformed": "内容无法解析",
    "too_large": "超过大小上限",
    "unknown_version": "协议版本不认识",
    "unknown_algorithm": "算法不认识",
    "unknown_kind": "记录种类不认识",
    "unknown_value": "记录里有较新版本的用语",
    "unknown_key": "签名密钥不认识",
    "bad_signature": "签名无法验证",
    "wrong_hash": "内容与其指纹不符",
    "chain_mismatch": "与站点签名的记录链不符",
    "wrong_station": "冒用其他站点的编号",
    "wrong_audience": "不是发给这里的",
    "older_version": "版本不比现有的新",
    "bad_topic": "消息主题不对",
    "bad_uid": "卡号格式不对",
    "bad_claim_code": "接入码格式不对",
    "bad_pin": "密码不合要求",
    "expired": "已过期",
    "out_of_range": "日期或数值超出范围",
    "refused_by_database": "数据库不能存入",
    "unknown_station": "县里没有这个站点",
    "revoked": "站点已吊销",
    "not_enrolled": "站点还没有接入",
    "blob_refused": "图片分片与登记的不符",
    "unsettled": "处理时出错",
    "reissued_too_often": "以同一条记录的名义补传来太多不同的记录",
    "carried_gap": "导出文件之前还有县里没有的记录",
    "carried_revoked": "站点吊销以后用文件带来，等人认可",
    "carried_conflict": "导出文件里的记录与县里已存的不同",
}


def reason_word(code: str) -> str:
    """Return the words for a reason of `protocol.refusal` or of this room. An unknown reason is returned as it is."""
    return _WORDS.get(code, code)
