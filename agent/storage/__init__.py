"""What a station keeps on its disk so that a power cut loses nothing of it: facts, pictures and small values.

Facts go through `fact_writer` into the `outbox`, which is one SQLite file (`store`). Small values lie in the same file
(`state`). Pictures and other large content are files of their own (`blobs`). `recent` and `pending` read facts back.
`durable` makes files and names survive a power cut, `disk` tells how much room there is, `errors` what can go wrong.
"""
