-- What the agent API keeps for its tenants. Every row belongs to a tenant and an owner.
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE agents (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner_id    uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    name        text NOT NULL,
    description text NOT NULL,
    instructions text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
-- Lists go newest first and continue after a (created_at, id) pair: one index serves both.
CREATE INDEX agents_page ON agents (tenant_id, created_at DESC, id DESC);
CREATE INDEX agents_owner ON agents (owner_id);

CREATE TABLE documents (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner_id    uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    title       text NOT NULL,
    media_type  text NOT NULL,
    content     text NOT NULL,
    size        integer NOT NULL,
    words       tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('english', content), 'B')
    ) STORED,
    -- Vectors of different models can't be compared: a search keeps to one.
    embedding_model text NOT NULL,
    embedding   vector(256) NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_page ON documents (tenant_id, created_at DESC, id DESC);
CREATE INDEX documents_owner ON documents (owner_id);
CREATE INDEX documents_words ON documents USING gin (words);
CREATE INDEX documents_embedding ON documents USING hnsw (embedding vector_cosine_ops);

CREATE TABLE files (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner_id    uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    path        text NOT NULL,
    media_type  text NOT NULL,
    size        integer NOT NULL,
    sha256      text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
-- Without regard to case: on some file systems two spellings are one file, which has one owner.
CREATE UNIQUE INDEX files_path ON files (tenant_id, lower(path));
CREATE INDEX files_page ON files (tenant_id, created_at DESC, id DESC);
CREATE INDEX files_owner ON files (owner_id);

CREATE TABLE webhooks (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner_id    uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    name        text NOT NULL,
    url         text NOT NULL,
    -- Sealed with a data key; bound to this row's id, so that it opens nowhere else.
    secret_sealed text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhooks_page ON webhooks (tenant_id, created_at DESC, id DESC);
CREATE INDEX webhooks_owner ON webhooks (owner_id);
