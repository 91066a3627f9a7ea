from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l7audit.model import Kind
from l7audit.target.classify import classify
from l7audit.target.openapi import Document

DOCUMENTS = Path(__file__).parent / "documents"
READS = {Kind.PUBLIC_READ, Kind.PROTECTED_READ}

EXPECTED: dict[str, dict[str, set[Kind]]] = {
    "library_snake.json": {
        "POST /grants": {Kind.TOKEN},
        "POST /grants/revoke": {Kind.REVOKE_TOKEN},
        "GET /invoices": {Kind.PROTECTED_READ, Kind.RESOURCE_LIST},
        "POST /invoices": {Kind.RESOURCE_CREATE, Kind.URL_TAKING, Kind.AMOUNT_TAKING},
        "GET /invoices/{invoice_id}": {Kind.PROTECTED_READ, Kind.RESOURCE_READ},
        "PATCH /invoices/{invoice_id}": {
            Kind.RESOURCE_CHANGE,
            Kind.URL_TAKING,
            Kind.AMOUNT_TAKING,
        },
        "DELETE /invoices/{invoice_id}": {Kind.RESOURCE_DELETE},
        "PUT /invoices/{invoice_id}/attachment": {Kind.UPLOAD},
        "PUT /admin/throttle_plan": {Kind.ADMIN, Kind.RATE_POLICY},
        "POST /exports": {Kind.COSTLY, Kind.STREAMING},
        "GET /healthz": {Kind.PUBLIC_READ, Kind.HEALTH},
        "GET /signing_keys": {Kind.PUBLIC_READ, Kind.JWKS},
    },
    "clinic_camel.yaml": {
        "POST /Auth/SignIn": {Kind.LOGIN},
        "POST /Auth/SignUp": {Kind.REGISTRATION},
        "POST /Auth/ChangePassword": {Kind.PASSWORD_CHANGE},
        "POST /Auth/SignOut": {Kind.REVOKE_TOKEN},
        "GET /Patients": {Kind.PROTECTED_READ, Kind.RESOURCE_LIST, Kind.COSTLY, Kind.SEARCH},
        "POST /Patients": {Kind.RESOURCE_CREATE},
        "GET /Patients/{patientNumber}": {Kind.PROTECTED_READ, Kind.RESOURCE_READ},
        "DELETE /Patients/{patientNumber}": {Kind.RESOURCE_DELETE},
        "GET /AccessTokens": {Kind.PROTECTED_READ, Kind.RESOURCE_LIST, Kind.KEY_LIST},
        "POST /AccessTokens": {Kind.KEY_CREATE},
        "POST /AccessTokens/{tokenId}/Regenerate": {Kind.KEY_ROTATE},
        "POST /AccessTokens/{tokenId}/Deactivate": {Kind.KEY_REVOKE},
        "GET /Downloads": {Kind.PROTECTED_READ, Kind.PATH_TAKING},
        "GET /Notices": {Kind.PUBLIC_READ},
        "GET /internal/prometheus": {Kind.PUBLIC_READ, Kind.METRICS},
    },
    "warehouse_kebab.yaml": {
        "GET /stock-items": {Kind.PROTECTED_READ, Kind.RESOURCE_LIST},
        "POST /stock-items": {Kind.RESOURCE_CREATE, Kind.URL_TAKING, Kind.AMOUNT_TAKING},
        "GET /stock-items/{sku}": {Kind.PROTECTED_READ, Kind.RESOURCE_READ},
        "PUT /stock-items/{sku}": {Kind.RESOURCE_CHANGE},
        "DELETE /stock-items/{sku}": {Kind.RESOURCE_DELETE},
        "GET /stock-items/{sku}/watch": {Kind.PROTECTED_READ, Kind.STREAMING, Kind.COSTLY},
        "GET /service-credentials": {Kind.PROTECTED_READ, Kind.RESOURCE_LIST, Kind.KEY_LIST},
        "POST /service-credentials": {Kind.RESOURCE_CREATE, Kind.KEY_CREATE},
        "DELETE /service-credentials/{credential-id}": {Kind.RESOURCE_DELETE, Kind.KEY_REVOKE},
        "POST /session": {Kind.LOGIN},
        "DELETE /session": {Kind.REVOKE_TOKEN},
        "GET /audit-log": {Kind.PROTECTED_READ, Kind.ADMIN},
        "GET /.well-known/jwks.json": {Kind.PUBLIC_READ, Kind.JWKS},
    },
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_operations_are_known_by_what_they_mean_in_every_style(name: str) -> None:
    document = Document.parse((DOCUMENTS / name).read_text())
    found = {str(o.place): set(o.kinds) for o in classify(document.operations, document.prefix)}
    assert found == EXPECTED[name]


def one(method: str, template: str, **node: Any) -> set[Kind]:
    """The kinds of a single operation, reads left out."""
    text = json.dumps(
        {
            "openapi": "3.1.0",
            "security": [{"k": []}],
            "components": {"securitySchemes": {"k": {"type": "http", "scheme": "bearer"}}},
            "paths": {template: {method: node}},
        }
    )
    (operation,) = classify(Document.parse(text).operations)
    return set(operation.kinds) - READS


def body(*strings: str, media: str = "application/json", **members: Any) -> dict[str, Any]:
    fields = {**{name: {"type": "string"} for name in strings}, **members}
    return {"content": {media: {"schema": {"type": "object", "properties": fields}}}}


def answer(*strings: str) -> dict[str, Any]:
    return {"200": {"description": "", **body(*strings)}}


@pytest.mark.parametrize(
    ("user", "password"),
    [("email", "password"), ("mail", "pass"), ("userName", "pwd"), ("phone-number", "passcode")],
)
def test_a_login_takes_a_name_and_a_password_and_gives_a_token(user: str, password: str) -> None:
    found = one(
        "post", "/x", security=[], requestBody=body(user, password), responses=answer("jwt")
    )
    assert found == {Kind.LOGIN}


def test_a_login_is_open_to_everybody() -> None:
    taken = body("user", "password")
    assert one("post", "/login", requestBody=taken, responses=answer("token")) == set()


def test_taking_two_passwords_is_no_login() -> None:
    taken = body("user", "password", "repeat_password")
    assert one("post", "/login", security=[], requestBody=taken) == set()


def test_a_token_endpoint_takes_a_grant_as_a_form() -> None:
    form = body("grant_type", media="application/x-www-form-urlencoded")
    assert one("post", "/x", security=[], requestBody=form) == {Kind.TOKEN}


def test_a_count_of_tokens_is_no_token() -> None:
    taken = body("user", "password")
    assert (
        one("post", "/x", security=[], requestBody=taken, responses=answer("tokenCount")) == set()
    )


def test_public_keys_of_an_issuer_are_no_api_keys() -> None:
    assert one("get", "/keys", security=[], tags=["jwks"]) == {Kind.JWKS}


def test_an_operation_that_can_only_make_keys_makes_them_whatever_it_is_said_to_answer() -> None:
    def makes_keys(path: str, answers: dict[str, Any]) -> bool:
        secured = {"security": [{"k": []}]}
        paths = {
            path: {"post": {**secured, "responses": answers}},
            f"{path}/{{id}}": {"delete": secured},
        }
        scheme = {"type": "http", "scheme": "bearer"}
        text = json.dumps(
            {
                "openapi": "3.1.0",
                "paths": paths,
                "components": {"securitySchemes": {"k": scheme}},
            }
        )
        made, _ = classify(Document.parse(text).operations)
        return Kind.KEY_CREATE in made.kinds

    assert makes_keys("/api-keys", answer())
    assert not makes_keys("/keys", answer())
    assert not makes_keys("/api-keys", answer("keyId", "keyPrefix"))


def test_an_operation_about_keys_that_gives_no_secret_makes_none() -> None:
    assert Kind.KEY_CREATE not in one("post", "/api-keys", responses=answer("keyId", "keyPrefix"))


def test_keys_that_sign_tokens_are_no_api_keys() -> None:
    create, retire = {Kind.SIGNING_KEY_CREATE}, {Kind.SIGNING_KEY_RETIRE}
    where = {"name": "kid", "in": "path", "schema": {"type": "string"}}
    assert one("post", "/signing-keys", responses=answer("kid", "secret")) == create
    assert one("post", "/realm/jwks/rotate") == create
    assert one("delete", "/SigningKeys/{kid}", parameters=[where]) == retire
    assert one("post", "/signing_keys/{kid}/revoke", parameters=[where]) == retire
    assert one("post", "/webhooks/signing-key", responses=answer("id")) == set()


def test_keys_that_encrypt_what_is_kept_are_rotated_by_their_name() -> None:
    rotates = {Kind.DATA_KEY_ROTATE}
    assert one("post", "/admin/encryption-keys/rotate") == rotates | {Kind.ADMIN}
    assert one("post", "/data-keys/rotate") == rotates
    assert one("post", "/sys/master_key:rotate") == rotates
    assert one("post", "/encryption/reencrypt") == rotates
    assert one("put", "/keyring", summary="Rotate the keyring") == rotates
    assert Kind.DATA_KEY_ROTATE not in one("post", "/api-keys/rotate")
    assert Kind.DATA_KEY_ROTATE not in one("post", "/webhooks/rotate-secret-key")
    assert Kind.DATA_KEY_ROTATE not in one("get", "/data-keys/rotate")
    assert Kind.DATA_KEY_ROTATE not in one("post", "/rotations", summary="Plan a data shift")


def test_a_reference_to_a_webhook_is_no_url() -> None:
    parameter = {"name": "webhookId", "in": "path", "schema": {"type": "string"}}
    assert one("get", "/x/{webhookId}", parameters=[parameter]) == {Kind.RESOURCE_READ}


def test_a_number_named_limit_alone_is_no_rate_policy() -> None:
    taken = body(limit={"type": "integer"})
    assert one("put", "/display-settings", requestBody=taken) == set()


def test_a_stream_may_be_a_member_of_the_body() -> None:
    taken = body("text", stream={"type": "boolean"})
    assert Kind.STREAMING in one("post", "/x", requestBody=taken)


@pytest.mark.parametrize("media", ["application/octet-stream", "image/png", "multipart/form-data"])
def test_bytes_are_an_upload(media: str) -> None:
    assert one("put", "/x", requestBody={"content": {media: {}}}) == {Kind.UPLOAD}


def test_a_list_of_files_in_a_form_is_an_upload() -> None:
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"schema": {"type": "object", "properties": {"photos": files}}}
    taken = {"content": {"multipart/form-data": form}}
    assert one("post", "/x", requestBody=taken) == {Kind.UPLOAD}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("file", {"type": "string", "contentEncoding": "base64"}),
        ("file", {"type": "string", "format": "byte"}),
        ("contentBase64", {"type": "string"}),
    ],
)
def test_base64_within_json_is_an_upload(name: str, schema: dict[str, str]) -> None:
    assert Kind.UPLOAD in one("post", "/x", requestBody=body(**{name: schema}))


