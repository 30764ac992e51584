"""Kill the agent, the ingest worker, the broker and the database at random moments while cards are touched."""
