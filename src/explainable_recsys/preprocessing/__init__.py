"""Raw ratings to clean, split ratings."""
