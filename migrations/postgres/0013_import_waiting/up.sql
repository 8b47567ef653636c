-- The waiting list comes in from a workbook too, and a row says which of its cells a merged range filled.

ALTER TABLE imports DROP CONSTRAINT imports_kind_check;
ALTER TABLE imports ADD CONSTRAINT imports_kind_check CHECK (kind IN ('house', 'elders', 'caregivers', 'stations', 'institutions', 'waiting'));

-- JSON: columns that were empty in the file and took the value of the merged range they lie in.
ALTER TABLE import_rows ADD COLUMN filled TEXT NOT NULL DEFAULT '[]';
CREATE INDEX import_rows_filled ON import_rows (import_id, number) WHERE filled <> '[]';
