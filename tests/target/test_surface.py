from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
import pytest

from l7audit.model import Kind, Target
from l7audit.probe.request import Auth
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

DOCUMENTS = Path(__file__).parent / "documents"


@pytest.fixture
def library(target: Target) -> TargetModel:
    return TargetModel.of((DOCUMENTS / "library_snake.json").read_text(), target, seed=7)


def surface(model: TargetModel, place: str) -> Surface:
    return next(model.surface(o) for o in model.operations if str(o.place) == place)


def model(name: str, target: Target) -> TargetModel:
    return TargetModel.of((DOCUMENTS / name).read_text(), target, seed=7)


def test_the_prefix_stands_on_the_wire_and_not_in_the_place(library: TargetModel) -> None:
    listing = surface(library, "GET /invoices")
    assert listing.request().path == "/api/v3/invoices"
    assert str(listing.place("header Accept")) == "GET /invoices (header Accept)"


def test_a_path_in_the_base_url_is_the_prefix(target: Target) -> None:
    elsewhere = msgspec.structs.replace(target, base_url="https://api.example/mine/")
    listing = surface(model("library_snake.json", elsewhere), "GET /invoices")
    assert listing.request().path == "/mine/invoices"


def test_a_body_is_made_up_as_the_schema_wants_it(library: TargetModel) -> None:
    request = surface(library, "POST /invoices").request()
    assert request.header("Content-Type") == "application/json"
    assert list(json.loads(request.content)) == ["total_amount"]


def test_members_can_be_put_over_a_made_up_body(library: TargetModel) -> None:
    content = surface(library, "POST /invoices").request(fields={"extra": 1}).content
    assert set(json.loads(content)) == {"total_amount", "extra"}


def test_a_body_can_be_given_whole_or_raw_or_as_a_form(library: TargetModel) -> None:
    create = surface(library, "POST /invoices")
    assert json.loads(create.request(json=[1]).content) == [1]
    assert create.request(json=None).content == b"null"
    assert create.request(content=b"{", media_type="text/x").content == b"{"
    form = create.request(form={"a": "b c"})
    assert (form.content, form.header("Content-Type")) == (
        b"a=b+c",
        "application/x-www-form-urlencoded",
    )


def test_a_read_has_no_body(library: TargetModel) -> None:
    request = surface(library, "GET /invoices").request()
    assert request.content == b""
    assert request.header("Content-Type") is None


def test_path_values_are_encoded_and_made_up_where_unknown(library: TargetModel) -> None:
    item = surface(library, "GET /invoices/{invoice_id}")
    assert item.needs_values == ("invoice_id",)
    assert len(item.request().path.rsplit("/", 1)[1]) == 36
    known = item.with_values({"invoice_id": "a/b c"})
    assert known.needs_values == ()
    assert known.request().path == "/api/v3/invoices/a%2Fb%20c"
    assert item.request(path={"invoice_id": "x"}).path.endswith("/x")


def test_the_profile_s_values_fill_paths(target: Target) -> None:
    hinted = msgspec.structs.replace(target, hints={"values": {"invoice_id": 42}})
    item = surface(model("library_snake.json", hinted), "GET /invoices/{invoice_id}")
    assert item.needs_values == ()
    assert item.request().path == "/api/v3/invoices/42"


def test_required_query_parameters_are_made_up_and_can_be_changed(target: Target) -> None:
    search = surface(model("clinic_camel.yaml", target), "GET /Patients")
    assert len(parse_qs(search.request().path.partition("?")[2])["surName"][0]) >= 3
    assert search.request(query={"surName": "ä&", "n": [1, 2]}).path == (
        "/Patients?surName=%C3%A4%26&n=1&n=2"
    )
    assert search.request(query={"surName": None}).path == "/Patients"


def test_a_schema_of_several_parts_is_met(target: Target) -> None:
    body = json.loads(
        surface(model("clinic_camel.yaml", target), "POST /Patients").request().content
    )
    assert set(body) == {"surName", "insuranceKind"}


def test_a_vendor_s_json_is_sent_under_its_name(target: Target) -> None:
    request = surface(model("warehouse_kebab.yaml", target), "POST /stock-items").request()
    assert request.header("Content-Type") == "application/vnd.warehouse+json"
    body = json.loads(request.content)
    assert len(body["sku"]) == 12
    assert body["count"] == 5


def test_a_form_is_encoded_as_one(library: TargetModel) -> None:
    request = surface(library, "POST /grants").request()
    assert list(parse_qs(request.content.decode())) == ["grant_type"]


def test_a_file_is_sent_as_a_part(library: TargetModel) -> None:
    request = surface(library, "PUT /invoices/{invoice_id}/attachment").request(
        fields={"scan": "content"}
    )
    assert (request.header("Content-Type") or "").startswith("multipart/form-data; boundary=")
    assert b'name="scan"; filename=' in request.content


def test_each_file_of_a_list_is_a_part_and_a_text_is_none() -> None:
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    members = {"photos": {"type": "array", "items": file}, "note": {"type": "string"}}
    form = {"multipart/form-data": {"type": "object", "properties": members}}
    post = Surface(Operation("photos", "POST", "/photos", bodies=form))
    content = post.request(fields={"photos": ["one", "two"], "note": "x"}).content
    assert content.count(b'name="photos"; filename=') == 2
    assert b'name="note"\r\n\r\nx' in content


def test_auth_and_headers_are_put_on(library: TargetModel) -> None:
    request = surface(library, "GET /invoices").request(
        auth=Auth.bearer("t"), headers={"Origin": "https://x.example"}
    )
    assert request.header("Authorization") == "Bearer t"
    assert request.header("Origin") == "https://x.example"
    assert request.header("Accept") == "application/json"


def test_the_same_seed_makes_the_same_request(target: Target) -> None:
    first, same = (model("library_snake.json", target) for _ in range(2))
    place = "POST /invoices"
    assert surface(first, place).request() == surface(same, place).request()


def test_every_operation_of_every_document_can_be_requested(target: Target) -> None:
    for path in DOCUMENTS.iterdir():
        found = model(path.name, target)
        for operation in found.operations:
            request = found.surface(operation).request()
            assert request.method == operation.method
            assert "{" not in request.path


def test_a_surface_knows_its_kinds_and_who_opens_it(library: TargetModel) -> None:
    listing = surface(library, "GET /invoices")
    assert Kind.RESOURCE_LIST in listing.kinds
    assert listing.accepts("bearer")
    assert not listing.accepts("api_key")
