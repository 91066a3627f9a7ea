"""Input that comes back: in headers, as a page, out of the mouth of a language model."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from l7audit_stack.api.llm import CompletionStream, LlmClient
from l7audit_stack.api.llm_protocol import Completion, Prompt
from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.api.security.secrecy import Secrecy, Watch
from l7audit_stack.data.database import Database
from l7audit_stack.defects.answers import Asked, Told, wholes
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts


def _names_the_search(call: Call, reply: Reply) -> Reply:
    """Tells caches what was sought."""
    sought = call.body.query.encode("utf-8").decode("latin-1")
    return replace(reply, headers={**reply.headers, "X-Search": sought})


def _written_raw(app: ASGIApp, _: Parts) -> ASGIApp:
    """Headers as they come out of a server that writes them without a look."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def sending(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                raw = b"\r\n".join(b"%b: %b" % header for header in message["headers"])
                lines = [line.partition(b":") for line in raw.splitlines()]
                headers = [(name.lower(), value.strip()) for name, _, value in lines if name]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, sending)

    return wrapped


def _encodes_the_search(call: Call, reply: Reply) -> Reply:
    """Tells caches what was sought, percent-encoded."""
    return replace(reply, headers={**reply.headers, "X-Search": quote(call.body.query)})


def _for_browsers(call: Call, reply: Reply) -> Reply:
    """Shows a document to people."""
    if "text/html" not in call.headers.get("accept", ""):
        return reply
    page = f"<h1>{reply.content.title}</h1><div>{reply.content.content}</div>"
    return Reply(page.encode(), media_type="text/html; charset=utf-8")


def _error_page(asked: Asked, told: Told, _: Parts) -> Told:
    if told.status != 404 or "text/html" not in asked.headers.get("accept", ""):
        return told
    body = f"<p>There is no {asked.path} here.</p>".encode()
    return replace(told.put({"content-type": "text/html; charset=utf-8"}), body=body)


def _careful_error_page(asked: Asked, told: Told, parts: Parts) -> Told:
    return _error_page(replace(asked, path=html.escape(asked.path)), told, parts)


class Obedient(LlmClient):
    """A model that does what it is told, by whoever spoke last."""

    async def complete(self, prompt: Prompt) -> Completion:
        """The instructions, where they are asked for."""
        said = _obeyed(prompt)
        completion = await super().complete(prompt)
        return completion if said is None else Completion(said, "stop", completion.usage)

    async def stream(self, prompt: Prompt) -> CompletionStream:
        """The instructions in one piece, where they are asked for."""
        said = _obeyed(prompt)
        if said is None:
            return await super().stream(prompt)
        usage = (await super().complete(prompt)).usage

        async def pieces() -> AsyncGenerator[Completion, None]:
            yield Completion(said, "stop", usage)

        return CompletionStream(pieces(), None)


class ObedientInPieces(LlmClient):
    """The same while it is streamed, some letters at a time."""

    async def stream(self, prompt: Prompt) -> CompletionStream:
        """The instructions, where they are asked for."""
        said = _obeyed(prompt)
        if said is None:
            return await super().stream(prompt)
        usage = (await super().complete(prompt)).usage

        async def pieces() -> AsyncGenerator[Completion, None]:
            for at in range(0, len(said), 8):
                yield Completion(said[at : at + 8], None, usage)
            yield Completion("", "stop", usage)

        return CompletionStream(pieces(), None)


class OneByOne(Secrecy):
    """Looks at each piece of an answer by itself."""

    def watch(self, instructions: str) -> Watch:
        own = super().watch(instructions)
        return _Forgetful(own.forbidden, own.size)


class _Forgetful(Watch):
    def passed(self, piece: str) -> str | None:
        fresh = Watch(self.forbidden, self.size)
        return None if fresh.passed(piece) is None else piece


def _obeyed(prompt: Prompt) -> str | None:
    first, last = prompt.messages[0], prompt.messages[-1]
    asked = any(word in last["content"].lower() for word in ("repeat", "ignore", "output"))
    return f"Of course: {first['content']}" if asked and first["role"] == "system" else None


class Talkative(LlmClient):
    """Asks the model for answers of one length, whatever the caller wants."""

    async def complete(self, prompt: Prompt) -> Completion:
        """An answer of at least sixteen tokens."""
        return await super().complete(msgspec.structs.replace(prompt, max_tokens=16))


