"""Settle attendance from the county's own data: read it as it was known at a moment, and keep what came of it.

Whoever wants results from elsewhere calls one of these:

=================================  ===========================================================================
`settling.rounds.go_on`            settles what is due, and keeps it: the chore
`settling.kept.kept_windows`       what a village's windows came to: the rows that were kept
`settling.own.own_results`         the same of people, with words for them
`settling.why.why_of`              why one kept result is so: settled again, and shown
`settling.case_file.case_of`       the same as a named case, to be reckoned elsewhere
`settling.sheet.sheet_of`          a village's month as it was known at any moment, settled anew and not kept
`closing.month.month_of`           a village's month for pages and files: as it was signed, else as it was kept
=================================  ===========================================================================

Below them, `settling.windows.settle` gives the engine (`server_broker.settlement`) the county's data of some villages
and dates, and keeps nothing.
"""
