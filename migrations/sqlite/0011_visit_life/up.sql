-- The life of a visit: offered, on the way, confirmed; reasons as data; what was reported and how well it is proven; absences of
-- caregivers, who are in one place at a time; corrections, follow-ups and what was noticed late.

-- SQLite cannot change a CHECK: the column is made anew. What looks at it is put back below.
DROP TRIGGER visit_events_no_update;
DROP TRIGGER visit_events_move;
DROP TRIGGER visits_state_follows;
DROP TRIGGER visits_start_bare;
DROP TRIGGER visits_caregiver_once_insert;
DROP TRIGGER visits_caregiver_once_update;
DROP TRIGGER visits_past_stays;
DROP INDEX visits_by_day;
ALTER TABLE visits RENAME COLUMN state TO former_state;
ALTER TABLE visits ADD COLUMN state TEXT NOT NULL DEFAULT 'none' CHECK (state IN ('none', 'planned', 'offered', 'assigned', 'on_the_way', 'arrived', 'done', 'confirmed', 'not_done'));
UPDATE visits SET state = former_state;
ALTER TABLE visits DROP COLUMN former_state;
CREATE INDEX visits_by_day ON visits (service_on, town_code, state);

-- Why a visit was not done, and what follows from it. An office changes rows, not the program.
CREATE TABLE fail_reasons (
    code TEXT NOT NULL PRIMARY KEY,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    -- Somebody calls or comes again within so many minutes, and writes down whom they reached.
    contact_within_min INTEGER CHECK (contact_within_min BETWEEN 1 AND 10080),
    -- Somebody sees to it that the elder is well within so many minutes.
    welfare_within_min INTEGER CHECK (welfare_within_min BETWEEN 1 AND 10080),
    may_make_up BOOLEAN NOT NULL,
    needs_note BOOLEAN NOT NULL,
    -- Whether a person chooses it; the others follow from what the program does.
    choosable BOOLEAN NOT NULL,
    place INTEGER NOT NULL
);
INSERT INTO fail_reasons (code, name_zh, name_en, contact_within_min, welfare_within_min, may_make_up, needs_note, choosable, place) VALUES
    ('nobody_home', '无人应门', 'Nobody at home', 30, 120, TRUE, FALSE, TRUE, 1),
    ('refused', '老人谢绝服务', 'Elder declined', 240, NULL, TRUE, FALSE, TRUE, 2),
    ('hospital', '老人就医或住院', 'Elder at the doctor''s or in hospital', NULL, NULL, FALSE, FALSE, TRUE, 3),
    ('caregiver_absent', '护理员未能到岗', 'Caregiver could not come', 60, NULL, TRUE, FALSE, TRUE, 4),
    ('weather', '恶劣天气', 'Bad weather', 120, NULL, TRUE, FALSE, TRUE, 5),
    ('moved', '老人已搬离', 'Elder has moved', 1440, NULL, FALSE, FALSE, TRUE, 6),
    ('died', '老人已去世', 'Elder has died', NULL, NULL, FALSE, FALSE, TRUE, 7),
    ('other', '其他', 'Other', NULL, NULL, TRUE, TRUE, TRUE, 8),
    ('not_proven', '服务凭证未通过', 'Proof was rejected', NULL, NULL, TRUE, TRUE, FALSE, 9);

-- When it really began and ended, and why it was not done: as the last event says. A make-up visit names the one it makes up for.
ALTER TABLE visits ADD COLUMN arrived_at TIMESTAMP;
ALTER TABLE visits ADD COLUMN ended_at TIMESTAMP;
ALTER TABLE visits ADD COLUMN fail_reason TEXT REFERENCES fail_reasons (code);
ALTER TABLE visits ADD COLUMN makes_up_id BIGINT REFERENCES visits (id);
CREATE UNIQUE INDEX visits_make_up_once ON visits (makes_up_id) WHERE makes_up_id IS NOT NULL;

