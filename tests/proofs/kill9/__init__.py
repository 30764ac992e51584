"""Proof: kills at random moments, of an agent and of each part of the county, lose, double and invent nothing.

Under way meanwhile, at every station of one county: cards are touched, with a picture each; the county gives orders and
changes settings; and the certificate is due for renewal at each start of the agent.

What became of it is judged from outside: the lamps' witness, the pictures that the camera's process counted, rows that
psql reads, the station's own file when nobody runs on it. Certificates are due early because, while an agent is down,
the one on its disk is exchanged for one of the same key that the county's authority issued 50 days ago; no clock is
moved. Killed are processes, not machines: for what a power cut leaves see `tests.proofs.power_cut`.
"""
