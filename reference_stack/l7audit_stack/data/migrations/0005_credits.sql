-- Usage credits: what each principal holds. Whoever has no row holds nothing.
CREATE TABLE credit_balances (
    principal_id uuid PRIMARY KEY REFERENCES principals (id) ON DELETE CASCADE,
    credits      bigint NOT NULL CHECK (credits BETWEEN 0 AND 1000000000000)
);

-- Gifts that are paid for when they are made. Of a code only its digest is kept.
CREATE TABLE vouchers (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner_id    uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    credits     bigint NOT NULL CHECK (credits > 0),
    digest      bytea NOT NULL UNIQUE,
    redeemed_by uuid REFERENCES principals (id) ON DELETE SET NULL,
    redeemed_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX vouchers_page ON vouchers (tenant_id, created_at DESC, id DESC);
CREATE INDEX vouchers_owner ON vouchers (owner_id);
CREATE INDEX vouchers_redeemed ON vouchers (redeemed_by);
