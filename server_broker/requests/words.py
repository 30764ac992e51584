"""What people say is wrong or missing, in the words of the kiosk at which they say it."""

CODE_WORDS = {
    "time": "时间不对",
    "direction": "上下班记反了",
    "not_mine": "不是我打的",
    "other": "其他",
    "arrival": "上班卡",
    "departure": "下班卡",
}
