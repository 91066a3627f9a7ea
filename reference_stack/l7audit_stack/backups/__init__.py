"""Backups of the database: taken, sealed while they stream, kept elsewhere, verified, opened."""
