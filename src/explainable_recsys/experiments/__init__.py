"""What can be learned about a method only by fitting it again or explaining again."""
