"""What personal data the county holds, why and how long; and their erasure, which leaves digests and a record.

`keepings` is the one table. `erasing` does what it says for facts and their rows, the chores do it for the rest.
`erasures` tells whether content that is gone was erased by a rule, so that `cunhui-server verify` can tell it from
theft.
"""
