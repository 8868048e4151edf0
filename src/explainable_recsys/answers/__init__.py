"""One question, all that can be said: recommenders, knowledge and explainers put together."""
