-- What the city's office sets of visits becomes its own to change: the reasons of visits that were not done, and the figures of
-- their proof. A follow-up can be held by somebody.

-- A reason is closed and never removed: old visits go on naming it.
ALTER TABLE fail_reasons ADD COLUMN closed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE fail_reasons ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- Of the setting as a whole: the highest of its days.
ALTER TABLE dated_settings ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- Who has taken it on, and since when; with nobody it waits in the office of its town.
ALTER TABLE follow_ups ADD COLUMN held_by BIGINT REFERENCES users (id);
ALTER TABLE follow_ups ADD COLUMN held_since TIMESTAMP CHECK ((held_since IS NULL) = (held_by IS NULL));
CREATE INDEX follow_ups_by_holder ON follow_ups (held_by, due_at) WHERE closed_at IS NULL;
