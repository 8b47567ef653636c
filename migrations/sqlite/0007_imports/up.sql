-- Imports of workbooks: what was sent, what each row came to, and what it made, so that a batch is applied once, shown row by
-- row, and can be undone.

CREATE TABLE imports (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('house', 'elders', 'caregivers', 'stations', 'institutions')),
    state TEXT NOT NULL CHECK (state IN ('uploaded', 'checking', 'checked', 'running', 'done', 'undoing', 'undone', 'discarded')),
    file_name TEXT NOT NULL,
    user_id BIGINT,
    actor TEXT NOT NULL,
    -- Rows that name no institution belong to this one.
    institution_id BIGINT REFERENCES institutions (id),
    -- JSON: headings of the file; columns of the kind with the heading they are taken from; remarks of the reader.
    headings TEXT NOT NULL,
    mapping TEXT NOT NULL,
    remarks TEXT NOT NULL,
    total_rows BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    -- Of the runner that works on it; empty where nobody does.
    runner TEXT NOT NULL,
    runner_until TIMESTAMP,
    -- The rows of the file are gone: they may hold personal data.
    wiped_at TIMESTAMP,
    CHECK ((runner = '') = (runner_until IS NULL)),
    CHECK ((runner <> '') = (state = 'checking' OR state = 'running' OR state = 'undoing'))
);
CREATE INDEX imports_by_user ON imports (user_id, id);
CREATE INDEX imports_unwiped ON imports (created_at) WHERE wiped_at IS NULL;

-- Some rows of a file, sealed.
CREATE TABLE import_parts (
    import_id BIGINT NOT NULL REFERENCES imports (id),
    number BIGINT NOT NULL,
    content_sealed BLOB NOT NULL,
    PRIMARY KEY (import_id, number)
);

CREATE TABLE import_rows (
    import_id BIGINT NOT NULL REFERENCES imports (id),
    number BIGINT NOT NULL,
    sheet TEXT NOT NULL,
    sheet_row BIGINT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('good', 'unchanged', 'refused', 'applied', 'failed', 'reverted', 'kept')),
    -- JSON: which column breaks which rule.
    problems TEXT NOT NULL,
    -- JSON: which records the row made or changed, and what they were before.
    made TEXT NOT NULL,
    PRIMARY KEY (import_id, number)
);
CREATE INDEX import_rows_by_outcome ON import_rows (import_id, outcome, number);

-- A row is applied once: what it made is never made again, and only what was applied is reverted.
CREATE TRIGGER import_rows_once BEFORE UPDATE ON import_rows
WHEN NOT (OLD.outcome = 'good' AND NEW.outcome IN ('applied', 'unchanged', 'failed')
    OR OLD.outcome IN ('applied', 'kept') AND NEW.outcome IN ('reverted', 'kept'))
BEGIN SELECT RAISE(ABORT, 'import_rows_once'); END;
CREATE TRIGGER import_rows_first BEFORE INSERT ON import_rows
WHEN NEW.outcome NOT IN ('good', 'unchanged', 'refused')
BEGIN SELECT RAISE(ABORT, 'import_rows_once'); END;
CREATE TRIGGER import_rows_stay BEFORE DELETE ON import_rows
WHEN OLD.outcome NOT IN ('good', 'unchanged', 'refused')
BEGIN SELECT RAISE(ABORT, 'import_rows_once'); END;
