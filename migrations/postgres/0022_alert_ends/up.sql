-- What raised an alert, and what ended it.

-- A device's alarm or a panel's state raised it: its end is told as well, and no value ends it.
ALTER TABLE alerts ADD COLUMN by_alarm BOOLEAN NOT NULL DEFAULT FALSE;
-- The device told of it when it was over and nobody need come: it waits for nobody's answer.
ALTER TABLE alerts ADD COLUMN is_past BOOLEAN NOT NULL DEFAULT FALSE CHECK (NOT is_past OR cleared_at IS NOT NULL);
-- Who ended it by moving the device or taking it out of service; NULL where the device did.
ALTER TABLE alerts ADD COLUMN closed_by TEXT;
CREATE INDEX alerts_by_device ON alerts (device_id, raised_at);
UPDATE alerts SET by_alarm = TRUE WHERE kind IN ('fall', 'fault', 'other');