def test_a_metrics_page_is_not_taken_for_health() -> None:
    text = {"200": {"description": "", "content": {"text/plain": {}}}}
    found = one("get", "/metrics", tags=["health"], responses=text)
    assert found == {Kind.METRICS}


def test_an_unknown_operation_is_of_no_kind() -> None:
    assert one("post", "/frobnicate") == set()


def _kinds(method: str, path: str, **operation: Any) -> frozenset[Kind]:
    document = {"openapi": "3.1.0", "paths": {path: {method: {"responses": {}, **operation}}}}
    (found,) = classify(Document.parse(json.dumps(document)).operations)
    return found.kinds


def _body(**members: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": members}
    return {"content": {"application/json": {"schema": schema}}}


TURNS = {"type": "array", "items": {"properties": {"role": {}, "content": {"type": "string"}}}}


def test_a_chat_takes_turns_of_somebody_saying_something() -> None:
    assert Kind.CHAT in _kinds("post", "/converse", requestBody=_body(turns=TURNS))
    lines = {"type": "array", "items": {"properties": {"sku": {}, "count": {}}}}
    assert Kind.CHAT not in _kinds("post", "/orders", requestBody=_body(lines=lines))


def test_a_search_says_so_and_takes_what_is_sought() -> None:
    q = [{"name": "q", "in": "query", "schema": {"type": "string"}}]
    assert Kind.SEARCH in _kinds("get", "/books/search", parameters=q)
    assert Kind.SEARCH not in _kinds("get", "/books", parameters=q)
    number = [{"name": "q", "in": "query", "schema": {"type": "integer"}}]
    assert Kind.SEARCH not in _kinds("get", "/books/search", parameters=number)


def _audit_operations(schema: dict[str, Any]) -> dict[str, set[Kind]]:
    answer = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    paths = {
        "/audit-trail": {"get": {"responses": answer}},
        "/audit-trail/integrity": {"post": {"responses": {"200": {"description": ""}}}},
        "/audit-trail/{id}": {"get": {"responses": answer, "parameters": [_ID]}},
    }
    described = {"openapi": "3.1.0", "info": {}, "security": [{"key": []}], "paths": paths}
    described["components"] = {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    }
    found = classify(Document.parse(json.dumps(described)).operations)
    return {o.place.operation: set(o.kinds) for o in found}


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def test_an_audit_log_is_a_list_and_its_verification_is_none() -> None:
    kinds = _audit_operations({"type": "array", "items": {"type": "object"}})
    assert Kind.AUDIT_LOG in kinds["GET /audit-trail"]
    assert Kind.AUDIT_VERIFY in kinds["POST /audit-trail/integrity"]
    assert not kinds["GET /audit-trail/{id}"] & {Kind.AUDIT_LOG, Kind.AUDIT_VERIFY}


def test_what_answers_no_list_is_no_audit_log() -> None:
    kinds = _audit_operations({"type": "object"})
    assert Kind.AUDIT_LOG not in kinds["GET /audit-trail"]


def described(path: str, method: str, body: dict[str, Any] | None = None) -> frozenset[Kind]:
    """The kinds of one protected operation."""
    operation: dict[str, Any] = {
        "security": [{"k": []}],
        "responses": {"200": {"description": "x"}},
    }
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "components": {"securitySchemes": {"k": {"type": "http", "scheme": "bearer"}}},
        "paths": {path: {method: operation}},
    }
    (found,) = classify(Document.parse(json.dumps(document)).operations)
    return found.kinds


