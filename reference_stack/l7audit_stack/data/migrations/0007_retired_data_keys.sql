-- Data keys under which nothing may be sealed any more. Who writes a sealed field asks here in the
-- same statement: a replica that has not heard of a rotation can't leave behind what nobody opens.
CREATE TABLE retired_data_keys (
    id text PRIMARY KEY,
    retired_at timestamptz NOT NULL DEFAULT now()
);
