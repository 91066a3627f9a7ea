"""Operations that take archives, by what they say or by what they were seen to unpack."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.target.operation import MULTIPART, Operation
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.words import all_words, says
from l7audit_suites.path.archives import FORMATS, Format
from l7audit_suites.path.entries import Entry
from l7audit_suites.path.stores import Canary, canary
from l7audit_suites.path.uploads import file_member, form

_SAYS = (
    "archive", "zip", "unzip", "tar", "untar", "tarball", "unpack", "extract", "decompress",
    "bundle", "import",
)  # fmt: skip
_ANYTHING = ("application/octet-stream", "*/*")
_MOST = 3
_ACCEPTED: WeakKeyDictionary[TargetModel, dict[Place, tuple[Format, ...]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Unpacker:
    """An operation that unpacks archives for the stranger of a canary, into files that are read
    by name; `member` takes the archive in a form or in JSON, and is empty where the body is it."""

    check: Check
    surface: Surface
    member: str
    file: Canary
    formats: tuple[Format, ...] = field(default=())

    def sent(self, kind: Format, archive: bytes) -> Answer:
        """The answer to an archive."""
        surface, who = self.surface, self.file.stranger
        declared = surface.operation.bodies
        media = next((m for m in kind.media_types if m in declared), kind.media_types[0])
        content, fields = archive, None
        if self.member and MULTIPART not in declared:
            fields = {self.member: base64.b64encode(archive).decode()}
        elif self.member:
            named = f'filename="l7audit.{kind.ending}"'
            media, content = form(surface, self.member, named, media, archive)
        elif media not in declared and _ANYTHING[0] in declared:
            media = _ANYTHING[0]
        auth = self.check.sessions.auth(who, surface)
        request = (
            surface.request(auth, content=content, media_type=media)
            if fields is None
            else surface.request(auth, fields=fields)
        )
        return self.check.send(request, identity=who.name)

    def packed(self, kind: Format, entries: Iterable[Entry]) -> Answer:
        """The answer to an archive of these entries."""
        return self.sent(kind, kind.pack(entries))

    def read(self, name: str) -> Answer:
        """What the stranger finds under a name of his own."""
        assert self.file.family.read is not None  # `canary` looked
        request = self.file.request(self.file.family.read, self.file.stranger, self.check, name)
        return self.check.send(request)

    def removed(self, name: str) -> None:
        """Has a file of the stranger's removed when the check ends."""
        assert self.file.family.delete is not None  # `canary` looked
        request = self.file.request(self.file.family.delete, self.file.stranger, self.check, name)
        self.check.sessions.keep_for_removal(request, self.file.stranger.name)

    def unpacks(self, kind: Format) -> bool:
        """Whether what a plain archive holds can be read afterwards."""
        name, text = new_name(), f"l7audit-{secrets.token_hex(8)}"
        if self.packed(kind, [Entry(name, text)]).ok:
            self.removed(name)
        return text in self.read(name).text


def new_name() -> str:
    """A name that no file has."""
    return f"l7audit-{secrets.token_hex(6)}.txt"


def unpacker(check: Check) -> Unpacker:
    """What unpacks archives, with the formats that it does, and a file of somebody else. Ends the
    check where there is nothing of the kind, or nothing can be read back."""
    found = sorted(_candidates(check.model), key=lambda c: not c[2])[:_MOST]
    if not found:
        check.not_applicable("No operation of the target's document takes archives.")
    file = canary(check)
    known = _ACCEPTED.setdefault(check.model, {})
    for operation, member, _ in found:
        one = Unpacker(check, check.model.surface(operation), member, file)
        formats = known.get(operation.place)
        if formats is None:
            formats = tuple(kind for kind in FORMATS if one.unpacks(kind))
            known[operation.place] = formats
        elif formats and not one.unpacks(formats[0]):
            formats = ()
        if formats:
            check.witness("what a plain archive holds can be read", True, once=True)
            return Unpacker(check, one.surface, member, file, formats)
    if any(declared for _, _, declared in found):
        check.witness("what a plain archive holds can be read", False, once=True)
    check.not_applicable("No operation of the target's document was seen to unpack archives.")


def _candidates(model: TargetModel) -> Iterator[tuple[Operation, str, bool]]:
    """Operations that may take archives: with the member that takes it, and whether the
    document says that it is one."""
    types = {media for kind in FORMATS for media in kind.media_types}
    for operation in model.operations:
        if operation.method not in {"POST", "PUT"} or operation.path_parameters:
            continue
        if types & operation.bodies.keys():
            yield operation, "", True
            continue
        member = file_member(operation)
        if member is None:
            continue
        told = all_words([operation.template, operation.name, member, operation.told])
        if not says(told, *_SAYS):
            continue
        if member or set(_ANYTHING) & operation.bodies.keys():
            yield operation, member, False