ALTER TABLE visit_events ADD COLUMN reason TEXT REFERENCES fail_reasons (code);
ALTER TABLE visit_events ADD COLUMN arrived_at TIMESTAMP;
ALTER TABLE visit_events ADD COLUMN ended_at TIMESTAMP;
-- The reason stood in front of the note.
UPDATE visit_events SET
    reason = CASE substr(note, 1, CASE instr(note, ': ') WHEN 0 THEN length(note) ELSE instr(note, ': ') - 1 END)
        WHEN 'absent' THEN 'nobody_home' WHEN 'declined' THEN 'refused' WHEN 'hospital' THEN 'hospital'
        WHEN 'no_caregiver' THEN 'caregiver_absent' ELSE 'other' END,
    note = CASE
        WHEN note IN ('absent', 'declined', 'hospital', 'no_caregiver', 'other') THEN ''
        WHEN substr(note, 1, instr(note, ': ') - 1) IN ('absent', 'declined', 'hospital', 'no_caregiver', 'other')
            THEN substr(note, instr(note, ': ') + 2)
        ELSE note END
    WHERE kind = 'fail';
UPDATE visits SET
    arrived_at = (SELECT e.at FROM visit_events AS e WHERE e.visit_id = visits.id AND e.kind = 'arrive'),
    ended_at = (SELECT e.at FROM visit_events AS e WHERE e.visit_id = visits.id AND e.kind = 'finish'),
    fail_reason = (SELECT e.reason FROM visit_events AS e WHERE e.visit_id = visits.id AND e.kind = 'fail')
    WHERE state IN ('arrived', 'done', 'not_done');
INSERT INTO visit_transitions (from_state, kind, to_state) VALUES
    ('planned', 'offer', 'offered'),
    ('offered', 'offer', 'offered'),
    ('offered', 'accept', 'assigned'),
    ('offered', 'decline', 'planned'),
    ('offered', 'release', 'planned'),
    ('offered', 'assign', 'assigned'),
    ('offered', 'fail', 'not_done'),
    ('assigned', 'depart', 'on_the_way'),
    ('on_the_way', 'assign', 'assigned'),
    ('on_the_way', 'release', 'planned'),
    ('on_the_way', 'arrive', 'arrived'),
    ('on_the_way', 'fail', 'not_done'),
    ('done', 'confirm', 'confirmed'),
    ('done', 'reject', 'not_done'),
    ('arrived', 'correct', 'arrived'),
    ('done', 'correct', 'done'),
    ('confirmed', 'correct', 'confirmed'),
    ('not_done', 'correct', 'not_done'),
    ('confirmed', 'reopen', 'done'),
    ('not_done', 'reopen', 'planned');

CREATE TRIGGER visit_events_no_update BEFORE UPDATE ON visit_events
BEGIN SELECT RAISE(ABORT, 'visit_events: rows are only ever added'); END;
-- The state and the facts follow the last event and nothing else.
CREATE TRIGGER visit_events_move AFTER INSERT ON visit_events
BEGIN
    UPDATE visits SET state = NEW.to_state, version = NEW.seq,
        arrived_at = CASE WHEN NEW.to_state IN ('none', 'planned') THEN NULL WHEN NEW.kind = 'arrive' THEN NEW.at
            ELSE COALESCE(NEW.arrived_at, arrived_at) END,
        ended_at = CASE WHEN NEW.to_state IN ('none', 'planned') THEN NULL WHEN NEW.kind = 'finish' THEN NEW.at
            ELSE COALESCE(NEW.ended_at, ended_at) END,
        fail_reason = CASE WHEN NEW.to_state = 'not_done' THEN COALESCE(NEW.reason, fail_reason) END
    WHERE id = NEW.visit_id;
END;
CREATE TRIGGER visits_state_follows BEFORE UPDATE OF state, version ON visits
WHEN NOT EXISTS (SELECT 1 FROM visit_events AS e WHERE e.visit_id = NEW.id AND e.seq = NEW.version AND e.to_state = NEW.state)
  OR EXISTS (SELECT 1 FROM visit_events AS e WHERE e.visit_id = NEW.id AND e.seq > NEW.version)
BEGIN SELECT RAISE(ABORT, 'visits_state_follows'); END;
-- Only an event changes the version, and by the trigger above nothing else can.
CREATE TRIGGER visits_facts_follow BEFORE UPDATE OF arrived_at, ended_at, fail_reason ON visits
WHEN NEW.version = OLD.version AND (NEW.arrived_at IS NOT OLD.arrived_at OR NEW.ended_at IS NOT OLD.ended_at
    OR NEW.fail_reason IS NOT OLD.fail_reason)
