-- Assessments. What happened to an assessment is its events, which are only ever added; its state is the last event's. The
-- reviewer is not the assessor; a reviewed result stays as it is; of one elder and scale one assessment is in force, and one
-- is open.

CREATE TABLE assessment_transitions (
    from_state TEXT NOT NULL,
    kind TEXT NOT NULL,
    to_state TEXT NOT NULL,
    PRIMARY KEY (from_state, kind, to_state)
);
INSERT INTO assessment_transitions (from_state, kind, to_state) VALUES
    ('none', 'order', 'ordered'),
    ('ordered', 'finish', 'done'),
    ('ordered', 'withdraw', 'withdrawn'),
    ('done', 'correct', 'done'),
    ('done', 'give_back', 'ordered'),
    ('done', 'review', 'reviewed'),
    ('reviewed', 'enact', 'in_force'),
    ('reviewed', 'dispute', 'disputed'),
    ('in_force', 'dispute', 'disputed'),
    ('in_force', 'supersede', 'superseded'),
    ('disputed', 'uphold', 'in_force'),
    ('disputed', 'supersede', 'superseded');

-- Answers, facts, notes, parts, adjustments and draft are JSON. A disputed result that was in force goes on counting until
-- another one takes its place.
CREATE TABLE assessments (
    id INTEGER NOT NULL PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    town_code TEXT NOT NULL REFERENCES towns (code),
    scale TEXT NOT NULL,
    scale_version TEXT,
    reason TEXT NOT NULL CHECK (reason IN ('first', 'routine', 'immediate', 'doubt', 'other')),
    follows_id BIGINT REFERENCES assessments (id),
    ordered_on DATE NOT NULL,
    changed_on DATE,
    due_on DATE,
    draft TEXT,
    answers TEXT,
    facts TEXT,
    notes TEXT,
    parts TEXT,
    total INTEGER,
    unadjusted TEXT,
    level TEXT,
    adjustments TEXT,
    assessed_on DATE,
    assessor TEXT,
    reviewer TEXT,
    in_force_on DATE,
    state TEXT NOT NULL DEFAULT 'none' CHECK (state IN ('none', 'ordered', 'done', 'reviewed', 'in_force', 'disputed',
        'superseded', 'withdrawn')),
    version BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT assessments_two_people CHECK (reviewer <> assessor),
    CONSTRAINT assessments_scored CHECK (state = 'none' OR state = 'ordered' OR state = 'withdrawn' OR (scale_version IS NOT NULL
        AND answers IS NOT NULL AND facts IS NOT NULL AND notes IS NOT NULL AND parts IS NOT NULL AND total IS NOT NULL
        AND unadjusted IS NOT NULL AND level IS NOT NULL AND adjustments IS NOT NULL AND assessed_on IS NOT NULL
        AND assessor IS NOT NULL)),
    CONSTRAINT assessments_reviewed CHECK (state = 'none' OR state = 'ordered' OR state = 'withdrawn'
        OR state = 'done' OR reviewer IS NOT NULL),
    CONSTRAINT assessments_enacted CHECK (state <> 'in_force' OR in_force_on IS NOT NULL),
    CONSTRAINT assessments_follow CHECK (follows_id <> id)
);
CREATE INDEX assessments_by_elder ON assessments (elder_id, scale, state);
CREATE INDEX assessments_by_state ON assessments (state, scale, due_on);
CREATE INDEX assessments_by_town ON assessments (town_code, state);
CREATE UNIQUE INDEX assessments_in_force_once ON assessments (elder_id, scale)
    WHERE state = 'in_force' OR (state = 'disputed' AND in_force_on IS NOT NULL);
CREATE UNIQUE INDEX assessments_open_once ON assessments (elder_id, scale)
    WHERE state IN ('ordered', 'done', 'reviewed');

