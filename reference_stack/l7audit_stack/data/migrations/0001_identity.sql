-- Who may call, and with which credentials. Secrets are stored as hashes only.

CREATE TABLE tenants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE principals (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind text NOT NULL CHECK (kind IN ('user', 'service')),
    role text NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'operator')),
    tier text NOT NULL DEFAULT 'free' CHECK (tier IN ('free', 'enterprise')),
    username text UNIQUE,
    password_hash text,
    client_id text UNIQUE,
    client_secret_hash bytea,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, name)
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    principal_id uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    lookup text NOT NULL UNIQUE,
    digest bytea NOT NULL,
    scopes text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    rotated_to uuid REFERENCES api_keys (id)
);
CREATE INDEX api_keys_by_principal ON api_keys (principal_id, created_at);

CREATE TABLE revoked_tokens (
    jti text PRIMARY KEY,
    principal_id uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

-- Overrides of the built-in rate policies; the store holds a copy that every replica reads.
CREATE TABLE rate_policies (
    tier text NOT NULL,
    name text NOT NULL,
    capacity integer NOT NULL CHECK (capacity > 0),
    refill double precision NOT NULL CHECK (refill > 0),
    backoff_base double precision NOT NULL,
    backoff_cap double precision NOT NULL,
    forgive_after double precision NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tier, name)
);

-- The audit chain: each row's mac covers the row and the mac before it; the head says where it ends.
CREATE TABLE audit_events (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    tenant_id uuid,
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    outcome text NOT NULL,
    client text NOT NULL,
    request_id text NOT NULL,
    mac bytea NOT NULL
);
CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, seq DESC);

CREATE TABLE audit_head (
    the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only),
    seq bigint NOT NULL,
    mac bytea NOT NULL
);
INSERT INTO audit_head (seq, mac) VALUES (0, '\x');
