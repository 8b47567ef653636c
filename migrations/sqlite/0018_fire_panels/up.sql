-- Fire panels that speak GB/T 26875.3: which device has which address, every frame as it came, what its parts say of
-- themselves, who was refused, and guard checks.

-- The address is the one on the label, twelve hexadecimal digits; the profile says in which order it is sent. A panel without a
-- profile of its own has the listener's.
CREATE TABLE fire_panels (
    device_id BIGINT NOT NULL PRIMARY KEY REFERENCES devices (id),
    address TEXT NOT NULL UNIQUE CHECK (length(address) = 12),
    profile TEXT,
    -- How far the panel's clock is ahead of ours, at the last frame that told its time.
    clock_ahead_s BIGINT,
    clock_told_at TIMESTAMP,
    clock_set_at TIMESTAMP,
    -- When the panel confirmed that.
    clock_taken_at TIMESTAMP
);

-- Append-only. Sender, number and hash are who a frame is; round counts frames alike of a panel whose clock stands still.
CREATE TABLE fire_frames (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    round INTEGER NOT NULL,
    command SMALLINT NOT NULL,
    kind SMALLINT,
    raw BLOB NOT NULL,
    panel_at TIMESTAMP,
    received_at TIMESTAMP NOT NULL,
    is_test BOOLEAN NOT NULL,
    UNIQUE (source, seq, hash, round)
);
CREATE INDEX fire_frames_by_device ON fire_frames (device_id, id);

-- A system, a component, or the transmission device itself, as it last said. Numbers that a level does not have are 0. slot
-- names the part in alerts.
CREATE TABLE fire_parts (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    slot SMALLINT NOT NULL CHECK (slot >= 1 AND slot <= 15000),
    level TEXT NOT NULL CHECK (level IN ('device', 'system', 'component')),
    system_type SMALLINT NOT NULL,
    system_address SMALLINT NOT NULL,
    component_type SMALLINT NOT NULL,
    zone INTEGER NOT NULL,
    place INTEGER NOT NULL,
    label TEXT NOT NULL,
    state INTEGER,
    state_at TIMESTAMP,
    is_test BOOLEAN NOT NULL,
    analog_type SMALLINT,
    analog_value INTEGER,
    analog_at TIMESTAMP,
    -- The channel of the device that this part feeds.
    channel SMALLINT,
    UNIQUE (device_id, slot),
    UNIQUE (device_id, level, system_type, system_address, component_type, zone, place)
);
CREATE UNIQUE INDEX fire_parts_channel_once ON fire_parts (device_id, channel) WHERE channel IS NOT NULL;

-- Frames that were refused, one row for each sender and reason.
CREATE TABLE fire_refusals (
    source TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('unknown', 'disabled', 'corrupt', 'content', 'command', 'unstorable')),
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL,
    occurrences BIGINT NOT NULL,
    sent_from TEXT NOT NULL,
    fault TEXT NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (source, reason)
);

CREATE TABLE guard_checks (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    minutes SMALLINT NOT NULL CHECK (minutes >= 1 AND minutes <= 60),
    sent_at TIMESTAMP,
    -- The panel has it; nobody has answered yet.
    delivered_at TIMESTAMP,
    outcome TEXT CHECK (outcome IN ('answered', 'missed', 'refused', 'not_sent')),
    ended_at TIMESTAMP,
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
-- One at a time: an answer does not say which check it answers.
CREATE UNIQUE INDEX guard_checks_one_open ON guard_checks (device_id) WHERE outcome IS NULL;

-- Where exactly, for an alert of one part of many.
ALTER TABLE alerts ADD COLUMN detail TEXT NOT NULL DEFAULT '';
