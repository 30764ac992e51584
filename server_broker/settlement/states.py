"""How far a month's sheet is, in the words of docs/rules.md, section 6."""

RUNNING, OPEN, READY, SHOWN, CLOSED = "进行中", "未定稿", "可公示", "公示", "定稿"
STATES = (RUNNING, OPEN, READY, SHOWN, CLOSED)
"""In their order."""
