-- Where readings are kept: sums by the quarter hour and the hour, how far the log is summed up, and what could not be read.

-- readings stays append-only and without a unique key, see 0005: device_windows and device_gaps keep duplicates out.

-- Quarter hours (span_s 900) and hours (3600) of each channel, so that a chart is drawn without the readings. A doubted value is
-- counted and counts for nothing else.
CREATE TABLE reading_spans (
    device_id BIGINT NOT NULL,
    channel SMALLINT NOT NULL,
    span_s INTEGER NOT NULL CHECK (span_s = 900 OR span_s = 3600),
    starts_at TIMESTAMP NOT NULL,
    readings BIGINT NOT NULL,
    doubted BIGINT NOT NULL,
    lowest DOUBLE PRECISION,
    highest DOUBLE PRECISION,
    total DOUBLE PRECISION NOT NULL,
    last_value DOUBLE PRECISION NOT NULL,
    last_at TIMESTAMP NOT NULL,
    PRIMARY KEY (device_id, channel, span_s, starts_at)
) WITHOUT ROWID;
CREATE INDEX reading_spans_by_time ON reading_spans (span_s, starts_at);

-- The one row: everything of readings up to this number is in reading_spans, and nothing behind it. Whoever holds it sums up.
CREATE TABLE reading_cursor (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    upto BIGINT NOT NULL,
    holder TEXT NOT NULL,
    leased_until TIMESTAMP
);
INSERT INTO reading_cursor (id, upto, holder) VALUES (1, 0, '');

-- A payload may hold somebody's data. payload keeps what was there before this step until the program has sealed it, and is empty
-- since.
ALTER TABLE quarantine ADD COLUMN payload_sealed BLOB;
CREATE INDEX quarantine_by_time ON quarantine (last_at);

-- Messages of a device that could not be read, within the hour that began at hour_at.
CREATE TABLE quarantine_floods (
    device_id BIGINT NOT NULL PRIMARY KEY REFERENCES devices (id),
    hour_at TIMESTAMP NOT NULL,
    messages BIGINT NOT NULL,
    last_at TIMESTAMP NOT NULL,
    -- Since when there are too many.
    flagged_at TIMESTAMP
);
