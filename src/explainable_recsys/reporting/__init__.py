"""The report of an evaluation: one web page, and a short Markdown twin of it."""
