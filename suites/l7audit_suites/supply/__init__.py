"""What the target is made of: its code, its packages, and credentials that lie in them."""
