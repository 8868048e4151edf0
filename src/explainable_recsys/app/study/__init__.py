"""Studies with people: what they see, and how their answers are kept."""
