"""What a cache on the way keeps: never what one caller put in, nor what one caller may see."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.likeness import alike
from l7audit_suites.pen.ground import burst, reads

AGAIN = 3
"""So often a request is repeated: a cache may keep an answer from its second use on, and one
address may stand for several caches."""

ENDINGS = {
    "a segment more": "/{}.css",
    "a parameter more": ";{}.css",
    "an encoded question mark": "%3f{}.css",
    "an encoded line end": "%0a{}.css",
    "an encoded zero": "%00{}.css",
}
"""What makes an address look like a file that everybody may have."""


def unkeyed(word: str) -> dict[str, str]:
    """Fields that caches do not tell requests apart by, each with our word in it."""
    return {
        "X-Forwarded-Host": f"{word}.example",
        "X-Forwarded-Scheme": word,
        "X-Forwarded-Prefix": f"/{word}",
        "X-Host": f"{word}.example",
        "Forwarded": f"host={word}.example",
        "Referer": f"https://{word}.example/",
        "User-Agent": f"l7audit {word}",
        "X-Audit": word,
        "Cookie": f"audit={word}",
    }


def holds(answer: Answer, word: str) -> bool:
    """Whether our word is anywhere in an answer."""
    return word in answer.text or any(word in value for _, value in answer.headers)


@pytest.mark.control("PEN-16")
def test_what_one_caller_sends_is_in_nobody_else_s_answer(check: Check) -> None:
    tries: list[tuple[Place, Request]] = []
    for read in reads(check, public=3, protected=0):
        joint = "&" if "?" in read.request.path else "?"
        path = f"{read.request.path}{joint}l7audit={_word(check)}"
        tries.append((read.place("unkeyed header"), read.request.with_path(path)))
    for query in ("", f"?l7audit={_word(check)}"):
        place = Place(operation="GET /?", part=f"unkeyed header{' and a query' if query else ''}")
        tries.append((place, Request("GET", f"/{_word(check)}{query}")))
    for place, plain in tries:  # an address of our own each, so that nobody else is served it
        word = _word(check)
        sown = [check.send(plain.with_headers(unkeyed(word))) for _ in range(AGAIN)]
        reaped = next(
            (a for a in (check.send(plain) for _ in range(AGAIN)) if holds(a, word)), None
        )
        check.expect(
            reaped is None,
            place,
            "What one caller sent in a header is given to the next one: a cache keeps it.",
            sown[-1],
            *([reaped] if reaped else ()),
            expected="an answer that depends on nothing but its address",
            seen="a word of the other caller's header" if reaped else "",
        )


@pytest.mark.control("PEN-17")
def test_what_one_caller_may_see_is_kept_for_nobody_else(check: Check) -> None:
    found = [r for r in reads(check, public=0, protected=3) if r.identity is not None]
    bare = burst(check, [read.surface.request() for read in found])
    closed = [r for r, anybody in zip(found, bare, strict=True) if anybody.refused]
    if not closed:
        check.inconclusive("No protected read was found that refuses a stranger.")
    for read in closed[:2]:
        path = read.request.path.partition("?")[0]
        paths = {n: path + ending.format(_word(check)) for n, ending in ENDINGS.items()}
        seen = burst(check, [read.request.with_path(p) for p in paths.values()])
        shown = [(n, p, a) for (n, p), a in zip(paths.items(), seen, strict=True)
                 if a.ok and a.body and alike(a, read.answer)]  # fmt: skip
        kept: dict[str, Answer] = {}
        for name, path, _ in shown:
            stranger = read.surface.request().with_path(path)
            for _ in range(AGAIN):
                answer = check.send(stranger)
                if answer.ok and alike(answer, read.answer):
                    kept[name] = answer
                    break
        for name in paths:
            check.expect(
                name not in kept,
                read.place(name),
                f"Behind an address that looks like a file ({name}) a cache keeps what one caller "
                "may see, and gives it to anybody.",
                *[a for n, _, a in shown if n == name],
                *([kept[name]] if name in kept else ()),
                expected="a refusal, as at the plain address",
                seen="the caller's own content" if name in kept else "",
                cause="addresses that look like files",
            )


def _word(check: Check) -> str:
    return f"l7audit{check.random.randrange(16**12):012x}"
