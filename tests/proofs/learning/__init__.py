"""The proof of learning: what a person has learnt is the same wherever it is computed, and no draw favours anything."""