BEGIN SELECT RAISE(ABORT, 'visits_facts_follow'); END;
CREATE TRIGGER visits_start_bare BEFORE INSERT ON visits WHEN NEW.state <> 'none' OR NEW.version <> 0
    OR NEW.arrived_at IS NOT NULL OR NEW.ended_at IS NOT NULL OR NEW.fail_reason IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'visits_state_follows'); END;
-- What a visit was is never rewritten once the caregiver has arrived or it is over.
CREATE TRIGGER visits_past_stays BEFORE UPDATE OF service_code, service_on, window_starts_at, window_ends_at, duration_min,
    price_fen, plan_item_id, plan_item_version, occurrence_on ON visits
WHEN OLD.state IN ('arrived', 'done', 'confirmed', 'not_done')
BEGIN SELECT RAISE(ABORT, 'visits_past_stays'); END;

-- When a caregiver is away: half-open. A cancelled one keeps nobody from anything.
CREATE TABLE caregiver_absences (
    id INTEGER NOT NULL PRIMARY KEY,
    caregiver_id BIGINT NOT NULL REFERENCES caregivers (id),
    kind TEXT NOT NULL CHECK (kind IN ('leave', 'sick', 'training', 'personal')),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    note TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    cancelled_by TEXT,
    cancelled_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (ends_at > starts_at),
    CHECK ((cancelled_at IS NULL) = (cancelled_by IS NULL))
);
CREATE INDEX caregiver_absences_by_caregiver ON caregiver_absences (caregiver_id, starts_at);
CREATE INDEX caregiver_absences_by_end ON caregiver_absences (ends_at);

-- Every period that keeps a caregiver, visit or absence: where overlap becomes impossible. Rows follow their sources by trigger and
-- cannot be written otherwise.
CREATE TABLE caregiver_claims (
    kind TEXT NOT NULL CHECK (kind IN ('visit', 'absence')),
    source_id BIGINT NOT NULL,
    caregiver_id BIGINT NOT NULL REFERENCES caregivers (id),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    PRIMARY KEY (kind, source_id),
    CHECK (ends_at > starts_at)
);
CREATE INDEX caregiver_claims_by_caregiver ON caregiver_claims (caregiver_id, starts_at);
INSERT INTO caregiver_claims (kind, source_id, caregiver_id, starts_at, ends_at)
    SELECT 'visit', id, caregiver_id, starts_at, ends_at FROM visits WHERE caregiver_id IS NOT NULL AND state <> 'not_done';

-- Claims of one caregiver lie one behind the other: only the last that begins before this one ends can reach into it.
CREATE TRIGGER caregiver_claims_once AFTER INSERT ON caregiver_claims
BEGIN
    SELECT RAISE(ABORT, 'caregiver_claims_once') WHERE NEW.starts_at < (
        SELECT other.ends_at FROM caregiver_claims AS other
        WHERE other.caregiver_id = NEW.caregiver_id AND other.starts_at < NEW.ends_at
          AND NOT (other.kind = NEW.kind AND other.source_id = NEW.source_id)
        ORDER BY other.starts_at DESC LIMIT 1);
END;
CREATE TRIGGER caregiver_claims_no_update BEFORE UPDATE ON caregiver_claims
BEGIN SELECT RAISE(ABORT, 'caregiver_claims_follow'); END;
CREATE TRIGGER caregiver_claims_true BEFORE INSERT ON caregiver_claims
BEGIN
    SELECT RAISE(ABORT, 'caregiver_claims_follow') WHERE NOT EXISTS (
        SELECT 1 FROM visits AS source WHERE NEW.kind = 'visit' AND source.id = NEW.source_id AND source.state <> 'not_done'
          AND source.caregiver_id = NEW.caregiver_id AND source.starts_at = NEW.starts_at AND source.ends_at = NEW.ends_at
        UNION ALL
        SELECT 1 FROM caregiver_absences AS source WHERE NEW.kind = 'absence' AND source.id = NEW.source_id
          AND source.cancelled_at IS NULL AND source.caregiver_id = NEW.caregiver_id
          AND source.starts_at = NEW.starts_at AND source.ends_at = NEW.ends_at);
