"""Studies with people: how they are planned, and what their answers say."""
