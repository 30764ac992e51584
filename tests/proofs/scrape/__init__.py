"""A real Prometheus scrapes a real county through a day in fast time, in which troubles are planted one by one.

The county is `cunhui-server up`: PostgreSQL, Mosquitto, ingest, chores, web. Its parts are stopped as a person stops
them, and files and settings are changed as they would be. What stations say of themselves is written into their rows,
because how it gets there is the matter of other proofs; only the message that goes into quarantine is sent by a board.

Debian's own Prometheus judges: which alert of the shipped rules fired when. All durations in the rules are divided by
one number. Limits that are compared with true dates (certificates) stay.
"""
