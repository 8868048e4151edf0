"""Studies of whether people trust reasons: planned, assigned, simulated and analysed."""
