-- The number at which the office reaches somebody at work, such as the coordinator whom caregivers call. Not a private number:
-- it is shown to colleagues.
ALTER TABLE users ADD COLUMN work_phone TEXT NOT NULL DEFAULT '' CHECK (length(work_phone) <= 20);
