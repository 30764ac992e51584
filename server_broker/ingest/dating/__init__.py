"""Date what a station did before it knew the time, by what it learnt later (`weighing` says how).

``boots`` is called for what came just now, and for what the county has learnt of its own clock. It reads what is known
of the clocks (``anchors``), weighs it (``weighing``), and has the rows written (``rows``). Boots with very many rows
wait (``due``) and are dated in pieces (``walk``). People are told of times in dispute (``disputes``), and of touches
that move long after they came (``moved_late``).
"""
