-- What can fill a bed besides a stay (a hold, an outage), what can happen inside a stay (a leave), and who waits for a bed.
-- All periods are half-open [starts_at, ends_at); one without ends_at goes on.

ALTER TABLE institutions ADD COLUMN licence_ends_on DATE;
ALTER TABLE elders ADD COLUMN died_at TIMESTAMP;
ALTER TABLE rooms ADD COLUMN gender_rule TEXT NOT NULL DEFAULT 'any' CHECK (gender_rule IN ('any', 'female', 'male', 'same'));
ALTER TABLE rooms ADD COLUMN couple BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE rooms ADD COLUMN isolation BOOLEAN NOT NULL DEFAULT FALSE;
-- A planned end is what was ordered; the bed is free when the person has left, which is ends_at.
ALTER TABLE stays ADD COLUMN planned_ends_at TIMESTAMP;
ALTER TABLE stays ADD COLUMN ending TEXT CHECK (ending IN ('discharge', 'transfer', 'death')) CHECK (ending IS NULL OR ends_at IS NOT NULL);
ALTER TABLE stays ADD COLUMN destination TEXT CHECK (destination IN ('home', 'relatives', 'hospital', 'institution', 'elsewhere'));
ALTER TABLE stays ADD COLUMN care_level TEXT CHECK (care_level IN ('self_care', 'half_care', 'full_care'));
ALTER TABLE stays ADD COLUMN contract_starts_on DATE;
ALTER TABLE stays ADD COLUMN contract_ends_on DATE;
ALTER TABLE stays ADD COLUMN contact_sealed BLOB;
CREATE INDEX stays_by_end ON stays (ends_at);
CREATE INDEX stays_planned ON stays (planned_ends_at) WHERE planned_ends_at IS NOT NULL;

-- Answers to the nine protections of GB 38600; a protection without a row is not answered.
CREATE TABLE stay_risks (
    stay_id BIGINT NOT NULL REFERENCES stays (id),
    risk TEXT NOT NULL CHECK (risk IN ('choking', 'wrong_medicine', 'pressure_injury', 'scald', 'fall_from_bed', 'fall',
        'wandering', 'harm', 'activity_accident')),
    present BOOLEAN NOT NULL,
    answered_at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (stay_id, risk)
);

-- Rules of admission that an office sets: off, warn, or block.
CREATE TABLE admission_rules (
    code TEXT NOT NULL PRIMARY KEY CHECK (code IN ('licence', 'risks', 'gender', 'level')),
    mode TEXT NOT NULL CHECK (mode IN ('off', 'warn', 'block'))
);
INSERT INTO admission_rules (code, mode) VALUES
    ('licence', 'warn'), ('risks', 'warn'), ('gender', 'block'), ('level', 'warn');

-- Who comes first: data of the office. Only the first class is given by a published rule; the others are a proposal.
CREATE TABLE waiting_classes (
    code TEXT NOT NULL PRIMARY KEY,
    rank INTEGER NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL
);
INSERT INTO waiting_classes (code, rank, name_zh, name_en, confirmed) VALUES
    ('extreme_hardship', 10, '特困人员', 'Extreme hardship', TRUE),
    ('minimum_living', 20, '低保、低保边缘失能老人', 'Low income and disabled', FALSE),
    ('bereaved', 30, '失独老人', 'Bereaved of an only child', FALSE),
    ('lone', 40, '孤寡、独居老人', 'Lone', FALSE),
    ('very_old', 50, '高龄老人', 'Very old', FALSE),
    ('general', 90, '其他老人', 'Others', FALSE);

