-- Alarms by hand at a panel have alerts of their own, and frames are found by their age.

-- Names the alarm by hand at a part in alerts: apart from its fire, because no state of the part says that the alarm is over.
ALTER TABLE fire_parts ADD COLUMN press_slot SMALLINT CHECK (press_slot >= 1 AND press_slot <= 1700);
CREATE UNIQUE INDEX fire_parts_press_once ON fire_parts (device_id, press_slot) WHERE press_slot IS NOT NULL;

-- What is older than the office keeps is found without reading all of them.
CREATE INDEX fire_frames_by_receipt ON fire_frames (received_at);
