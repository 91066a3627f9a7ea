"""Rate limits: that they exist, hold under concurrency, and cannot be walked around."""
