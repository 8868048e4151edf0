"""What the ratings are like: tables for people who look at the data before any model."""
