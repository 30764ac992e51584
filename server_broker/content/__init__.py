"""What a county may begin with: packs of questions, marked as samples, each with its source."""
