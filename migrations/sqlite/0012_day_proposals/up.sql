-- Proposals for a town's day: searched for in the background, shown as rows, accepted whole or in part. What was accepted is what
-- its visits say: a row's decision is written in the transaction that gives the visit.

-- How people get about: straight lines times the detour, at the speed, and so many minutes for parking and stairs. An office
-- changes rows, not the program. Proposals until an office confirms them.
CREATE TABLE travel_modes (
    travel_mode TEXT NOT NULL PRIMARY KEY CHECK (travel_mode IN ('walk', 'bicycle', 'e_bike', 'car')),
    speed_kmh DOUBLE PRECISION NOT NULL CHECK (speed_kmh > 0),
    detour_percent INTEGER NOT NULL CHECK (detour_percent BETWEEN 100 AND 400),
    settle_min INTEGER NOT NULL CHECK (settle_min BETWEEN 0 AND 60),
    -- The way from home and back, as far as it is not work.
    commute_free_min INTEGER NOT NULL CHECK (commute_free_min BETWEEN 0 AND 240)
);
INSERT INTO travel_modes (travel_mode, speed_kmh, detour_percent, settle_min, commute_free_min) VALUES
    ('walk', 4.5, 125, 1, 30),
    ('bicycle', 12, 130, 2, 30),
    ('e_bike', 22, 135, 2, 30),
    ('car', 30, 140, 5, 30);

CREATE TABLE day_proposals (
    id INTEGER NOT NULL PRIMARY KEY,
    town_code TEXT NOT NULL REFERENCES towns (code),
    day DATE NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ready', 'stopped', 'failed', 'accepted', 'partly_accepted', 'discarded')),
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    seconds_max INTEGER NOT NULL CHECK (seconds_max BETWEEN 1 AND 600),
    stop_asked BOOLEAN NOT NULL DEFAULT FALSE,
    -- The process that searches, and until when it is believed to.
    holder TEXT NOT NULL DEFAULT '',
    leased_until TIMESTAMP,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    elapsed_ms BIGINT NOT NULL DEFAULT 0,
    best_cost BIGINT,
    visit_count BIGINT NOT NULL DEFAULT 0,
    served_count BIGINT NOT NULL DEFAULT 0,
    travel_s BIGINT NOT NULL DEFAULT 0,
    problem_digest TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX day_proposals_by_day ON day_proposals (day, town_code);
-- One search at a time for a town's day.
CREATE UNIQUE INDEX day_proposals_one_search ON day_proposals (town_code, day) WHERE state IN ('waiting', 'running');

CREATE TABLE day_proposal_rows (
    proposal_id BIGINT NOT NULL REFERENCES day_proposals (id),
    visit_id BIGINT NOT NULL REFERENCES visits (id),
    visit_version BIGINT NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('new', 'moved', 'same', 'unserved')),
    -- Pinned, under way or done: it was not for the search to move.
    fixed BOOLEAN NOT NULL,
    caregiver_before_id BIGINT REFERENCES caregivers (id),
    starts_before_at TIMESTAMP,
    caregiver_after_id BIGINT REFERENCES caregivers (id),
    starts_after_at TIMESTAMP,
    reasons TEXT NOT NULL,
    decision TEXT NOT NULL DEFAULT 'open' CHECK (decision IN ('open', 'accepted', 'refused')),
    refusal TEXT NOT NULL DEFAULT '',
    decided_by TEXT,
    decided_at TIMESTAMP,
    PRIMARY KEY (proposal_id, visit_id),
    CHECK ((caregiver_before_id IS NULL) = (starts_before_at IS NULL)),
    CHECK ((caregiver_after_id IS NULL) = (starts_after_at IS NULL)),
    CHECK ((change = 'unserved') = (caregiver_after_id IS NULL)),
    CHECK ((decision = 'open') = (decided_at IS NULL)),
    CHECK (decision <> 'accepted' OR change = 'new' OR change = 'moved')
);
CREATE INDEX day_proposal_rows_by_visit ON day_proposal_rows (visit_id);

-- Why a visit stays with its caregiver and at its time. Who takes it from the caregiver takes the pin away as well.
ALTER TABLE visits ADD COLUMN pinned_reason TEXT;
CREATE TRIGGER visits_pinned_stays BEFORE UPDATE OF caregiver_id, starts_at ON visits
WHEN OLD.pinned_reason IS NOT NULL AND NEW.caregiver_id IS NOT NULL
    AND (NEW.caregiver_id <> OLD.caregiver_id OR NEW.starts_at <> OLD.starts_at)
BEGIN SELECT RAISE(ABORT, 'visits_pinned'); END;
CREATE TRIGGER visits_pin_needs_caregiver AFTER UPDATE OF caregiver_id, pinned_reason ON visits
WHEN NEW.caregiver_id IS NULL AND NEW.pinned_reason IS NOT NULL
BEGIN UPDATE visits SET pinned_reason = NULL WHERE id = NEW.id; END;
