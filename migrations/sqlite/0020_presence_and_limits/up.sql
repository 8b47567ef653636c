-- Who is there and who has fallen silent, limits of alerts by device, and what people measured at a shared device with their card.

-- A check changes with its column: the old one is renamed, copied and dropped.
ALTER TABLE devices RENAME COLUMN presence TO presence_before;
ALTER TABLE devices ADD COLUMN presence TEXT NOT NULL DEFAULT 'never'
    CHECK (presence IN ('never', 'online', 'suspect', 'offline'));
UPDATE devices SET presence = presence_before;
ALTER TABLE devices DROP COLUMN presence_before;
-- Since when a connection to the broker in this program lives; it counts as heard while it does.
ALTER TABLE devices ADD COLUMN connected_at TIMESTAMP;
-- Messages heard since it was offline.
ALTER TABLE devices ADD COLUMN returning_messages SMALLINT NOT NULL DEFAULT 0;
-- It was there, is gone, and no alert has told of that yet.
ALTER TABLE devices ADD COLUMN silence_owed BOOLEAN NOT NULL DEFAULT FALSE;

-- From when on the program has been receiving without a break, whichever process it is: silence before that says nothing.
CREATE TABLE presence_watch (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    receiving_since TIMESTAMP NOT NULL
);

-- An alert is of a device, or of a site (a station or an institution) most of whose devices have fallen silent.
CREATE TABLE alerts_before AS SELECT * FROM alerts;
DROP TABLE alerts;
CREATE TABLE alerts (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT REFERENCES devices (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    institution_id BIGINT REFERENCES institutions (id),
    kind TEXT NOT NULL CHECK (kind IN ('sos', 'fall', 'fire', 'smoke', 'gas', 'threshold', 'fault', 'other', 'offline',
        'site_silent')),
    channel SMALLINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    raised_at TIMESTAMP NOT NULL,
    acknowledged_at TIMESTAMP,
    acknowledged_by TEXT,
    cleared_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    detail TEXT NOT NULL DEFAULT '',
    -- Of an alert of a station as a whole.
    station_id BIGINT REFERENCES stations (id),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
    CHECK ((kind = 'site_silent') = (device_id IS NULL)),
    CHECK (device_id IS NULL OR station_id IS NULL),
    CHECK (device_id IS NOT NULL OR (station_id IS NULL) <> (institution_id IS NULL))
);
INSERT INTO alerts (id, device_id, town_code, institution_id, kind, channel, value, raised_at, acknowledged_at, acknowledged_by,
        cleared_at, version, detail)
    SELECT id, device_id, town_code, institution_id, kind, channel, value, raised_at, acknowledged_at, acknowledged_by,
        cleared_at, version, detail FROM alerts_before;
DROP TABLE alerts_before;
-- One active alert per device and channel, and one per site, whatever races.
CREATE UNIQUE INDEX alerts_one_active ON alerts (device_id, channel) WHERE cleared_at IS NULL;
CREATE UNIQUE INDEX alerts_one_of_station ON alerts (station_id) WHERE cleared_at IS NULL AND station_id IS NOT NULL;
CREATE UNIQUE INDEX alerts_one_of_institution ON alerts (institution_id) WHERE cleared_at IS NULL AND device_id IS NULL;
CREATE INDEX alerts_by_time ON alerts (raised_at);
CREATE INDEX alerts_by_institution ON alerts (institution_id, raised_at);

-- Limits of one device's channel in place of the protocol's, in the channel's smallest step; or that it raises no alert. A row
-- stays when the protocol's limits hold again, so that versions go on.
CREATE TABLE device_limits (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    channel SMALLINT NOT NULL,
    choice TEXT NOT NULL CHECK (choice IN ('default', 'own', 'none')),
    low_raise INTEGER,
    low_clear INTEGER,
    high_raise INTEGER,
    high_clear INTEGER,
    version BIGINT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP NOT NULL,
    PRIMARY KEY (device_id, channel),
    CHECK ((low_raise IS NULL) = (low_clear IS NULL) AND (high_raise IS NULL) = (high_clear IS NULL)),
    CHECK ((choice = 'own') = (low_raise IS NOT NULL OR high_raise IS NOT NULL)),
    CHECK (low_raise < low_clear),
    CHECK (high_clear < high_raise),
    CHECK (low_clear <= high_clear)
);

-- What somebody measured at a shared device with their card. It is theirs and not the device's: neither readings nor latest
-- values hold it. The number of a card that nobody has is sealed; equal numbers are found by their index.
CREATE TABLE card_readings (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    boot_id BIGINT NOT NULL,
    lane SMALLINT NOT NULL CHECK (lane IN (0, 1)),
    seq BIGINT NOT NULL,
    channel SMALLINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    at TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    card_index BLOB NOT NULL,
    card_sealed BLOB,
    elder_id BIGINT REFERENCES elders (id),
    -- Who said whose it is, or that it is nobody's; neither for one whose card was known.
    settled_at TIMESTAMP,
    settled_by TEXT,
    dismissed_reason TEXT,
    CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
    CHECK (dismissed_reason IS NULL OR (settled_at IS NOT NULL AND elder_id IS NULL)),
    CHECK (settled_at IS NULL OR elder_id IS NOT NULL OR dismissed_reason IS NOT NULL)
);
CREATE INDEX card_readings_by_card ON card_readings (card_index);
CREATE INDEX card_readings_open ON card_readings (device_id) WHERE elder_id IS NULL AND settled_at IS NULL;
CREATE INDEX card_readings_by_elder ON card_readings (elder_id) WHERE elder_id IS NOT NULL;
