"""Visits at two kiosks of one station, and 90 days of guessing PINs at two stations and the front door.

**What is real:** the agent's rooms on a real outbox with real fsyncs, the kiosk's flow and its screens as Textual draws
them, every line between them encoded and decoded as on the socket, scrypt on its thread, the county's counting of tries
and its sign-in by number on a PostgreSQL of the proof's own.

**What is not:** the socket and the processes (a kill drops the agent's memory and opens its outbox again; a kiosk that
is killed begins with a fresh flow), the broker, the web server before the sign-in, and the time, which is a number that
the proof moves.
"""
