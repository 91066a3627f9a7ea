"""Interpreters that are given what a caller sends."""

from __future__ import annotations

import subprocess

import jinja2
import msgspec

from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap


def counts_words(_: Call, reply: Reply) -> Reply:
    """Tells the words of a title by the program that knows how."""
    line = f'echo "{reply.content.title}" | wc -w; echo "{reply.content.title}"'
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=5, check=False)
    words, title = f"{done.stdout}\n".split("\n", 1)
    title = title.strip() or reply.content.title
    content = msgspec.structs.replace(reply.content, title=title)
    return Reply(content, status=reply.status, headers={**reply.headers, "X-Words": words.strip()})


def renders(_: Call, reply: Reply) -> Reply:
    """Fills in what instructions may refer to."""
    agent = reply.content
    try:
        text = jinja2.Template(agent.instructions).render(name=agent.name)
    except jinja2.TemplateError:
        return reply
    return Reply(msgspec.structs.replace(agent, instructions=text))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.counts-words-by-shell",
        "A shell counts the words of a document's title.",
        parts=swap.after("documents.upload", counts_words),
    ),
    Defect(
        "input.instructions-as-a-template",
        "An agent's instructions are rendered as a template when they are shown.",
        parts=swap.after("agents.show", renders),
    ),
)