-- Each event continues the one before it along a legal transition; see visit_events. `content` is what a finish or a
-- correction said, as JSON.
CREATE TABLE assessment_events (
    assessment_id BIGINT NOT NULL REFERENCES assessments (id),
    seq BIGINT NOT NULL,
    prev_seq BIGINT,
    kind TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    note TEXT NOT NULL,
    content TEXT,
    PRIMARY KEY (assessment_id, seq),
    UNIQUE (assessment_id, seq, to_state),
    FOREIGN KEY (assessment_id, prev_seq, from_state) REFERENCES assessment_events (assessment_id, seq, to_state),
    FOREIGN KEY (from_state, kind, to_state) REFERENCES assessment_transitions (from_state, kind, to_state),
    CHECK ((seq = 1 AND prev_seq IS NULL AND from_state = 'none') OR (seq > 1 AND prev_seq IS NOT NULL AND prev_seq = seq - 1)),
    CHECK ((kind = 'finish' OR kind = 'correct') = (content IS NOT NULL)),
    CHECK (note <> '' OR (kind <> 'correct' AND kind <> 'give_back' AND kind <> 'dispute' AND kind <> 'uphold'
        AND kind <> 'withdraw'))
);
CREATE TRIGGER assessment_events_no_update BEFORE UPDATE ON assessment_events
BEGIN SELECT RAISE(ABORT, 'assessment_events: rows are only ever added'); END;
CREATE TRIGGER assessment_events_no_delete BEFORE DELETE ON assessment_events
BEGIN SELECT RAISE(ABORT, 'assessment_events: rows are only ever added'); END;
-- What is said of the answers is said by whom the record names; a reviewer has never written them.
CREATE TRIGGER assessment_events_two_people BEFORE INSERT ON assessment_events
BEGIN
    SELECT RAISE(ABORT, 'assessments_two_people') WHERE NEW.kind = 'review' AND (EXISTS (
        SELECT 1 FROM assessment_events AS e
        WHERE e.assessment_id = NEW.assessment_id AND e.kind IN ('finish', 'correct') AND e.actor = NEW.actor)
        OR NOT EXISTS (SELECT 1 FROM assessments AS a WHERE a.id = NEW.assessment_id AND a.reviewer = NEW.actor));
    SELECT RAISE(ABORT, 'assessments_assessor') WHERE NEW.kind IN ('finish', 'correct') AND NOT EXISTS (
        SELECT 1 FROM assessments AS a WHERE a.id = NEW.assessment_id AND a.assessor = NEW.actor);
END;
-- The state follows the last event and nothing else.
CREATE TRIGGER assessment_events_move AFTER INSERT ON assessment_events
BEGIN
    UPDATE assessments SET state = NEW.to_state, version = NEW.seq WHERE id = NEW.assessment_id;
END;
CREATE TRIGGER assessments_state_follows BEFORE UPDATE OF state, version ON assessments
WHEN NOT EXISTS (
    SELECT 1 FROM assessment_events AS e
    WHERE e.assessment_id = NEW.id AND e.seq = NEW.version AND e.to_state = NEW.state)
  OR EXISTS (SELECT 1 FROM assessment_events AS e WHERE e.assessment_id = NEW.id AND e.seq > NEW.version)
BEGIN SELECT RAISE(ABORT, 'assessments_state_follows'); END;
CREATE TRIGGER assessments_start_bare BEFORE INSERT ON assessments WHEN NEW.state <> 'none' OR NEW.version <> 0
BEGIN SELECT RAISE(ABORT, 'assessments_state_follows'); END;
-- Once somebody has reviewed it, a result stays as it is.
CREATE TRIGGER assessments_fixed BEFORE UPDATE OF scale, scale_version, answers, facts, notes, parts, total, unadjusted,
    level, adjustments, assessed_on, assessor ON assessments
WHEN OLD.state NOT IN ('none', 'ordered', 'done') OR NEW.scale <> OLD.scale
BEGIN SELECT RAISE(ABORT, 'assessments_fixed'); END;
CREATE TRIGGER assessments_reviewer_fixed BEFORE UPDATE OF reviewer ON assessments WHEN OLD.state NOT IN ('none', 'done')
BEGIN SELECT RAISE(ABORT, 'assessments_fixed'); END;