CREATE TABLE waiting_entries (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    institution_id BIGINT REFERENCES institutions (id),
    bed_kind TEXT CHECK (bed_kind IN ('self_care', 'nursing', 'dementia', 'rehabilitation', 'day_place')),
    care_level TEXT CHECK (care_level IN ('self_care', 'half_care', 'full_care')),
    class_code TEXT NOT NULL REFERENCES waiting_classes (code),
    -- Set by a jump over a class; otherwise the class's own.
    jump_rank INTEGER,
    place BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'admitted', 'withdrawn')),
    note TEXT NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK ((state = 'waiting') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX waiting_entries_once ON waiting_entries (elder_id) WHERE state = 'waiting';
CREATE INDEX waiting_entries_by_place ON waiting_entries (state, place);

CREATE TABLE holds (
    id INTEGER NOT NULL PRIMARY KEY,
    bed_id BIGINT NOT NULL REFERENCES beds (id),
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    institution_id BIGINT NOT NULL REFERENCES institutions (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    outcome TEXT CHECK (outcome IN ('admitted', 'released', 'expired')),
    note TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (ends_at >= starts_at)
);
CREATE INDEX holds_by_bed ON holds (bed_id, starts_at);
CREATE INDEX holds_by_elder ON holds (elder_id, starts_at);
CREATE INDEX holds_open ON holds (ends_at) WHERE outcome IS NULL;

CREATE TABLE outages (
    id INTEGER NOT NULL PRIMARY KEY,
    bed_id BIGINT NOT NULL REFERENCES beds (id),
    institution_id BIGINT NOT NULL REFERENCES institutions (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    reason TEXT NOT NULL CHECK (reason IN ('cleaning', 'repair', 'isolation', 'other_reason')),
    note TEXT NOT NULL,
    starts_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP,
    ends_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (ends_at IS NULL OR ends_at >= starts_at)
);
CREATE INDEX outages_by_bed ON outages (bed_id, starts_at);

-- The bed belongs to the elder while they are away.
CREATE TABLE leaves (
    id INTEGER NOT NULL PRIMARY KEY,
    stay_id BIGINT NOT NULL REFERENCES stays (id),
    kind TEXT NOT NULL CHECK (kind IN ('home', 'hospital')),
    starts_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP,
    ends_at TIMESTAMP,
    note TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (ends_at IS NULL OR ends_at > starts_at)
);
CREATE INDEX leaves_by_stay ON leaves (stay_id, starts_at);

CREATE TABLE transfers (
    id INTEGER NOT NULL PRIMARY KEY,
    stay_id BIGINT NOT NULL REFERENCES stays (id),
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    institution_id BIGINT NOT NULL REFERENCES institutions (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    to_institution_id BIGINT NOT NULL REFERENCES institutions (id),
    to_town_code TEXT NOT NULL REFERENCES towns (code),
    state TEXT NOT NULL CHECK (state IN ('asked', 'moved', 'declined', 'taken_back')),
    reason TEXT NOT NULL,
    answer TEXT NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    answered_at TIMESTAMP,
    new_stay_id BIGINT REFERENCES stays (id),
    version BIGINT NOT NULL DEFAULT 1,
    CHECK ((state = 'asked') = (answered_at IS NULL)),
    CHECK ((state = 'moved') = (new_stay_id IS NOT NULL)),
    CHECK (institution_id <> to_institution_id)
);
CREATE UNIQUE INDEX transfers_one_open ON transfers (stay_id) WHERE state = 'asked';

-- That an institution looked at its figures and found them right; what they were then.
CREATE TABLE bed_confirmations (
    id INTEGER NOT NULL PRIMARY KEY,
    institution_id BIGINT NOT NULL REFERENCES institutions (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    beds BIGINT NOT NULL,
    occupied BIGINT NOT NULL,
    on_leave BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    out_of_service BIGINT NOT NULL,
    free BIGINT NOT NULL,
    CHECK (occupied + on_leave + reserved + out_of_service + free = beds)
);
CREATE INDEX bed_confirmations_latest ON bed_confirmations (institution_id, at);

-- One effect for each key of a program's request.
CREATE TABLE request_keys (
    user_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    answer BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX request_keys_by_age ON request_keys (at);

-- Every period that fills a bed, whatever it is: where overlap becomes impossible. Rows follow stays, holds and outages by
-- trigger and cannot be written otherwise.
CREATE TABLE bed_claims (
    kind TEXT NOT NULL CHECK (kind IN ('stay', 'hold', 'outage')),
    source_id BIGINT NOT NULL,
    bed_id BIGINT NOT NULL REFERENCES beds (id),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP,
    PRIMARY KEY (kind, source_id),
    CHECK (ends_at IS NULL OR ends_at > starts_at)
);
CREATE INDEX bed_claims_by_bed ON bed_claims (bed_id, starts_at);
-- What goes on at an instant is found among what ends after it, however long the history is.
CREATE INDEX bed_claims_by_end ON bed_claims (ends_at);
INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at)
    SELECT 'stay', id, bed_id, starts_at, ends_at FROM stays;

CREATE TRIGGER bed_claims_once AFTER INSERT ON bed_claims
BEGIN
    SELECT RAISE(ABORT, 'bed_claims_once') WHERE EXISTS (
        SELECT 1 FROM bed_claims AS other
        WHERE other.bed_id = NEW.bed_id AND NOT (other.kind = NEW.kind AND other.source_id = NEW.source_id)
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
END;
-- A claim is what its source says: it can be written only when it is, and taken away only when it is no longer.
CREATE TRIGGER bed_claims_no_update BEFORE UPDATE ON bed_claims
BEGIN SELECT RAISE(ABORT, 'bed_claims_follow'); END;
CREATE TRIGGER bed_claims_true BEFORE INSERT ON bed_claims
BEGIN
    SELECT RAISE(ABORT, 'bed_claims_follow') WHERE NOT EXISTS (
        SELECT 1 FROM stays AS source WHERE NEW.kind = 'stay' AND source.id = NEW.source_id AND source.bed_id = NEW.bed_id
          AND source.starts_at = NEW.starts_at AND source.ends_at IS NEW.ends_at
        UNION ALL
        SELECT 1 FROM holds AS source WHERE NEW.kind = 'hold' AND source.id = NEW.source_id AND source.bed_id = NEW.bed_id
          AND source.starts_at = NEW.starts_at AND source.ends_at IS NEW.ends_at
        UNION ALL
        SELECT 1 FROM outages AS source WHERE NEW.kind = 'outage' AND source.id = NEW.source_id AND source.bed_id = NEW.bed_id
          AND source.starts_at = NEW.starts_at AND source.ends_at IS NEW.ends_at);
END;
CREATE TRIGGER bed_claims_kept BEFORE DELETE ON bed_claims
BEGIN
    SELECT RAISE(ABORT, 'bed_claims_follow') WHERE EXISTS (
        SELECT 1 FROM stays AS source WHERE OLD.kind = 'stay' AND source.id = OLD.source_id AND source.bed_id = OLD.bed_id
          AND source.starts_at = OLD.starts_at AND source.ends_at IS OLD.ends_at
        UNION ALL
        SELECT 1 FROM holds AS source WHERE OLD.kind = 'hold' AND source.id = OLD.source_id AND source.bed_id = OLD.bed_id
          AND source.starts_at = OLD.starts_at AND source.ends_at IS OLD.ends_at
        UNION ALL
        SELECT 1 FROM outages AS source WHERE OLD.kind = 'outage' AND source.id = OLD.source_id AND source.bed_id = OLD.bed_id
          AND source.starts_at = OLD.starts_at AND source.ends_at IS OLD.ends_at);
END;

CREATE TRIGGER stays_claim_insert AFTER INSERT ON stays WHEN NEW.ends_at IS NULL OR NEW.ends_at > NEW.starts_at
BEGIN
    INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at)
        VALUES ('stay', NEW.id, NEW.bed_id, NEW.starts_at, NEW.ends_at);
END;
CREATE TRIGGER stays_claim_update AFTER UPDATE ON stays
    WHEN NEW.id <> OLD.id OR NEW.bed_id <> OLD.bed_id OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at IS NOT OLD.ends_at
BEGIN
    DELETE FROM bed_claims WHERE kind = 'stay' AND source_id = OLD.id;
    INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at)
        SELECT 'stay', NEW.id, NEW.bed_id, NEW.starts_at, NEW.ends_at WHERE NEW.ends_at IS NULL OR NEW.ends_at > NEW.starts_at;
END;
CREATE TRIGGER stays_claim_delete AFTER DELETE ON stays
BEGIN
    DELETE FROM bed_claims WHERE kind = 'stay' AND source_id = OLD.id;
END;

CREATE TRIGGER holds_claim_insert AFTER INSERT ON holds WHEN NEW.ends_at IS NULL OR NEW.ends_at > NEW.starts_at
BEGIN
    INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at)
        VALUES ('hold', NEW.id, NEW.bed_id, NEW.starts_at, NEW.ends_at);
END;
CREATE TRIGGER holds_claim_update AFTER UPDATE ON holds
    WHEN NEW.id <> OLD.id OR NEW.bed_id <> OLD.bed_id OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at IS NOT OLD.ends_at
BEGIN
    DELETE FROM bed_claims WHERE kind = 'hold' AND source_id = OLD.id;
    INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at)
        SELECT 'hold', NEW.id, NEW.bed_id, NEW.starts_at, NEW.ends_at WHERE NEW.ends_at IS NULL OR NEW.ends_at > NEW.starts_at;
END;
CREATE TRIGGER holds_claim_delete AFTER DELETE ON holds
BEGIN
    DELETE FROM bed_claims WHERE kind = 'hold' AND source_id = OLD.id;
END;

CREATE TRIGGER outages_claim_insert AFTER INSERT ON outages WHEN NEW.ends_at IS NULL OR NEW.ends_at > NEW.starts_at
BEGIN
    INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at)
        VALUES ('outage', NEW.id, NEW.bed_id, NEW.starts_at, NEW.ends_at);
END;
CREATE TRIGGER outages_claim_update AFTER UPDATE ON outages
    WHEN NEW.id <> OLD.id OR NEW.bed_id <> OLD.bed_id OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at IS NOT OLD.ends_at
BEGIN
    DELETE FROM bed_claims WHERE kind = 'outage' AND source_id = OLD.id;
    INSERT INTO bed_claims (kind, source_id, bed_id, starts_at, ends_at)
        SELECT 'outage', NEW.id, NEW.bed_id, NEW.starts_at, NEW.ends_at WHERE NEW.ends_at IS NULL OR NEW.ends_at > NEW.starts_at;
END;
CREATE TRIGGER outages_claim_delete AFTER DELETE ON outages
BEGIN
    DELETE FROM bed_claims WHERE kind = 'outage' AND source_id = OLD.id;
END;

CREATE TRIGGER holds_elder_once_insert AFTER INSERT ON holds WHEN NEW.ends_at > NEW.starts_at
BEGIN
    SELECT RAISE(ABORT, 'holds_elder_once') WHERE EXISTS (
        SELECT 1 FROM holds AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id AND other.starts_at < other.ends_at
          AND other.starts_at < NEW.ends_at AND NEW.starts_at < other.ends_at);
END;
CREATE TRIGGER leaves_once_insert AFTER INSERT ON leaves
BEGIN
    SELECT RAISE(ABORT, 'leaves_once') WHERE EXISTS (
        SELECT 1 FROM leaves AS other
        WHERE other.stay_id = NEW.stay_id AND other.id <> NEW.id
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
    SELECT RAISE(ABORT, 'leaves_inside_stay') WHERE EXISTS (
        SELECT 1 FROM stays AS stay
        WHERE stay.id = NEW.stay_id AND (NEW.starts_at < stay.starts_at
          OR (stay.ends_at IS NOT NULL AND (NEW.ends_at IS NULL OR NEW.ends_at > stay.ends_at))));
END;

CREATE TRIGGER holds_elder_once_update AFTER UPDATE ON holds WHEN NEW.ends_at > NEW.starts_at
BEGIN
    SELECT RAISE(ABORT, 'holds_elder_once') WHERE EXISTS (
        SELECT 1 FROM holds AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id AND other.starts_at < other.ends_at
          AND other.starts_at < NEW.ends_at AND NEW.starts_at < other.ends_at);
END;
CREATE TRIGGER leaves_once_update AFTER UPDATE ON leaves
BEGIN
    SELECT RAISE(ABORT, 'leaves_once') WHERE EXISTS (
        SELECT 1 FROM leaves AS other
        WHERE other.stay_id = NEW.stay_id AND other.id <> NEW.id
          AND other.starts_at < COALESCE(NEW.ends_at, '9999-12-31')
          AND NEW.starts_at < COALESCE(other.ends_at, '9999-12-31'));
    SELECT RAISE(ABORT, 'leaves_inside_stay') WHERE EXISTS (
        SELECT 1 FROM stays AS stay
        WHERE stay.id = NEW.stay_id AND (NEW.starts_at < stay.starts_at
          OR (stay.ends_at IS NOT NULL AND (NEW.ends_at IS NULL OR NEW.ends_at > stay.ends_at))));
END;

CREATE TRIGGER stays_keep_leaves AFTER UPDATE ON stays
BEGIN
    SELECT RAISE(ABORT, 'leaves_inside_stay') WHERE EXISTS (
        SELECT 1 FROM leaves AS inside
        WHERE inside.stay_id = NEW.id AND (inside.starts_at < NEW.starts_at
          OR (NEW.ends_at IS NOT NULL AND (inside.ends_at IS NULL OR inside.ends_at > NEW.ends_at))));
END;
