"""What is known of items, users and lists, prepared once for recommenders and explainers."""
