"""The same week with our agent and with the programs that a county could use instead, side by side."""
