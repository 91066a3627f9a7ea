"""Business flows: amounts, what is good for one time, what is spent, and codes that give."""
