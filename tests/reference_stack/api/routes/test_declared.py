"""What the table of operations declares, held against the policy and the OpenAPI document."""

from __future__ import annotations

from l7audit_stack.api.openapi import describe
from l7audit_stack.api.routes.table import OPERATIONS
from l7audit_stack.api.security.policy import GRANTS


def test_every_permission_of_an_operation_is_in_the_policys_table() -> None:
    assert {operation.permission for operation in OPERATIONS} - {None} <= set(GRANTS)


def test_every_list_is_bounded() -> None:
    lists = [operation for operation in OPERATIONS if operation.name.endswith(".list")]
    document = describe(OPERATIONS, "")
    bounds = {
        operation.name: parameter["schema"]["maximum"]
        for operation in lists
        for parameter in document["paths"][operation.path]["get"].get("parameters", [])
        if parameter["name"] == "limit"
    }
    paged = {
        "agents", "memories", "documents", "files", "webhooks", "users", "vouchers", "audit",
    }  # fmt: skip
    assert bounds == dict.fromkeys((f"{name}.list" for name in paged), 100)


def test_chat_declares_its_stream_and_a_files_bytes_are_declared_as_bytes() -> None:
    paths = describe(OPERATIONS, "")["paths"]
    chat = paths["/v1/chat/completions"]["post"]["responses"]["200"]["content"]
    assert set(chat) == {"application/json", "text/event-stream"}
    file = paths["/v1/files/{path}"]["get"]["responses"]["200"]["content"]
    assert file["application/octet-stream"]["schema"]["contentEncoding"] == "binary"


def test_every_text_that_comes_in_has_a_bound() -> None:
    schemas = describe(OPERATIONS, "")["components"]["schemas"]
    inputs = {
        "NewAgent", "AgentChange", "NewWebhook", "WebhookChange", "NewUser", "Message",
        "SearchRequest", "UploadQuery", "PageQuery", "AuditQuery",
    } & set(schemas)  # fmt: skip
    assert len(inputs) == 10
    for name in inputs:
        for field, schema in schemas[name]["properties"].items():
            for part in schema.get("anyOf", [schema]):
                if part.get("type") == "string" and "enum" not in part:
                    assert "maxLength" in part, (name, field)