PICTURE = {"type": "object", "properties": {"avatar_url": {"type": "string", "format": "uri"}}}


@pytest.mark.parametrize(
    ("path", "method", "required"),
    [
        ("/me", "delete", []),
        ("/account", "delete", []),
        ("/me/password", "put", []),
        ("/users/change-password", "post", []),
        ("/me", "put", ["email", "password"]),
        ("/account/deactivate", "post", []),
        ("/logout", "post", []),
    ],
)
def test_what_ends_or_renames_the_caller_is_nothing_to_try_things_on(
    path: str, method: str, required: list[str]
) -> None:
    assert Kind.URL_TAKING not in described(path, method, {**PICTURE, "required": required})


@pytest.mark.parametrize(
    ("path", "method"), [("/me", "patch"), ("/me/avatar", "post"), ("/bookmarks", "post")]
)
def test_what_leaves_the_caller_as_he_is_may_be_tried(path: str, method: str) -> None:
    assert Kind.URL_TAKING in described(path, method, PICTURE)


PASSWORD = {"type": "string", "format": "password"}


def taking(method: str, template: str, public: bool, *members: str) -> set[Kind]:
    """The kinds of an operation whose JSON body takes texts of these names."""
    parts = {n: PASSWORD if "pass" in n else {"type": "string"} for n in members}
    schema = {"type": "object", "properties": parts}
    body = {"content": {"application/json": {"schema": schema}}}
    more = {"security": []} if public else {}
    return one(method, template, requestBody=body, responses={}, **more)


