"""Pages in HTML about things of an API that else speaks JSON, and the texts that they may show: of
the thing, of what lies below it, and of who owns it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.filling import filled
from l7audit.target.operation import Operation, is_json
from l7audit.target.persons import facts_of
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.words import all_words, says, words
from l7audit_suites.authz.families import Family, seen_families
from l7audit_suites.authz.markers import free_texts
from l7audit_suites.authz.people import Cast, casts_of, in_use
from l7audit_suites.authz.things import Thing, ask, keep_for_removal, make
from l7audit_suites.authz.told import learn_secrets, named
from l7audit_suites.input.elements import BROWSER, FORMS, PAGES
from l7audit_suites.input.ground import word

_OF_ITS_OWN = ("code", "slug", "token", "handle", "username", "share", "key", "number")
"""Words of a parameter that is shown by what it names."""

_CALLED = (
    "card", "page", "preview", "print", "html", "embed", "widget", "badge", "label", "receipt",
    "invoice", "certificate", "poster", "flyer", "view", "summary", "ticket", "profile", "share",
    "board", "wall", "display", "screen",
)  # fmt: skip
_NO_PAGES = {
    Kind.STREAMING, Kind.METRICS, Kind.HEALTH, Kind.OPENAPI, Kind.JWKS, Kind.COSTLY, Kind.SEARCH,
    Kind.UPLOAD,
}  # fmt: skip
_MOST_PAGES = 6
_MOST_FAMILIES = 4
_MOST_BELOW = 2
_MOST_SINGLE = 3


def pages(model: TargetModel) -> list[Surface]:
    """Reads that answer a page: those that say so, and those of such a name whose document leaves
    open what they answer."""
    reads = [o for o in model.operations if o.method == "GET" and not _NO_PAGES & o.kinds]
    saying = [o for o in reads if PAGES & {_essence(m) for m in o.success}]
    silent = [o for o in reads if o not in saying and _leaves_open(o) and _called_so(o)]
    return [model.surface(o) for o in (*saying, *silent)][:_MOST_PAGES]


def _essence(media: str) -> str:
    return media.split(";")[0].strip().lower()


def _leaves_open(operation: Operation) -> bool:
    told = [s for m, s in operation.success.items() if is_json(m)]
    return not operation.success or (bool(told) and not any(map(bool, told)))


def _called_so(operation: Operation) -> bool:
    fixed = [s for s in operation.template.split("/") if s and "{" not in s]
    return says(words(fixed[-1] if fixed else ""), *_CALLED)


@dataclass(frozen=True, slots=True)
class Written:
    """A mark of ours: its word, and the operation that took it."""

    word: str
    by: Surface
    answer: Answer = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it was read after texts were written that it may show."""

    page: Surface
    answer: Answer = field(repr=False)
    written: Sequence[Written] = field(repr=False)


def shown_pages(check: Check, found: Sequence[Surface]) -> Iterator[Shown]:
    """Each of the pages, about a thing with marks of ours in its texts."""
    left, own = list(found), dict[str, list[Written]]()
    families = [f for f in seen_families(check.model) if any(_about(p, f) for p in found)]
    for family in families[:_MOST_FAMILIES]:
        if not any(_about(page, family) for page in left):
            continue
        made = next(_made(check, family), None)
        if made is None:
            continue
        thing, texts = made
        who = thing.owner
        own[who.name] = own[who.name] if who.name in own else list(_of_oneself(check, who))
        written = [*texts, *_below(check, thing), *own[who.name]]
        for page in [p for p in left if _about(p, family)]:
            answer = _read(check, page, thing)
            if answer is not None and answer.ok:
                left.remove(page)
                yield Shown(page, answer, written)


def _about(page: Surface, family: Family) -> bool:
    """Whether a page may show things of a family: it is about one of them, named by what such a
    thing shows of itself, or one for all."""
    template, slots = page.operation.template, page.operation.path_parameters
    if template.startswith(f"{family.collection}/{{"):
        return len(slots) == family.collection.count("{") + 1
    return not slots or (len(slots) == 1 and says(words(slots[0].name), *_OF_ITS_OWN))


