-- Rooms and beds that the office opens, changes and closes; the first day of a licence; classes of the waiting list as data
-- that is edited. A closed bed keeps its history and takes nobody.

ALTER TABLE institutions ADD COLUMN licence_starts_on DATE;
ALTER TABLE rooms ADD COLUMN closed_at TIMESTAMP;
ALTER TABLE rooms ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE beds ADD COLUMN closed_at TIMESTAMP;
ALTER TABLE beds ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE waiting_classes ADD COLUMN retired BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE waiting_classes ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- Two classes of one rank would mix their elders.
CREATE UNIQUE INDEX waiting_classes_rank ON waiting_classes (rank);

CREATE TRIGGER bed_claims_open AFTER INSERT ON bed_claims
BEGIN
    SELECT RAISE(ABORT, 'beds_closed') WHERE EXISTS (
        SELECT 1 FROM beds WHERE beds.id = NEW.bed_id AND beds.closed_at IS NOT NULL
          AND (NEW.ends_at IS NULL OR NEW.ends_at > beds.closed_at));
END;
CREATE TRIGGER beds_close AFTER UPDATE OF closed_at ON beds WHEN NEW.closed_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'beds_closed') WHERE EXISTS (
        SELECT 1 FROM bed_claims AS claim WHERE claim.bed_id = NEW.id
          AND (claim.ends_at IS NULL OR claim.ends_at > NEW.closed_at));
END;
CREATE TRIGGER beds_kind_kept AFTER UPDATE OF kind ON beds WHEN NEW.kind <> OLD.kind
BEGIN
    SELECT RAISE(ABORT, 'beds_lived_in') WHERE EXISTS (
        SELECT 1 FROM bed_claims AS claim WHERE claim.bed_id = NEW.id AND claim.kind = 'stay' AND claim.ends_at IS NULL);
END;
CREATE TRIGGER beds_in_open_room_insert AFTER INSERT ON beds WHEN NEW.closed_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'rooms_closed') WHERE EXISTS (
        SELECT 1 FROM rooms WHERE rooms.id = NEW.room_id AND rooms.closed_at IS NOT NULL);
END;
CREATE TRIGGER beds_in_open_room_update AFTER UPDATE OF closed_at, room_id ON beds WHEN NEW.closed_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'rooms_closed') WHERE EXISTS (
        SELECT 1 FROM rooms WHERE rooms.id = NEW.room_id AND rooms.closed_at IS NOT NULL);
END;
CREATE TRIGGER rooms_close AFTER UPDATE OF closed_at ON rooms WHEN NEW.closed_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'rooms_closed') WHERE EXISTS (
        SELECT 1 FROM beds WHERE beds.room_id = NEW.id AND beds.closed_at IS NULL);
END;
CREATE TRIGGER waiting_classes_in_use AFTER UPDATE OF retired ON waiting_classes WHEN NEW.retired
BEGIN
    SELECT RAISE(ABORT, 'waiting_classes_in_use') WHERE EXISTS (
        SELECT 1 FROM waiting_entries WHERE waiting_entries.class_code = NEW.code AND waiting_entries.state = 'waiting');
END;
CREATE TRIGGER waiting_entries_class AFTER INSERT ON waiting_entries WHEN NEW.state = 'waiting'
BEGIN
    SELECT RAISE(ABORT, 'waiting_classes_in_use') WHERE EXISTS (
        SELECT 1 FROM waiting_classes WHERE waiting_classes.code = NEW.class_code AND waiting_classes.retired);
END;
