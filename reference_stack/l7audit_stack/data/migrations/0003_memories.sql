-- What an agent keeps in mind: short texts, each perhaps taken from a document of the tenant.
CREATE TABLE memories (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner_id    uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    agent_id    uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    document_id uuid REFERENCES documents (id) ON DELETE SET NULL,
    text        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX memories_page ON memories (agent_id, created_at DESC, id DESC);
CREATE INDEX memories_owner ON memories (owner_id);
CREATE INDEX memories_document ON memories (document_id);
