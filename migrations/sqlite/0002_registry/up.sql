-- Towns, villages, providers, institutions, stations, caregivers, and settings that hold from a day on.

CREATE TABLE dated_settings (
    name TEXT NOT NULL,
    effective_on DATE NOT NULL,
    value BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (name, effective_on)
);

CREATE TABLE towns (
    code TEXT NOT NULL PRIMARY KEY,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('street', 'town')),
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    area_km2 DOUBLE PRECISION,
    elders_60plus_est BIGINT NOT NULL
);

CREATE TABLE villages (
    code TEXT NOT NULL PRIMARY KEY,
    town_code TEXT NOT NULL REFERENCES towns (code),
    name_zh TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('village', 'community', 'other')),
    listed_2019 BOOLEAN NOT NULL,
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL
);
CREATE INDEX villages_by_town ON villages (town_code);

CREATE TABLE providers (
    id INTEGER NOT NULL PRIMARY KEY,
    town_code TEXT NOT NULL REFERENCES towns (code),
    name TEXT NOT NULL UNIQUE,
    phone TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE institutions (
    id INTEGER NOT NULL PRIMARY KEY,
    town_code TEXT NOT NULL REFERENCES towns (code),
    village_code TEXT REFERENCES villages (code),
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('public', 'private', 'public_built', 'village_home', 'embedded', 'welfare_centre')),
    state TEXT NOT NULL CHECK (state IN ('operating', 'under_construction', 'idle', 'closed')),
    operator TEXT NOT NULL,
    phone TEXT NOT NULL,
    micro_fire_station BOOLEAN NOT NULL,
    opened_on DATE,
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX institutions_by_town ON institutions (town_code);

CREATE TABLE stations (
    id INTEGER NOT NULL PRIMARY KEY,
    town_code TEXT NOT NULL REFERENCES towns (code),
    village_code TEXT NOT NULL REFERENCES villages (code),
    provider_id BIGINT REFERENCES providers (id),
    name TEXT NOT NULL,
    smart BOOLEAN NOT NULL,
    services TEXT NOT NULL,
    phone TEXT NOT NULL,
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (village_code, name)
);
CREATE INDEX stations_by_town ON stations (town_code);

CREATE TABLE caregivers (
    id INTEGER NOT NULL PRIMARY KEY,
    provider_id BIGINT NOT NULL REFERENCES providers (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    name TEXT NOT NULL,
    gender TEXT NOT NULL CHECK (gender IN ('female', 'male')),
    phone_sealed BLOB,
    skills TEXT NOT NULL,
    languages TEXT NOT NULL,
    shift_days TEXT NOT NULL,
    shift_starts_min INTEGER NOT NULL CHECK (shift_starts_min BETWEEN 0 AND 1439),
    shift_ends_min INTEGER NOT NULL CHECK (shift_ends_min BETWEEN 1 AND 2880),
    travel_mode TEXT NOT NULL CHECK (travel_mode IN ('walk', 'bicycle', 'e_bike', 'car')),
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    active BOOLEAN NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    CHECK (shift_ends_min > shift_starts_min)
);
CREATE INDEX caregivers_by_town ON caregivers (town_code);
CREATE INDEX caregivers_by_provider ON caregivers (provider_id);
