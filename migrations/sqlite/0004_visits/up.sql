-- Visits. What happened to a visit is its events, which are only ever added; the visit's state is the last event's.
-- A caregiver's assigned visits do not overlap.

CREATE TABLE service_items (
    code TEXT NOT NULL PRIMARY KEY,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    duration_min INTEGER NOT NULL,
    skill TEXT NOT NULL,
    price_fen BIGINT NOT NULL
);
INSERT INTO service_items (code, name_zh, name_en, duration_min, skill, price_fen) VALUES
    ('meal', '助餐', 'Meal support', 30, 'daily', 3000),
    ('bath', '助浴', 'Bathing', 60, 'personal', 8000),
    ('clean', '助洁', 'House cleaning', 45, 'daily', 4000),
    ('walk', '助行', 'Walking and outing', 45, 'daily', 4000),
    ('medical', '助医', 'Medical errand', 60, 'health', 6000),
    ('care', '基础照护', 'Basic care', 45, 'personal', 6000),
    ('health', '健康监测', 'Health check', 20, 'health', 3000),
    ('visit', '探访关爱', 'Visiting and care call', 20, 'daily', 2000);

CREATE TABLE visit_transitions (
    from_state TEXT NOT NULL,
    kind TEXT NOT NULL,
    to_state TEXT NOT NULL,
    PRIMARY KEY (from_state, kind, to_state)
);
INSERT INTO visit_transitions (from_state, kind, to_state) VALUES
    ('none', 'plan', 'planned'),
    ('planned', 'assign', 'assigned'),
    ('assigned', 'assign', 'assigned'),
    ('assigned', 'release', 'planned'),
    ('assigned', 'arrive', 'arrived'),
    ('arrived', 'finish', 'done'),
    ('planned', 'fail', 'not_done'),
    ('assigned', 'fail', 'not_done'),
    ('arrived', 'fail', 'not_done');

CREATE TABLE visits (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    service_code TEXT NOT NULL REFERENCES service_items (code),
    service_on DATE NOT NULL,
    window_starts_at TIMESTAMP NOT NULL,
    window_ends_at TIMESTAMP NOT NULL,
    duration_min INTEGER NOT NULL CHECK (duration_min BETWEEN 1 AND 1440),
    caregiver_id BIGINT REFERENCES caregivers (id),
    starts_at TIMESTAMP,
    ends_at TIMESTAMP,
    state TEXT NOT NULL DEFAULT 'none' CHECK (state IN ('none', 'planned', 'assigned', 'arrived', 'done', 'not_done')),
    version BIGINT NOT NULL DEFAULT 0,
    CHECK (window_ends_at > window_starts_at),
    CHECK ((caregiver_id IS NULL) = (starts_at IS NULL)),
    CHECK ((starts_at IS NULL) = (ends_at IS NULL)),
    CHECK (ends_at > starts_at)
);
CREATE INDEX visits_by_day ON visits (service_on, town_code, state);
CREATE INDEX visits_by_elder ON visits (elder_id, service_on);
CREATE INDEX visits_by_caregiver ON visits (caregiver_id, starts_at);

-- The chain of events is declared, not programmed: each event continues the one before it (first foreign key) along a legal
-- transition (second foreign key). `prev_seq` is empty only for the first event.
CREATE TABLE visit_events (
    visit_id BIGINT NOT NULL REFERENCES visits (id),
    seq BIGINT NOT NULL,
    prev_seq BIGINT,
    kind TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    caregiver_id BIGINT REFERENCES caregivers (id),
    note TEXT NOT NULL,
    PRIMARY KEY (visit_id, seq),
    UNIQUE (visit_id, seq, to_state),
    FOREIGN KEY (visit_id, prev_seq, from_state) REFERENCES visit_events (visit_id, seq, to_state),
    FOREIGN KEY (from_state, kind, to_state) REFERENCES visit_transitions (from_state, kind, to_state),
    CHECK ((seq = 1 AND prev_seq IS NULL AND from_state = 'none') OR (seq > 1 AND prev_seq IS NOT NULL AND prev_seq = seq - 1))
);
CREATE TRIGGER visit_events_no_update BEFORE UPDATE ON visit_events
BEGIN SELECT RAISE(ABORT, 'visit_events: rows are only ever added'); END;
CREATE TRIGGER visit_events_no_delete BEFORE DELETE ON visit_events
BEGIN SELECT RAISE(ABORT, 'visit_events: rows are only ever added'); END;
-- The state follows the last event and nothing else.
CREATE TRIGGER visit_events_move AFTER INSERT ON visit_events
BEGIN
    UPDATE visits SET state = NEW.to_state, version = NEW.seq WHERE id = NEW.visit_id;
END;
CREATE TRIGGER visits_state_follows BEFORE UPDATE OF state, version ON visits
WHEN NOT EXISTS (SELECT 1 FROM visit_events AS e WHERE e.visit_id = NEW.id AND e.seq = NEW.version AND e.to_state = NEW.state)
  OR EXISTS (SELECT 1 FROM visit_events AS e WHERE e.visit_id = NEW.id AND e.seq > NEW.version)
BEGIN SELECT RAISE(ABORT, 'visits_state_follows'); END;
CREATE TRIGGER visits_start_bare BEFORE INSERT ON visits WHEN NEW.state <> 'none' OR NEW.version <> 0
BEGIN SELECT RAISE(ABORT, 'visits_state_follows'); END;
CREATE TRIGGER visits_caregiver_once_insert AFTER INSERT ON visits
WHEN NEW.caregiver_id IS NOT NULL AND NEW.state <> 'not_done'
BEGIN
    SELECT RAISE(ABORT, 'visits_caregiver_once') WHERE EXISTS (
        SELECT 1 FROM visits AS other
        WHERE other.caregiver_id = NEW.caregiver_id AND other.id <> NEW.id AND other.state <> 'not_done'
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
END;
CREATE TRIGGER visits_caregiver_once_update AFTER UPDATE ON visits
WHEN NEW.caregiver_id IS NOT NULL AND NEW.state <> 'not_done'
BEGIN
    SELECT RAISE(ABORT, 'visits_caregiver_once') WHERE EXISTS (
        SELECT 1 FROM visits AS other
        WHERE other.caregiver_id = NEW.caregiver_id AND other.id <> NEW.id AND other.state <> 'not_done'
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
END;
