"""Ways of explaining recommendations, one module each."""
