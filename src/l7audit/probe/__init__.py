"""The HTTP client of every check: it records, keeps to the scope and budget, and redacts."""
