-- The order in which a device said something, whatever became of the clocks meanwhile.

-- Boot and number of the message that raised the alert, or said the same last; NULL where it has none.
ALTER TABLE alerts ADD COLUMN boot_id BIGINT;
ALTER TABLE alerts ADD COLUMN seq BIGINT;
-- The last end of an alarm of a kind on a channel: a beginning that comes after it, and was before it, does not last.
CREATE TABLE alarm_ends (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    channel SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    boot_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (device_id, channel, kind)
);
