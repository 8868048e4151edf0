"""Evidence in words, and words as each medium shows them."""