@pytest.mark.parametrize(
    ("template", "members", "kind"),
    [
        ("/signup", ("email", "password"), Kind.REGISTRATION),
        ("/users", ("userName", "password", "city"), Kind.REGISTRATION),
        ("/register", ("email", "password", "passwordConfirmation"), Kind.REGISTRATION),
        ("/auth/forgotPassword", ("email",), Kind.RESET_REQUEST),
        ("/account-recovery", ("phone",), Kind.RESET_REQUEST),
        ("/auth/resetPassword", ("token", "newPassword", "confirmPassword"), Kind.RESET),
        ("/password/otp", ("login", "otp", "password"), Kind.RESET),
    ],
)
def test_what_gives_strangers_an_account_or_a_new_password_is_known(
    template: str, members: tuple[str, ...], kind: Kind
) -> None:
    assert kind in taking("post", template, True, *members)
    assert kind not in taking("post", template, False, *members)


@pytest.mark.parametrize(
    ("template", "members"),
    [
        ("/newsletter", ("email",)),
        ("/invitations/verify", ("email", "password")),
        ("/login", ("email", "password")),
        ("/games/reset", ("board",)),
    ],
)
def test_what_only_resembles_them_is_not(template: str, members: tuple[str, ...]) -> None:
    found = taking("post", template, True, *members)
    assert not found & {Kind.REGISTRATION, Kind.RESET_REQUEST, Kind.RESET, Kind.PASSWORD_CHANGE}


