-- Which password of a user's holds: sessions of an earlier one are over.
ALTER TABLE principals ADD COLUMN password_version integer NOT NULL DEFAULT 0;
