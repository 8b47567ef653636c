-- Users, what they may do and where, their sessions; the audit chain and the outbox that every business transaction writes to.

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT,
    -- Somebody else has seen it: the user must choose another before anything else.
    password_once BOOLEAN NOT NULL DEFAULT FALSE,
    disabled_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE user_grants (
    id INTEGER NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('coordinator', 'caregiver', 'institution_manager', 'city_manager', 'duty_officer',
        'system_administrator', 'security_administrator', 'audit_administrator')),
    place_kind TEXT NOT NULL CHECK (place_kind IN ('city', 'town', 'institution', 'provider', 'own')),
    place_id TEXT NOT NULL,
    UNIQUE (user_id, role, place_kind, place_id)
);
-- Separation of the three administrators: no user holds two of these roles.
CREATE UNIQUE INDEX user_grants_one_administrator ON user_grants (user_id)
    WHERE role IN ('system_administrator', 'security_administrator', 'audit_administrator');

CREATE TABLE sessions (
    id INTEGER NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    token_hash BLOB NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE setup_links (
    id INTEGER NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);

CREATE TABLE audit_log (
    id BIGINT NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    user_id BIGINT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    town_code TEXT,
    detail TEXT NOT NULL,
    mac BLOB NOT NULL
);
CREATE INDEX audit_log_by_entity ON audit_log (entity, entity_id, id);
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log: rows are only ever added'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log: rows are only ever added'); END;

CREATE TABLE outbox (
    id INTEGER NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    topic TEXT NOT NULL,
    town_code TEXT,
    institution_id BIGINT,
    entity_id TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX outbox_by_time ON outbox (at);
