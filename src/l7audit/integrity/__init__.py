"""What shows that a run's files are as they were written: manifest, bundle, signature."""