END;
CREATE TRIGGER caregiver_claims_kept BEFORE DELETE ON caregiver_claims
BEGIN
    SELECT RAISE(ABORT, 'caregiver_claims_follow') WHERE EXISTS (
        SELECT 1 FROM visits AS source WHERE OLD.kind = 'visit' AND source.id = OLD.source_id AND source.state <> 'not_done'
          AND source.caregiver_id = OLD.caregiver_id AND source.starts_at = OLD.starts_at AND source.ends_at = OLD.ends_at
        UNION ALL
        SELECT 1 FROM caregiver_absences AS source WHERE OLD.kind = 'absence' AND source.id = OLD.source_id
          AND source.cancelled_at IS NULL AND source.caregiver_id = OLD.caregiver_id
          AND source.starts_at = OLD.starts_at AND source.ends_at = OLD.ends_at);
END;
CREATE TRIGGER visits_claim_insert AFTER INSERT ON visits WHEN NEW.caregiver_id IS NOT NULL AND NEW.state <> 'not_done'
BEGIN
    INSERT INTO caregiver_claims (kind, source_id, caregiver_id, starts_at, ends_at)
        VALUES ('visit', NEW.id, NEW.caregiver_id, NEW.starts_at, NEW.ends_at);
END;
CREATE TRIGGER visits_claim_update AFTER UPDATE OF id, caregiver_id, starts_at, ends_at, state ON visits
WHEN NEW.id <> OLD.id OR NEW.caregiver_id IS NOT OLD.caregiver_id OR NEW.starts_at IS NOT OLD.starts_at
    OR NEW.ends_at IS NOT OLD.ends_at OR (NEW.state = 'not_done') <> (OLD.state = 'not_done')
BEGIN
    DELETE FROM caregiver_claims WHERE kind = 'visit' AND source_id = OLD.id;
    INSERT INTO caregiver_claims (kind, source_id, caregiver_id, starts_at, ends_at)
        SELECT 'visit', NEW.id, NEW.caregiver_id, NEW.starts_at, NEW.ends_at
        WHERE NEW.caregiver_id IS NOT NULL AND NEW.state <> 'not_done';
END;
CREATE TRIGGER visits_claim_delete AFTER DELETE ON visits
BEGIN DELETE FROM caregiver_claims WHERE kind = 'visit' AND source_id = OLD.id; END;
CREATE TRIGGER absences_claim_insert AFTER INSERT ON caregiver_absences WHEN NEW.cancelled_at IS NULL
BEGIN
    INSERT INTO caregiver_claims (kind, source_id, caregiver_id, starts_at, ends_at)
        VALUES ('absence', NEW.id, NEW.caregiver_id, NEW.starts_at, NEW.ends_at);
END;
CREATE TRIGGER absences_claim_update AFTER UPDATE OF id, caregiver_id, starts_at, ends_at, cancelled_at ON caregiver_absences
WHEN NEW.id <> OLD.id OR NEW.caregiver_id <> OLD.caregiver_id OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at <> OLD.ends_at
    OR (NEW.cancelled_at IS NULL) <> (OLD.cancelled_at IS NULL)
BEGIN
    DELETE FROM caregiver_claims WHERE kind = 'absence' AND source_id = OLD.id;
    INSERT INTO caregiver_claims (kind, source_id, caregiver_id, starts_at, ends_at)
        SELECT 'absence', NEW.id, NEW.caregiver_id, NEW.starts_at, NEW.ends_at WHERE NEW.cancelled_at IS NULL;
END;
CREATE TRIGGER absences_claim_delete AFTER DELETE ON caregiver_absences
BEGIN DELETE FROM caregiver_claims WHERE kind = 'absence' AND source_id = OLD.id; END;

