"""The figures of a touch: at the station with the agent's size, start, traffic and writes, and at the county."""
