"""What a newcomer's API is: how one gets in, what can be done there, and a profile that says so."""
