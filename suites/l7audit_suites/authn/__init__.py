"""AUTHN: who is calling is established, and nobody can pretend to be somebody else."""
