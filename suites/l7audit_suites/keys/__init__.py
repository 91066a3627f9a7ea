"""Keys: how they are made, shown, rotated and ended, and what tokens are signed with."""