-- What a phone or the office reported of a visit, as it was reported. A step that the visit's state does not allow is kept as
-- evidence, and taken once the step before it has come.
CREATE TABLE visit_steps (
    id INTEGER NOT NULL PRIMARY KEY,
    visit_id BIGINT NOT NULL REFERENCES visits (id),
    kind TEXT NOT NULL CHECK (kind IN ('depart', 'arrive', 'finish', 'fail')),
    actor TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    -- Of a caregiver who reports for themselves.
    caregiver_id BIGINT REFERENCES caregivers (id),
    request_key TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL,
    -- What the phone's clock showed, and when that was by ours.
    device_at TIMESTAMP NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    time_basis TEXT NOT NULL CHECK (time_basis IN ('monotonic', 'offset', 'received')),
    clock_off_ms BIGINT NOT NULL,
    clock_jumped BOOLEAN NOT NULL,
    offline BOOLEAN NOT NULL,
    longitude DOUBLE PRECISION,
    latitude DOUBLE PRECISION,
    accuracy_m DOUBLE PRECISION,
    no_position TEXT CHECK (no_position IN ('denied', 'unavailable', 'timeout', 'unsupported')),
    code_matches BOOLEAN,
    reason TEXT REFERENCES fail_reasons (code),
    problem TEXT,
    note TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('taken', 'kept')),
    event_seq BIGINT,
    UNIQUE (user_id, request_key),
    CHECK ((longitude IS NULL) = (latitude IS NULL)),
    CHECK ((longitude IS NULL) = (accuracy_m IS NULL)),
    CHECK ((outcome = 'taken') = (event_seq IS NOT NULL)),
    FOREIGN KEY (visit_id, event_seq) REFERENCES visit_events (visit_id, seq)
);
CREATE INDEX visit_steps_by_visit ON visit_steps (visit_id, happened_at);

-- Photos and signatures, sealed; equal ones are found by a keyed digest.
CREATE TABLE visit_files (
    id INTEGER NOT NULL PRIMARY KEY,
    visit_id BIGINT NOT NULL REFERENCES visits (id),
    step_id BIGINT NOT NULL REFERENCES visit_steps (id),
    kind TEXT NOT NULL CHECK (kind IN ('photo', 'signature')),
    media TEXT NOT NULL CHECK (media IN ('image/jpeg', 'image/png', 'image/webp', 'image/svg+xml')),
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    size_bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    sealed BLOB NOT NULL,
    at TIMESTAMP NOT NULL,
    UNIQUE (step_id, kind)
);
CREATE INDEX visit_files_by_visit ON visit_files (visit_id);
CREATE INDEX visit_files_by_digest ON visit_files (digest);

-- How well a visit is proven, and why; follows its evidence.
CREATE TABLE visit_proofs (
    visit_id BIGINT NOT NULL PRIMARY KEY REFERENCES visits (id),
    strength TEXT NOT NULL CHECK (strength IN ('strong', 'fair', 'weak', 'contradictory')),
    findings TEXT NOT NULL,
    computed_at TIMESTAMP NOT NULL
);

-- Visits whose proof somebody has to look at; one for each visit.
CREATE TABLE visit_exceptions (
    id INTEGER NOT NULL PRIMARY KEY,
    visit_id BIGINT NOT NULL UNIQUE REFERENCES visits (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    caregiver_id BIGINT REFERENCES caregivers (id),
    cause TEXT NOT NULL,
    causes TEXT NOT NULL,
    strength TEXT NOT NULL CHECK (strength IN ('strong', 'fair', 'weak', 'contradictory')),
    state TEXT NOT NULL CHECK (state IN ('open', 'asked', 'approved', 'corrected', 'rejected', 'settled')),
    opened_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX visit_exceptions_by_state ON visit_exceptions (state, town_code, opened_at);
CREATE TABLE visit_exception_events (
    exception_id BIGINT NOT NULL REFERENCES visit_exceptions (id),
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('open', 'ask', 'approve', 'correct', 'reject', 'settle', 'reopen')),
    at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (exception_id, seq)
);

-- A correction that somebody asks for and somebody else decides; once approved it is an event of the visit.
CREATE TABLE visit_corrections (
    id INTEGER NOT NULL PRIMARY KEY,
    visit_id BIGINT NOT NULL REFERENCES visits (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    arrived_at TIMESTAMP,
    ended_at TIMESTAMP,
    caregiver_id BIGINT REFERENCES caregivers (id),
    fail_reason TEXT REFERENCES fail_reasons (code),
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'refused')),
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    decided_by TEXT,
    decided_at TIMESTAMP,
    answer TEXT NOT NULL,
    event_seq BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (decided_by IS NULL OR decided_by <> asked_by),
    CHECK ((state = 'asked') = (decided_by IS NULL)),
    CHECK ((state = 'approved') = (event_seq IS NOT NULL)),
    FOREIGN KEY (visit_id, event_seq) REFERENCES visit_events (visit_id, seq)
);
CREATE UNIQUE INDEX visit_corrections_one_open ON visit_corrections (visit_id) WHERE state = 'asked';
CREATE INDEX visit_corrections_by_state ON visit_corrections (state, town_code, asked_at);

