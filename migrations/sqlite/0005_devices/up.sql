-- Devices, what they reported, and the alerts that follow.

CREATE TABLE devices (
    id INTEGER NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('smart_station', 'fire_sensor', 'home_device')),
    name TEXT NOT NULL,
    town_code TEXT NOT NULL REFERENCES towns (code),
    station_id BIGINT REFERENCES stations (id),
    institution_id BIGINT REFERENCES institutions (id),
    token_hash BLOB NOT NULL,
    presence TEXT NOT NULL CHECK (presence IN ('never', 'online', 'offline')),
    presence_at TIMESTAMP NOT NULL,
    connection_id BIGINT NOT NULL DEFAULT 0,
    last_seen_at TIMESTAMP,
    disabled_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK ((station_id IS NULL) <> (institution_id IS NULL))
);
CREATE INDEX devices_by_town ON devices (town_code);

-- Which messages of a boot and lane are stored: everything below next_seq except where a bit of the window is clear.
CREATE TABLE device_windows (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    boot_id BIGINT NOT NULL,
    lane SMALLINT NOT NULL CHECK (lane IN (0, 1)),
    next_seq BIGINT NOT NULL,
    window_bits BIGINT NOT NULL,
    PRIMARY KEY (device_id, boot_id, lane)
);

-- Numbers [from_seq, to_seq) that a window moved past while they were missing: only these may still come, and everything
-- else before a window is stored.
CREATE TABLE device_gaps (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    boot_id BIGINT NOT NULL,
    lane SMALLINT NOT NULL CHECK (lane IN (0, 1)),
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL,
    PRIMARY KEY (device_id, boot_id, lane, from_seq),
    CHECK (from_seq < to_seq)
);

-- Append-only, in order of arrival: no unique index, so that the cost of a row stays the same at a hundred million rows.
-- The windows and gaps above, moved in the same transaction, keep each message from being stored twice.
CREATE TABLE readings (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL,
    boot_id BIGINT NOT NULL,
    lane SMALLINT NOT NULL,
    seq BIGINT NOT NULL,
    channel SMALLINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    at TIMESTAMP NOT NULL,
    device_at TIMESTAMP,
    received_at TIMESTAMP NOT NULL
);

CREATE TABLE latest_readings (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    channel SMALLINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (device_id, channel)
);

CREATE TABLE quarantine (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    error TEXT NOT NULL,
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL,
    occurrences BIGINT NOT NULL,
    UNIQUE (device_id, topic, error)
);

CREATE TABLE alerts (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    institution_id BIGINT REFERENCES institutions (id),
    kind TEXT NOT NULL CHECK (kind IN ('sos', 'fall', 'fire', 'smoke', 'gas', 'threshold', 'fault', 'other')),
    channel SMALLINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    raised_at TIMESTAMP NOT NULL,
    acknowledged_at TIMESTAMP,
    acknowledged_by TEXT,
    cleared_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
-- One active alert per device and channel, whatever races.
CREATE UNIQUE INDEX alerts_one_active ON alerts (device_id, channel) WHERE cleared_at IS NULL;
CREATE INDEX alerts_by_time ON alerts (raised_at);
