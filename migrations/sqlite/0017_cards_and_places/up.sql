-- The card at an elder's door, and where devices stand: at a station, in an institution or one of its rooms, at an elder's.

-- A card's code is sealed for its printing, and found again by its index. The newest card of an elder is the one that counts.
CREATE TABLE door_cards (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    code_sealed BLOB NOT NULL,
    code_index BLOB NOT NULL UNIQUE,
    issued_at TIMESTAMP NOT NULL,
    issued_by TEXT NOT NULL,
    ended_at TIMESTAMP,
    ended_by TEXT,
    ending TEXT CHECK (ending IN ('replaced', 'revoked')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (ending IS NULL)),
    CHECK (ended_at >= issued_at)
);
CREATE UNIQUE INDEX door_cards_one_valid ON door_cards (elder_id) WHERE ended_at IS NULL;
CREATE INDEX door_cards_by_elder ON door_cards (elder_id);
CREATE TRIGGER door_cards_stay_ended BEFORE UPDATE ON door_cards WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'door_cards: an ended card stays ended'); END;
-- What the code of a report was found to be; code_matches says whether it was the right one.
ALTER TABLE visit_steps ADD COLUMN code_found TEXT CHECK (code_found IN ('right', 'old', 'foreign', 'unknown'));

-- devices says where a device stands now. SQLite changes a check by making the table anew; the rows that refer to it wait
-- until they are there again.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE devices_before AS SELECT * FROM devices;
DROP TABLE devices;
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
    room_id BIGINT REFERENCES rooms (id),
    elder_id BIGINT REFERENCES elders (id),
    CHECK ((station_id IS NOT NULL) + (institution_id IS NOT NULL) + (elder_id IS NOT NULL) = 1),
    CHECK (room_id IS NULL OR institution_id IS NOT NULL)
);
INSERT INTO devices (id, code, kind, name, town_code, station_id, institution_id, token_hash, presence, presence_at, connection_id,
        last_seen_at, disabled_at, created_at, version)
    SELECT id, code, kind, name, town_code, station_id, institution_id, token_hash, presence, presence_at, connection_id,
        last_seen_at, disabled_at, created_at, version FROM devices_before;
DROP TABLE devices_before;
CREATE INDEX devices_by_town ON devices (town_code);
CREATE INDEX devices_by_elder ON devices (elder_id) WHERE elder_id IS NOT NULL;

-- Where a device stood, from when to when: at one place at a time.
CREATE TABLE device_places (
    id INTEGER NOT NULL PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    station_id BIGINT REFERENCES stations (id),
    institution_id BIGINT REFERENCES institutions (id),
    room_id BIGINT REFERENCES rooms (id),
    elder_id BIGINT REFERENCES elders (id),
    from_at TIMESTAMP NOT NULL,
    to_at TIMESTAMP,
    placed_by TEXT NOT NULL,
    CHECK ((station_id IS NOT NULL) + (institution_id IS NOT NULL) + (elder_id IS NOT NULL) = 1),
    CHECK (room_id IS NULL OR institution_id IS NOT NULL),
    CHECK (to_at >= from_at)
);
CREATE UNIQUE INDEX device_places_one_now ON device_places (device_id) WHERE to_at IS NULL;
CREATE INDEX device_places_by_device ON device_places (device_id, from_at);
CREATE INDEX device_places_by_elder ON device_places (elder_id) WHERE elder_id IS NOT NULL;
CREATE TRIGGER device_places_once_insert BEFORE INSERT ON device_places
BEGIN
    SELECT RAISE(ABORT, 'device_places_once') WHERE EXISTS (
        SELECT 1 FROM device_places p WHERE p.device_id = NEW.device_id
            AND (NEW.to_at IS NULL OR p.from_at < NEW.to_at) AND (p.to_at IS NULL OR p.to_at > NEW.from_at));
END;
CREATE TRIGGER device_places_once_update BEFORE UPDATE ON device_places
BEGIN
    SELECT RAISE(ABORT, 'device_places_once') WHERE EXISTS (
        SELECT 1 FROM device_places p WHERE p.device_id = NEW.device_id AND p.id <> OLD.id
            AND (NEW.to_at IS NULL OR p.from_at < NEW.to_at) AND (p.to_at IS NULL OR p.to_at > NEW.from_at));
END;
INSERT INTO device_places (device_id, town_code, station_id, institution_id, from_at, placed_by)
    SELECT id, town_code, station_id, institution_id, created_at, 'system' FROM devices;

-- What devices measured at elders', by the hour: written with the readings, so that a day is read without them. A doubted value
-- is counted and counts for nothing else.
CREATE TABLE elder_hours (
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    day DATE NOT NULL,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    channel SMALLINT NOT NULL,
    hour_at TIMESTAMP NOT NULL,
    readings BIGINT NOT NULL,
    doubted BIGINT NOT NULL,
    lowest DOUBLE PRECISION,
    highest DOUBLE PRECISION,
    total DOUBLE PRECISION NOT NULL,
    last_value DOUBLE PRECISION NOT NULL,
    last_at TIMESTAMP NOT NULL,
    PRIMARY KEY (elder_id, day, device_id, channel, hour_at)
);