-- What has to be done after a visit that was not done: another attempt to reach somebody, or seeing that the elder is well.
CREATE TABLE follow_ups (
    id INTEGER NOT NULL PRIMARY KEY,
    visit_id BIGINT NOT NULL REFERENCES visits (id),
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    kind TEXT NOT NULL CHECK (kind IN ('second_contact', 'welfare_check')),
    opened_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    owner TEXT NOT NULL,
    closed_at TIMESTAMP,
    closed_by TEXT,
    contacted_at TIMESTAMP,
    whom TEXT CHECK (whom IN ('elder', 'family', 'neighbour', 'village', 'other')),
    result TEXT CHECK (result IN ('well', 'needs_help', 'hospital', 'not_reached', 'not_needed')),
    note TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    UNIQUE (visit_id, kind, opened_at),
    CHECK ((closed_at IS NULL) = (result IS NULL)),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE INDEX follow_ups_open ON follow_ups (town_code, due_at) WHERE closed_at IS NULL;
CREATE INDEX follow_ups_by_visit ON follow_ups (visit_id);

-- That a visit was late, or a follow-up overdue, noticed once for each threshold.
CREATE TABLE visit_notices (
    visit_id BIGINT NOT NULL REFERENCES visits (id),
    kind TEXT NOT NULL CHECK (kind IN ('late_15', 'late_30', 'late_60', 'overrun', 'contact_due', 'welfare_due')),
    -- When it should have begun or ended: a visit that is planned anew has other thresholds.
    base_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    noticed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (visit_id, kind, base_at)
);

INSERT INTO dated_settings (name, effective_on, value, source) VALUES
    ('visit_fence_m', '2025-01-01', 150, 'proposal'),
    ('visit_accuracy_max_m', '2025-01-01', 500, 'proposal'),
    ('visit_early_min', '2025-01-01', 30, 'proposal'),
    ('visit_duration_fair_percent', '2025-01-01', 80, 'proposal'),
    ('visit_duration_weak_percent', '2025-01-01', 50, 'proposal'),
    ('visit_speed_max_km_h', '2025-01-01', 80, 'proposal'),
    ('visit_clock_max_s', '2025-01-01', 300, 'proposal'),
    ('visit_overrun_min', '2025-01-01', 30, 'proposal'),
    ('visit_unseen_days', '2025-01-01', 7, 'proposal');

-- What was reported stays as it was reported.
CREATE TRIGGER visit_steps_stay BEFORE UPDATE OF visit_id, kind, actor, user_id, caregiver_id, request_key, received_at, device_at,
    happened_at, time_basis, clock_off_ms, clock_jumped, offline, longitude, latitude, accuracy_m, no_position, code_matches,
    reason, problem, note ON visit_steps
BEGIN SELECT RAISE(ABORT, 'visit_steps: what was reported stays'); END;
CREATE TRIGGER visit_steps_no_delete BEFORE DELETE ON visit_steps
BEGIN SELECT RAISE(ABORT, 'visit_steps: what was reported stays'); END;
CREATE TRIGGER visit_exception_events_no_update BEFORE UPDATE ON visit_exception_events
BEGIN SELECT RAISE(ABORT, 'visit_exception_events: rows are only ever added'); END;
CREATE TRIGGER visit_exception_events_no_delete BEFORE DELETE ON visit_exception_events
BEGIN SELECT RAISE(ABORT, 'visit_exception_events: rows are only ever added'); END;
