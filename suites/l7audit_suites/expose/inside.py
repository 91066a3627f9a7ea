"""Whether an error tells of the inside: stack traces, SQL, paths of files, pages for developers.

Pure. A sentence that merely sounds like a database's is none of these; it takes the name of a
driver or its exception, a state of SQL, or a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TRACES = re.compile(
    r"Traceback \(most recent call last\)"
    r"|\bFile \"[^\"\n]{1,300}\", line \d+"
    r"|^\s*at [\w$.<>]+\([\w$]+\.(?:java|kt|scala|groovy):\d+\)"
    r"|^\s*at [^\n]{1,200} in [^\n]{1,300}:line \d+"
    r"|^\s*at (?:[\w$.<> \[\]]+ )?\(?(?:file://|node:|/|[A-Z]:\\)[^\n()]{1,300}:\d+:\d+\)?"
    r"|\bgoroutine \d+ \[\w+"
    r"|Stack trace:\s*\n?#0 "
    r"|^#\d+ /[^\n]{1,300}\(\d+\): "
    r"|^\s*(?:from )?/[^\n:]{1,300}\.rb:\d+:in [`']"
    r"|thread '[^']{1,80}' panicked at ",
    re.MULTILINE,
)
_SQL = re.compile(
    r"\bSQLSTATE\b|\bORA-\d{5}\b|\bPG::\w+Error|\b(?:asyncpg|psycopg2?|sqlalchemy|sqlite3)\.[\w.]*\w+"
    r"|\b(?:com\.mysql|org\.postgresql|java\.sql|System\.Data\.SqlClient|Npgsql)\.\w+"
    r"|\bMySqlException\b|You have an error in your SQL syntax|Unclosed quotation mark after the"
    r"|\bSELECT\s.{1,600}?\sFROM\s+[\w\".]+|\bINSERT\s+INTO\s+[\w\".]+\s*\(|\bDELETE\s+FROM\s+[\w\".]+\s+WHERE\b"
    r"|\bUPDATE\s+[\w\".]+\s+SET\s+\w+\s*=",
    re.DOTALL,
)
_FILES = re.compile(
    r"(?:(?<![\w/.:])/(?:[\w.@+-]+/){1,20}[\w.@+-]+|\b[A-Z]:\\(?:[\w .@+-]+\\){1,20}[\w.@+-]+)"
    r"\.(?:py|pyc|js|mjs|ts|rb|php|java|jar|class|go|rs|cs|dll|so|kt|ex|pl|cgi|jsp|aspx?)\b"
)
_PAGES = re.compile(
    r"Werkzeug Debugger|DEBUG = True|Django Version:|Whoops, looks like something went wrong"
    r"|Symfony\s+Exception|Rails\.root:|Laravel Ignition|<title>Action Controller: Exception"
    r"|ASP\.NET is configured to show verbose error messages|Starlette Debugger"
)
_KINDS = {
    "a page for developers": _PAGES,
    "a stack trace": _TRACES,
    "a statement or an error of the database": _SQL,
    "the path of a source file": _FILES,
}


def inside(text: str, own: Iterable[str] = ()) -> str:
    """What of the inside a text tells; empty where nothing. `own` are texts that the caller sent:
    what is only repeated tells nothing."""
    for told in sorted(own, key=len, reverse=True):
        for line in (told, *told.splitlines()):
            text = text.replace(line, "") if len(line) > 3 else text
    return next((what for what, form in _KINDS.items() if form.search(text)), "")
