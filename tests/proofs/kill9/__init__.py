"""Proof: kills at random moments, of an agent and of each part of the county, lose, double and invent nothing.

Meanwhile every station of one county is busy: cards are touched, with a picture each, the county gives commands and
changes settings, and the certificate is due for renewal at each start of the agent.

The result is judged from outside: by the lamps' witness, the pictures that the camera's process counted, rows that psql
reads, and the station's own file while no program uses it. While an agent is down, its certificate on the disk is
exchanged for one of the same key that the county's authority issued 50 days ago; so a renewal is due, and no clock is
moved. Only processes are killed, not machines: `tests.proofs.power_cut` shows what a power cut leaves.
"""