def test_a_logout_is_no_read_whatever_its_method_and_a_leave_of_absence_is_no_logout() -> None:
    out = one("get", "/account/logout", responses={})
    assert Kind.REVOKE_TOKEN in out
    assert not out & {Kind.PUBLIC_READ, Kind.PROTECTED_READ}
    assert Kind.REVOKE_TOKEN not in one("post", "/leave-requests", responses={})
    assert Kind.REVOKE_TOKEN not in one("get", "/logouts/statistics", responses={})


def test_a_password_is_changed_by_who_gives_the_one_that_holds() -> None:
    assert Kind.PASSWORD_CHANGE in taking("put", "/me/password", False, "current", "new")
    assert Kind.PASSWORD_CHANGE in taking("post", "/x", False, "oldPassword", "newPassword")
    assert Kind.PASSWORD_CHANGE not in taking("put", "/me/name", False, "current", "new")


def test_what_takes_amounts_is_known_by_its_numbers() -> None:
    amount = {"type": "integer", "minimum": 1}
    deep = {"lines": {"type": "array", "items": {"properties": {"quantity": amount}}}}
    for members in ({"creditsToGive": amount}, {"seats": {"type": "number"}}, deep):
        node = {"requestBody": body(**members)}
        assert Kind.AMOUNT_TAKING in one("post", "/orders", **node), members
    for members in ({"temperature": amount}, {"amount": {**amount, "minimum": -9}}):
        node = {"requestBody": body(**members)}
        assert Kind.AMOUNT_TAKING not in one("post", "/readings", **node), members


def test_how_many_are_ordered_is_an_amount_whatever_they_are_called() -> None:
    shelves = {"type": "object", "properties": {"shelves": {"type": "integer"}}}
    ordered = {"requestBody": {"content": {"application/json": {"schema": shelves}}}}
    assert Kind.AMOUNT_TAKING not in one("post", "/racks", **ordered)
    shelves["required"] = ["shelves"]
    assert Kind.AMOUNT_TAKING in one("post", "/racks", **ordered)
    assert Kind.AMOUNT_TAKING not in one("put", "/racks", **ordered)
    assert Kind.AMOUNT_TAKING not in one("post", "/racks/search", **ordered)


@pytest.mark.parametrize(
    ("method", "template", "summary", "once"),
    [
        ("post", "/coupons/redeem", "", True),
        ("post", "/vouchers/redemptions", "", True),
        ("post", "/me/starterPack", "Each member gets it once.", True),
        ("post", "/invitations/{code}/accept", "", True),
        ("post", "/orders", "", False),
        ("get", "/coupons/redeem", "", False),
        ("post", "/api-keys/{id}/activate", "", False),
    ],
)
def test_what_is_good_for_one_time_is_known_by_its_words(
    method: str, template: str, summary: str, once: bool
) -> None:
    kinds = one(method, template, summary=summary, security=[{"k": []}])
    assert (Kind.ONCE_ONLY in kinds) is once


def test_what_gives_codes_is_known_by_its_words_and_its_answer() -> None:
    code = {"responses": answer("code")}
    assert Kind.CODE_GIVING in one("post", "/teams/{team}/invitations", **code)
    assert Kind.CODE_GIVING in one("post", "/vouchers", responses=answer("voucherCode"))
    assert Kind.CODE_GIVING not in one("post", "/countries", **code)
    assert Kind.CODE_GIVING in one("post", "/notes/{id}/shareLinks", responses=answer("url"))
    assert Kind.CODE_GIVING not in one("post", "/notes", responses=answer("url"))
    assert Kind.CODE_GIVING not in one("post", "/vouchers", responses=answer("currencyCode"))