def _made(check: Check, family: Family) -> Iterator[tuple[Thing, list[Written]]]:
    """A thing with marks in its texts, by the first who may make one."""
    alone = [Cast(one, None, None) for one in in_use(check.identities)]
    for cast in casts_of(check.identities) or alone:
        thing = make(check, family, cast)
        if thing is None:
            continue
        check.witness("the owner sees what is his", thing.seen, once=True)
        texts = []
        maker, change = family.create, family.change
        if maker and (first := _put(check, maker.with_values(thing.upper), thing.owner)):
            key = named(first.answer, family.key)
            if key:
                thing, texts = thing.called(key), [first]
                keep_for_removal(check, thing, thing.owner)
        if change and (more := _put(check, thing.at(change), thing.owner)):
            texts.append(more)
        yield thing, texts


def _below(check: Check, thing: Thing) -> Iterator[Written]:
    """Texts of what lies below the thing: comments, posts, lines."""
    item = f"{thing.family.collection}/{{{thing.family.key}}}/"
    makers = [
        o
        for o in check.model.operations
        if o.method in {"POST", "PUT"}
        and o.template.startswith(item)
        and not o.template.endswith("}")
        and free_texts(o.json_schema)
    ]
    for operation in makers[:_MOST_BELOW]:
        if mark := _put(check, thing.at(check.model.surface(operation)), thing.owner):
            yield mark


def _of_oneself(check: Check, who: Identity) -> Iterator[Written]:
    """Texts of somebody's own account, which are put back at the check's end."""
    for operation in check.model.operations:
        told = all_words([operation.name, operation.template])
        if operation.method not in {"PATCH", "PUT"} or "{" in operation.template:
            continue
        names = free_texts(operation.json_schema)
        if not names or not says(told, *meaning.ONESELF):
            continue
        change = check.model.surface(operation)
        reads = [o for o in check.model.operations if o.method == "GET"]
        read = next((o for o in reads if o.template == operation.template), None)
        shown = ask(check, check.model.surface(read), who).json_or_none() if read else None
        before = {n: shown[n] for n in names if isinstance(shown, dict) and n in shown}
        mark = _put(check, change, who, list(before)) if before else None
        if mark is not None:
            back = change.request(check.sessions.auth(who, change), fields=before)
            check.sessions.keep_for_removal(back, who.name)
            yield mark
        return


def _put(
    check: Check, surface: Surface, who: Identity, names: Sequence[str] | None = None
) -> Written | None:
    """Marks in all texts that an operation takes; where that is refused plainer ones, and then in
    one text after the other."""
    known = {str(path[0]) for path in filled(check.model, surface, check.sessions, who).members}
    free = free_texts(surface.operation.json_schema) if names is None else names
    free = [name for name in free if name not in known]
    told = word()
    tries = [(form, free) for form in FORMS] + [(FORMS[-1], [n]) for n in free[:_MOST_SINGLE]]
    for form, some in tries[: len(tries) if len(free) > 1 else len(FORMS)] if free else ():
        answer = ask(check, surface, who, fields=dict.fromkeys(some, form.format(word=told)))
        if answer.ok:
            learn_secrets(check, answer)
            return Written(told, surface, answer)
        if answer.status not in {400, 409, 422}:
            break
    return None


def _read(check: Check, page: Surface, thing: Thing) -> Answer | None:
    """The page about a thing, as its owner's browser asks for it; None where nothing names it."""
    slots = page.operation.path_parameters
    if page.operation.template.startswith(f"{thing.family.collection}/{{"):
        ready = thing.at(page)
    elif slots:
        value = _shown_as(check, thing, slots[0].name)
        if not value:
            return None
        ready = page.with_values({slots[0].name: value})
    else:
        ready = page
    try:
        return ask(check, ready, thing.owner, headers=BROWSER)
    except CredentialError:
        return None


def _shown_as(check: Check, thing: Thing, slot: str) -> str:
    """What a thing, or its owner, shows under the name of a page's parameter."""
    seen = thing.view(check).json_or_none()
    told = [
        *(seen.items() if isinstance(seen, dict) else ()),
        *facts_of(check.sessions, thing.owner).members.items(),
    ]
    return next((str(v) for n, v in told if words(str(n))[-1:] == words(slot)[-1:]), "")
