-- The waiting list comes in from a workbook too, and a row says which of its cells a merged range filled.

-- SQLite cannot change a CHECK: the column is made anew.
ALTER TABLE imports RENAME COLUMN kind TO former_kind;
ALTER TABLE imports ADD COLUMN kind TEXT NOT NULL DEFAULT 'house' CHECK (kind IN ('house', 'elders', 'caregivers', 'stations', 'institutions', 'waiting'));
UPDATE imports SET kind = former_kind;
ALTER TABLE imports DROP COLUMN former_kind;

-- JSON: columns that were empty in the file and took the value of the merged range they lie in.
ALTER TABLE import_rows ADD COLUMN filled TEXT NOT NULL DEFAULT '[]';
CREATE INDEX import_rows_filled ON import_rows (import_id, number) WHERE filled <> '[]';
