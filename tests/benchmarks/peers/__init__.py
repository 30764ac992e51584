"""The same week by our agent and by what else a county could take for it, side by side."""
