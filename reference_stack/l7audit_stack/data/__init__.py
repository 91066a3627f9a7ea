"""The database and the store: migrations, connections, demo data."""
