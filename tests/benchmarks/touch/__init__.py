"""The station's figures: a touch, the agent's size and start, its traffic and what it writes."""
