"""The web application: rate, get a list, see why, ask what if; and the same as an API."""
