"""Ways out of a text within XPath and within a filter of LDAP, as pairs. Pure.

Beside each pair stands a null pair: nearly the same characters, and no way out in any language.
A search that takes all of it for words, and finds more for one of two texts than for the other,
does so for the null pair as well.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from l7audit_suites.input.pairs import Pair


@dataclass(frozen=True, slots=True)
class Query:
    """A text that leaves its place. In `breaking` and in `null` stand `{v}`, a word, and `{c}`,
    which is `true` or `false`; in those `{a}` is a number, `{b}` the next one, `{w}` a word."""

    breaking: str
    null: str
    true: str
    false: str

    def pairs(self, chance: random.Random, word: str) -> tuple[Pair, Pair]:
        """The pair, and the null pair of the same numbers."""
        number = chance.randrange(10_000, 90_000)
        sides = [c.format(a=number, b=number + 1, w=word) for c in (self.true, self.false)]
        real, null = ([f.format(v=word, c=c) for c in sides] for f in (self.breaking, self.null))
        return Pair(*real), Pair(*null)


_EQUAL, _UNEQUAL = "number({a})={a}", "number({a})={b}"

XPATH = tuple(
    Query(breaking, null, _EQUAL, _UNEQUAL)
    for breaking, null in (
        ("{v}' or {c} or \" or {c} or ' or \" = '=\"", "{v} or {c} or or {c} or or = ="),
        ("{v}') or {c} or contains('q','w", "{v} or {c} or contains q w"),
        ('{v}") or {c} or contains("q","w', "{v} or {c} or contains q w"),
        ("{v}']|//*[{c} and 'q'!='", "{v} //* {c} and q"),
    )
)
"""After a text in an equation (for either kind of quote at once: what is a way out of the one is a
text to the other), within a function, and before the end of a predicate. `number` is XPath's, so
that no database answers in its place."""

LDAP = tuple(
    Query(breaking, null, "*", "{w}")
    for breaking, null in (
        ("*)(objectClass={c}", "*(objectClass={c}"),
        (")(objectClass={c}", "(objectClass={c}"),
        ("{v})(objectClass={c}", "{v}(objectClass={c}"),
    )
)
"""After any text, after none, and as one more of several; every entry of a directory has an
`objectClass`, and none has a word of ours in it."""

BROKEN = "lq'\"*)(\\"
"""A text that leaves a query unreadable, whatever it stands in."""

XPATH_ERRORS = re.compile(r"\bx-?path|XP(ST|TY|DY)\d{4}|msxml|SimpleXMLElement", re.IGNORECASE)
LDAP_ERRORS = re.compile(
    r"ldap|jndi|javax\.naming|bad search filter|search filter (is )?(bad|invalid|malformed)",
    re.IGNORECASE,
)
"""What says which language could not be read."""
