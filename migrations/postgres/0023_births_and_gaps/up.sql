-- When boots of devices began, and a bound for what is missing of them.

-- When the boot's monotonic clock began, on the server's clock, as its earliest birth message tells: by it the messages of a device
-- that has no clock are dated.
ALTER TABLE device_windows ADD COLUMN booted_at TIMESTAMP;
-- Of a stream with too many gaps the oldest are one, in which single numbers are no longer told apart.
ALTER TABLE device_gaps ADD COLUMN is_blurred BOOLEAN NOT NULL DEFAULT FALSE;
