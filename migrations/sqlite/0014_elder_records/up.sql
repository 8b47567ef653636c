-- What a record of an elder holds beside name and birthday: why public money pays and from when to when, places with dates,
-- whom to call, wishes and bars, consents, documents. Days are half-open [from_on, to_on); no from_on is "since before this
-- register", no to_on is "goes on".

ALTER TABLE elders ADD COLUMN door_note_sealed BLOB;
-- The system that the coordinates came in; longitude and latitude are WGS-84 whatever it says.
ALTER TABLE elders ADD COLUMN coordinate_source TEXT NOT NULL DEFAULT 'wgs84' CHECK (coordinate_source IN ('wgs84', 'gcj02', 'bd09'));
-- Joined with commas.
ALTER TABLE elders ADD COLUMN languages TEXT NOT NULL DEFAULT '';
ALTER TABLE elders ADD COLUMN gender_wish TEXT CHECK (gender_wish IN ('female', 'male'));
ALTER TABLE elders ADD COLUMN gender_wish_hard BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE elders ADD COLUMN language_wish TEXT CHECK (language_wish IN ('minnan', 'mandarin', 'english', 'hakka'));
ALTER TABLE elders ADD COLUMN language_wish_hard BOOLEAN NOT NULL DEFAULT FALSE;

-- Data of the office; an unconfirmed one is used and waits for the bureau's word, a retired one is offered no more. Some speak of
-- an ability (GB/T 42195), which counts where no assessment is in force.
CREATE TABLE eligibility_categories (
    code TEXT NOT NULL PRIMARY KEY,
    rank INTEGER NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL,
    retired BOOLEAN NOT NULL,
    ability TEXT CHECK (ability IN ('intact', 'mild', 'moderate', 'severe', 'total'))
);
INSERT INTO eligibility_categories (code, rank, name_zh, name_en, confirmed, retired, ability) VALUES
    ('extreme_hardship', 10, '特困', 'Extreme hardship', TRUE, FALSE, NULL),
    ('minimum_living', 20, '低保', 'Minimum living allowance', TRUE, FALSE, NULL),
    ('very_old', 30, '高龄', 'Very old', TRUE, FALSE, NULL),
    ('bereaved', 40, '失独', 'Lost their only child', TRUE, FALSE, NULL),
    ('lone', 50, '孤寡', 'Alone', TRUE, FALSE, NULL),
    ('disabled', 60, '失能', 'Disabled', TRUE, FALSE, 'severe'),
    ('semi_disabled', 70, '半失能', 'Semi-disabled', TRUE, FALSE, 'moderate'),
    ('dementia', 80, '失智', 'Dementia', TRUE, FALSE, 'moderate'),
    ('talent_parents', 90, '人才父母', 'Parents of recruited talent', FALSE, FALSE, NULL);

CREATE TABLE elder_eligibility (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    category_code TEXT NOT NULL REFERENCES eligibility_categories (code),
    from_on DATE,
    to_on DATE,
    document_number TEXT NOT NULL,
    note TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (from_on IS NULL OR to_on IS NULL OR to_on > from_on)
);
CREATE INDEX elder_eligibility_by_elder ON elder_eligibility (elder_id);
CREATE INDEX elder_eligibility_by_category ON elder_eligibility (category_code, elder_id);

-- Where an elder is to be found for some days instead of the record's own address. A home and a stay elsewhere may run at
-- once, and the stay elsewhere then counts; two of the same layer may not.
CREATE TABLE elder_places (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    kind TEXT NOT NULL CHECK (kind IN ('home', 'second_home', 'other_place')),
    label TEXT NOT NULL,
    address_sealed BLOB,
    door_note_sealed BLOB,
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    coordinate_source TEXT NOT NULL CHECK (coordinate_source IN ('wgs84', 'gcj02', 'bd09')),
    from_on DATE,
    to_on DATE,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (from_on IS NULL OR to_on IS NULL OR to_on > from_on)
);
CREATE INDEX elder_places_by_elder ON elder_places (elder_id);

