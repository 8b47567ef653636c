-- Elders, rooms, beds and stays. A bed holds one stay at a time and an elder is in one bed at a time: the database refuses
-- anything else. Stays are half-open [starts_at, ends_at); a stay without ends_at goes on.

CREATE TABLE elders (
    id INTEGER NOT NULL PRIMARY KEY,
    town_code TEXT NOT NULL REFERENCES towns (code),
    village_code TEXT NOT NULL REFERENCES villages (code),
    name TEXT NOT NULL,
    gender TEXT NOT NULL CHECK (gender IN ('female', 'male')),
    born_on DATE NOT NULL,
    categories TEXT NOT NULL,
    home_visits BOOLEAN NOT NULL,
    identity_sealed BLOB,
    identity_index BLOB UNIQUE,
    phone_sealed BLOB,
    address_sealed BLOB,
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX elders_by_town ON elders (town_code);

CREATE TABLE rooms (
    id INTEGER NOT NULL PRIMARY KEY,
    institution_id BIGINT NOT NULL REFERENCES institutions (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    building TEXT NOT NULL,
    floor INTEGER NOT NULL,
    number TEXT NOT NULL,
    UNIQUE (institution_id, building, number)
);

CREATE TABLE beds (
    id INTEGER NOT NULL PRIMARY KEY,
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    institution_id BIGINT NOT NULL REFERENCES institutions (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    label TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('self_care', 'nursing', 'dementia', 'rehabilitation', 'day_place')),
    UNIQUE (room_id, label)
);
CREATE INDEX beds_by_institution ON beds (institution_id);
CREATE INDEX beds_by_town ON beds (town_code);

CREATE TABLE stays (
    id INTEGER NOT NULL PRIMARY KEY,
    bed_id BIGINT NOT NULL REFERENCES beds (id),
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    institution_id BIGINT NOT NULL REFERENCES institutions (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (ends_at IS NULL OR ends_at > starts_at)
);
CREATE INDEX stays_by_bed ON stays (bed_id, starts_at);
CREATE INDEX stays_by_elder ON stays (elder_id, starts_at);
CREATE INDEX stays_by_institution ON stays (institution_id);
CREATE TRIGGER stays_once_insert AFTER INSERT ON stays
BEGIN
    SELECT RAISE(ABORT, 'stays_bed_once') WHERE EXISTS (
        SELECT 1 FROM stays AS other
        WHERE other.bed_id = NEW.bed_id AND other.id <> NEW.id
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
    SELECT RAISE(ABORT, 'stays_elder_once') WHERE EXISTS (
        SELECT 1 FROM stays AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
END;
CREATE TRIGGER stays_once_update AFTER UPDATE ON stays
BEGIN
    SELECT RAISE(ABORT, 'stays_bed_once') WHERE EXISTS (
        SELECT 1 FROM stays AS other
        WHERE other.bed_id = NEW.bed_id AND other.id <> NEW.id
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
    SELECT RAISE(ABORT, 'stays_elder_once') WHERE EXISTS (
        SELECT 1 FROM stays AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
END;
