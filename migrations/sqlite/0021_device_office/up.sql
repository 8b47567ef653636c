-- The office of devices: what is on file of each, the codes that installers claim them with, what they sign in with while it is
-- exchanged, their calibrations, and the limits that hold for one elder.

ALTER TABLE devices ADD COLUMN serial_number TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN firmware TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN installed_on DATE;
ALTER TABLE devices ADD COLUMN calibration_due_on DATE;
ALTER TABLE devices ADD COLUMN note TEXT NOT NULL DEFAULT '';
-- As its birth message or the office says; NULL while neither does.
ALTER TABLE devices ADD COLUMN heartbeat_s INTEGER CHECK (heartbeat_s > 0);
-- An empty token_hash is no credential: of a device that nobody has claimed yet, or whose credential was revoked.
ALTER TABLE devices ADD COLUMN claimed_at TIMESTAMP;
ALTER TABLE devices ADD COLUMN token_set_at TIMESTAMP;
-- What a rotation replaced: it counts until the new one is first used, or until then.
ALTER TABLE devices ADD COLUMN former_token_hash BLOB;
ALTER TABLE devices ADD COLUMN former_until TIMESTAMP;
UPDATE devices SET claimed_at = created_at, token_set_at = created_at;
CREATE INDEX devices_by_calibration ON devices (calibration_due_on) WHERE calibration_due_on IS NOT NULL;

-- A code that an installer types once. Only its keyed index is stored; it is open until it is used, ended or out of time.
CREATE TABLE device_claims (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    code_index BLOB NOT NULL UNIQUE,
    issued_at TIMESTAMP NOT NULL,
    issued_by TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    -- Tries with the right code that were refused for another reason.
    refused_tries INTEGER NOT NULL DEFAULT 0,
    used_at TIMESTAMP,
    used_from TEXT,
    ended_at TIMESTAMP,
    ended_by TEXT,
    CHECK ((used_at IS NULL) = (used_from IS NULL)),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK (used_at IS NULL OR ended_at IS NULL)
);
CREATE UNIQUE INDEX device_claims_one_open ON device_claims (device_id) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX device_claims_by_device ON device_claims (device_id);

-- Tries with a code that is none, by where they came from: kept for a day, for the limits on guessing.
CREATE TABLE device_claim_tries (
    id INTEGER NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX device_claim_tries_by_time ON device_claim_tries (at);

CREATE TABLE device_calibrations (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    done_on DATE NOT NULL,
    done_by TEXT NOT NULL,
    next_due_on DATE,
    note TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by TEXT NOT NULL,
    CHECK (next_due_on > done_on)
);
CREATE INDEX device_calibrations_by_device ON device_calibrations (device_id, done_on);

-- What is usual for one elder, from a day on; the newest that has begun counts.
CREATE TABLE elder_limits (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    channel SMALLINT NOT NULL,
    from_on DATE NOT NULL,
    lowest DOUBLE PRECISION,
    highest DOUBLE PRECISION,
    note TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    UNIQUE (elder_id, channel, from_on),
    CHECK (lowest IS NOT NULL OR highest IS NOT NULL),
    CHECK (lowest < highest)
);

-- Devices come in from a workbook too.
ALTER TABLE imports RENAME COLUMN kind TO former_kind;
ALTER TABLE imports ADD COLUMN kind TEXT NOT NULL DEFAULT 'house' CHECK (kind IN ('house', 'elders', 'caregivers', 'stations', 'institutions', 'waiting', 'devices'));
UPDATE imports SET kind = former_kind;
ALTER TABLE imports DROP COLUMN former_kind;
