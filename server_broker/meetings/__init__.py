"""Meetings (三会一课, 主题党日): announced here, signed in to at a station, judged by section 7 of docs/rules.md."""