CREATE TABLE elder_contacts (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    call_order INTEGER NOT NULL CHECK (call_order BETWEEN 1 AND 99),
    name TEXT NOT NULL,
    relation TEXT NOT NULL CHECK (relation IN ('spouse', 'child', 'grandchild', 'sibling', 'relative', 'neighbour', 'guardian',
        'village_committee', 'other_relation')),
    phone_sealed BLOB,
    note TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX elder_contacts_by_elder ON elder_contacts (elder_id, call_order);

-- Caregivers whom an elder asks for, or who must not be sent; a bar has a reason and somebody who set it.
CREATE TABLE elder_caregivers (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    caregiver_id BIGINT NOT NULL REFERENCES caregivers (id),
    stance TEXT NOT NULL CHECK (stance IN ('preferred', 'barred')),
    reason TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    UNIQUE (elder_id, caregiver_id),
    CHECK (stance <> 'barred' OR reason <> '')
);
CREATE INDEX elder_caregivers_by_caregiver ON elder_caregivers (caregiver_id);

CREATE TABLE elder_consents (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    kind TEXT NOT NULL CHECK (kind IN ('personal_data', 'home_visit', 'photo', 'location', 'device_monitoring')),
    given_on DATE NOT NULL,
    given_by TEXT NOT NULL,
    note TEXT NOT NULL,
    withdrawn_on DATE,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (withdrawn_on IS NULL OR withdrawn_on >= given_on)
);
CREATE INDEX elder_consents_by_elder ON elder_consents (elder_id);
CREATE UNIQUE INDEX elder_consents_once ON elder_consents (elder_id, kind) WHERE withdrawn_on IS NULL;

CREATE TABLE elder_documents (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    kind TEXT NOT NULL CHECK (kind IN ('identity_card', 'household_register', 'disability_certificate', 'hardship_certificate',
        'allowance_certificate', 'bereavement_certificate', 'medical_record', 'service_agreement', 'other_document')),
    number_sealed BLOB,
    issued_on DATE,
    expires_on DATE,
    note TEXT NOT NULL,
    scan_sealed BLOB,
    scan_kind TEXT CHECK (scan_kind IN ('application/pdf', 'image/jpeg', 'image/png')),
    scan_bytes INTEGER,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (issued_on IS NULL OR expires_on IS NULL OR expires_on >= issued_on),
    CHECK ((scan_sealed IS NULL) = (scan_kind IS NULL)),
    CHECK ((scan_sealed IS NULL) = (scan_bytes IS NULL)),
    CHECK (scan_bytes IS NULL OR scan_bytes BETWEEN 1 AND 4194304)
);
CREATE INDEX elder_documents_by_elder ON elder_documents (elder_id);

-- For the timeline: an elder's visits and calls and a house's alerts by time.
CREATE INDEX visits_of_elder_by_time ON visits (elder_id, window_starts_at);
CREATE INDEX alerts_by_institution ON alerts (institution_id, raised_at);
CREATE INDEX follow_ups_by_elder ON follow_ups (elder_id, opened_at);

CREATE TRIGGER elder_eligibility_once_insert AFTER INSERT ON elder_eligibility
BEGIN
    SELECT RAISE(ABORT, 'elder_eligibility_once') WHERE EXISTS (
        SELECT 1 FROM elder_eligibility AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id AND other.category_code = NEW.category_code
          AND COALESCE(other.from_on, '0000-01-01') < COALESCE(NEW.to_on, '9999-12-31')
          AND COALESCE(NEW.from_on, '0000-01-01') < COALESCE(other.to_on, '9999-12-31'));
END;
CREATE TRIGGER elder_eligibility_once_update AFTER UPDATE ON elder_eligibility
BEGIN
    SELECT RAISE(ABORT, 'elder_eligibility_once') WHERE EXISTS (
        SELECT 1 FROM elder_eligibility AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id AND other.category_code = NEW.category_code
          AND COALESCE(other.from_on, '0000-01-01') < COALESCE(NEW.to_on, '9999-12-31')
          AND COALESCE(NEW.from_on, '0000-01-01') < COALESCE(other.to_on, '9999-12-31'));
END;
CREATE TRIGGER elder_places_once_insert AFTER INSERT ON elder_places
BEGIN
    SELECT RAISE(ABORT, 'elder_places_once') WHERE EXISTS (
        SELECT 1 FROM elder_places AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id AND (other.kind = 'home') = (NEW.kind = 'home')
          AND COALESCE(other.from_on, '0000-01-01') < COALESCE(NEW.to_on, '9999-12-31')
          AND COALESCE(NEW.from_on, '0000-01-01') < COALESCE(other.to_on, '9999-12-31'));
END;
CREATE TRIGGER elder_places_once_update AFTER UPDATE ON elder_places
BEGIN
    SELECT RAISE(ABORT, 'elder_places_once') WHERE EXISTS (
        SELECT 1 FROM elder_places AS other
        WHERE other.elder_id = NEW.elder_id AND other.id <> NEW.id AND (other.kind = 'home') = (NEW.kind = 'home')
          AND COALESCE(other.from_on, '0000-01-01') < COALESCE(NEW.to_on, '9999-12-31')
          AND COALESCE(NEW.from_on, '0000-01-01') < COALESCE(other.to_on, '9999-12-31'));
END;

-- What was known of eligibility had no dates.
INSERT INTO elder_eligibility (elder_id, category_code, document_number, note)
    SELECT e.id, c.code, '', '' FROM elders AS e JOIN eligibility_categories AS c
    ON instr(',' || e.categories || ',', ',' || c.code || ',') > 0;

-- The column of codes is read no more. A release that still writes it, beside this one, is followed: what it adds is a row
-- without dates, what it takes away ends the row that has none.
CREATE TRIGGER elders_categories_insert AFTER INSERT ON elders WHEN NEW.categories <> ''
BEGIN
    INSERT INTO elder_eligibility (elder_id, category_code, document_number, note)
        SELECT NEW.id, code, '', '' FROM eligibility_categories
        WHERE instr(',' || NEW.categories || ',', ',' || code || ',') > 0;
END;
CREATE TRIGGER elders_categories_update AFTER UPDATE OF categories ON elders WHEN NEW.categories <> OLD.categories
BEGIN
    DELETE FROM elder_eligibility WHERE elder_id = NEW.id AND from_on IS NULL AND to_on IS NULL
        AND instr(',' || NEW.categories || ',', ',' || category_code || ',') = 0;
    INSERT INTO elder_eligibility (elder_id, category_code, document_number, note)
        SELECT NEW.id, code, '', '' FROM eligibility_categories
        WHERE instr(',' || NEW.categories || ',', ',' || code || ',') > 0
          AND NOT EXISTS (SELECT 1 FROM elder_eligibility AS held WHERE held.elder_id = NEW.id AND held.category_code = code);
END;

-- What a category entitles to is said of every category that there is.
CREATE TABLE entitlement_rules_new (
    id INTEGER NOT NULL PRIMARY KEY,
    category TEXT NOT NULL REFERENCES eligibility_categories (code),
    level TEXT CHECK (level IN ('intact', 'mild', 'moderate', 'severe', 'total')),
    unit TEXT NOT NULL CHECK (unit IN ('minutes', 'visits')),
    amount INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 44640),
    effective_on DATE NOT NULL,
    confirmed BOOLEAN NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL
);
INSERT INTO entitlement_rules_new SELECT id, category, level, unit, amount, effective_on, confirmed, version, updated_at
    FROM entitlement_rules;
DROP TABLE entitlement_rules;
ALTER TABLE entitlement_rules_new RENAME TO entitlement_rules;
CREATE UNIQUE INDEX entitlement_rules_once ON entitlement_rules (category, COALESCE(level, ''), effective_on);
