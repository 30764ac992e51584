"""Question banks in the making, until an editor hands them over and another person publishes them."""
