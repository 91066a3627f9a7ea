"""What pages call: forms, and links that carry parameters."""

from __future__ import annotations

from l7audit.target.operation import FORM, MULTIPART, Operation
from l7audit.target.pages import fresh, links, local, operations_in

PAGE = """
<a href="/help">Help</a> <a href="items?sort=price&page=2">Cheapest</a>
<a href="https://elsewhere.example/x?y=1">Elsewhere</a> <a href="/logout?now=1">Out</a>
<form action="/find"><input name="q"><button>Find</button></form>
<form method="post" action="/notes/17/replies">
<input type="hidden" name="csrf_token" value="s3cr3t"><input type="hidden" name="kind" value="r">
<textarea name="text"></textarea><input type="submit" name="send" value="Send"></form>
<form method="post" action="/photos"><input type="file" name="photo"></form>
<form method="post" action="/account/delete"><input name="reason"></form>
"""


def called() -> dict[str, Operation]:
    return {str(o.place): o for o in operations_in(PAGE, "/shop/", ())}


def test_forms_and_links_with_parameters_are_operations() -> None:
    assert set(called()) == {
        "GET /shop/items", "GET /find", "POST /notes/{id}/replies", "POST /photos",
    }  # fmt: skip
    assert [p.name for p in called()["GET /shop/items"].parameters] == ["sort", "page"]
    assert [(p.name, p.place) for p in called()["GET /find"].parameters] == [("q", "query")]
    assert all(o.learnt for o in called().values())


def test_a_form_is_sent_as_it_says_and_its_tokens_are_nobody_s() -> None:
    reply = called()["POST /notes/{id}/replies"]
    members = reply.bodies[FORM]["properties"]
    assert set(members) == {"csrf_token", "kind", "text"}
    assert members["kind"]["example"] == "r"
    assert "s3cr3t" not in str(members)
    assert reply.path_parameters[0].schema["example"] == "17"
    assert MULTIPART in called()["POST /photos"].bodies


def test_what_is_elsewhere_or_ends_something_is_not_gone_to() -> None:
    assert links(PAGE, "/shop/") == ["/help", "/shop/items"]
    assert local("/a/b", "../c?d=1") == "/c?d=1"
    for reference in ("//evil.example/x", "javascript:alert(1)", "/site.css", "http://[x"):
        assert not local("/", reference)


def test_only_what_no_template_covers_is_new() -> None:
    known = [Operation("n", "POST", "/notes/{note}/replies")]
    assert {str(o.place) for o in fresh(called().values(), known)} == {
        "GET /shop/items", "GET /find", "POST /photos",
    }  # fmt: skip