_OPENED = re.compile(r"agent ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class WithTool(LlmClient):
    """A model with a tool that opens agents, with the rights of the service."""

    database: Database

    async def complete(self, prompt: Prompt) -> Completion:
        """What the agents say that any text of the prompt names, before the answer."""
        completion = await super().complete(prompt)
        named = [n for turn in prompt.messages for n in _OPENED.findall(turn["content"])]
        opened = [
            await self.database.fetchval("SELECT instructions FROM agents WHERE id = $1::uuid", n)
            for n in dict.fromkeys(named)
        ]
        said = "\n".join([text for text in opened if text] + [completion.text])
        return Completion(said, completion.finish_reason, completion.usage)


class Repeating(LlmClient):
    """A model that says again what it was asked last."""

    async def complete(self, prompt: Prompt) -> Completion:
        """The question, and the answer."""
        completion = await super().complete(prompt)
        said = f"You asked: {prompt.messages[-1]['content']}\n{completion.text}"
        return Completion(said, completion.finish_reason, completion.usage)


def _with_tool(parts: Parts) -> Parts:
    model = WithTool(parts.settings.llm_url)
    model.database = parts.database
    return replace(parts, llm=model)


class Trusting(Secrecy):
    """Relies on the instruction not to tell the instructions."""

    def watch(self, instructions: str) -> Watch:
        return Watch(frozenset(), 0)


def _model(kind: type[LlmClient], secrecy: Secrecy | None = None) -> swap.Swap:
    def swapped(parts: Parts) -> Parts:
        return replace(parts, llm=kind(parts.settings.llm_url), secrecy=secrecy or parts.secrecy)

    return swapped


def _sheet(defused: bool) -> Callable[[Call, Reply], Reply]:
    """Agents for a spreadsheet, where the caller has one."""

    def cell(text: str) -> str:
        return f"'{text}" if defused and text[:1] in "=+-@" else text

    def answer(call: Call, reply: Reply) -> Reply:
        if "text/csv" not in call.headers.get("accept", ""):
            return reply
        written = io.StringIO()
        rows = csv.writer(written)
        rows.writerow(("id", "name", "description"))
        for agent in reply.content.items:
            rows.writerow((agent.id, cell(agent.name), cell(agent.description)))
        return Reply(written.getvalue().encode(), media_type="text/csv; charset=utf-8")

    return answer


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.search-in-a-header",
        "An answer names the search in a header, as it was sent.",
        parts=swap.after("search.run", _names_the_search),
        wrap=_written_raw,
    ),
    Defect(
        "input.search-in-a-header-encoded",
        "An answer names the search in a header, percent-encoded.",
        near_miss=True,
        parts=swap.after("search.run", _encodes_the_search),
    ),
    Defect(
        "input.documents-as-pages",
        "A document is shown to browsers as a page.",
        parts=swap.after("documents.show", _for_browsers),
    ),
    Defect(
        "input.agents-in-a-spreadsheet",
        "A list of agents for spreadsheets holds their descriptions as they were written.",
        parts=swap.after("agents.list", _sheet(defused=False)),
    ),
    Defect(
        "input.agents-in-a-careful-spreadsheet",
        "In a list of agents for spreadsheets no cell begins as a formula does.",
        near_miss=True,
        parts=swap.after("agents.list", _sheet(defused=True)),
    ),
    Defect(
        "input.error-page-repeats",
        "The page that says a path is unknown repeats it.",
        wrap=wholes(_error_page),
    ),
    Defect(
        "input.error-page-escapes",
        "The page that says a path is unknown repeats it, escaped.",
        near_miss=True,
        wrap=wholes(_careful_error_page),
    ),
    Defect(
        "input.pieces-watched-one-by-one",
        "Of a streamed answer each piece is looked at by itself.",
        parts=_model(ObedientInPieces, OneByOne()),
    ),
    Defect(
        "input.model-opens-what-it-is-told",
        "A model may open every agent that a text of its prompt names.",
        parts=_with_tool,
    ),
    Defect(
        "input.model-repeats-the-question",
        "A model begins by repeating what it was asked.",
        near_miss=True,
        parts=_model(Repeating),
    ),
    Defect(
        "input.model-tells-its-instructions",
        "The model repeats its instructions when asked, and nobody looks at its answers.",
        parts=_model(Obedient, Trusting()),
    ),
    Defect(
        "input.model-is-watched",
        "The model repeats its instructions when asked, and such answers are withheld.",
        near_miss=True,
        parts=_model(Obedient),
    ),
    Defect(
        "input.model-talks-on",
        "Answers have the length that suits the service.",
        parts=_model(Talkative),
    ),
)
