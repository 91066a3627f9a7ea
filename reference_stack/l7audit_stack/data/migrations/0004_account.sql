-- What people say of themselves, and (staff_preview) what the platform alone decides for them.
ALTER TABLE principals
    ADD COLUMN display_name text NOT NULL DEFAULT '',
    ADD COLUMN language text NOT NULL DEFAULT 'en',
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
    ADD COLUMN staff_preview boolean NOT NULL DEFAULT false;

-- Whether a webhook's URL took a test delivery since it was set.
ALTER TABLE webhooks ADD COLUMN verified boolean NOT NULL DEFAULT false;
