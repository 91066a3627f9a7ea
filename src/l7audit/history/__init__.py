"""What earlier runs came to: one small SQLite file of the user's, which costs no run its result.

It keeps numbers, names and fingerprints; no exchange and no secret.
"""

from l7audit.history.database import OFF, VARIABLE
from l7audit.history.history import TREND, History, of_user
from l7audit.history.keeper import Keeper
from l7audit.history.kept import KeptRun, Series, address

__all__ = [
    "OFF",
    "TREND",
    "VARIABLE",
    "History",
    "Keeper",
    "KeptRun",
    "Series",
    "address",
    "of_user",
]
