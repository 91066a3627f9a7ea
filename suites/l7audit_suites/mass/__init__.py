"""Mass assignment: what a caller adds to a request, and what of it is taken over."""
