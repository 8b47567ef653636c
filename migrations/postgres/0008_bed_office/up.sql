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

-- Each side locks the row that the other looks at, so that two writers cannot pass each other.
CREATE FUNCTION bed_claims_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed TIMESTAMP;
BEGIN
    SELECT closed_at INTO closed FROM beds WHERE id = NEW.bed_id FOR SHARE;
    IF closed IS NOT NULL AND (NEW.ends_at IS NULL OR NEW.ends_at > closed) THEN
        RAISE EXCEPTION 'beds_closed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER bed_claims_open AFTER INSERT ON bed_claims FOR EACH ROW EXECUTE FUNCTION bed_claims_open();

CREATE FUNCTION beds_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closed_at IS NOT NULL AND EXISTS (SELECT 1 FROM bed_claims AS claim WHERE claim.bed_id = NEW.id
        AND (claim.ends_at IS NULL OR claim.ends_at > NEW.closed_at)) THEN
        RAISE EXCEPTION 'beds_closed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind <> OLD.kind AND EXISTS (SELECT 1 FROM bed_claims AS claim WHERE claim.bed_id = NEW.id
        AND claim.kind = 'stay' AND claim.ends_at IS NULL) THEN
        RAISE EXCEPTION 'beds_lived_in' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER beds_kept AFTER UPDATE OF closed_at, kind ON beds FOR EACH ROW EXECUTE FUNCTION beds_kept();

CREATE FUNCTION beds_in_open_room() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed TIMESTAMP;
BEGIN
    SELECT closed_at INTO closed FROM rooms WHERE id = NEW.room_id FOR SHARE;
    IF NEW.closed_at IS NULL AND closed IS NOT NULL THEN
        RAISE EXCEPTION 'rooms_closed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER beds_in_open_room AFTER INSERT OR UPDATE OF closed_at, room_id ON beds
    FOR EACH ROW EXECUTE FUNCTION beds_in_open_room();

CREATE FUNCTION rooms_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closed_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM beds WHERE beds.room_id = NEW.id AND beds.closed_at IS NULL) THEN
        RAISE EXCEPTION 'rooms_closed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER rooms_close AFTER UPDATE OF closed_at ON rooms FOR EACH ROW EXECUTE FUNCTION rooms_close();

CREATE FUNCTION waiting_classes_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.retired AND EXISTS (SELECT 1 FROM waiting_entries
        WHERE waiting_entries.class_code = NEW.code AND waiting_entries.state = 'waiting') THEN
        RAISE EXCEPTION 'waiting_classes_in_use' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER waiting_classes_in_use AFTER UPDATE OF retired ON waiting_classes
    FOR EACH ROW EXECUTE FUNCTION waiting_classes_in_use();
CREATE FUNCTION waiting_entries_class() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone BOOLEAN;
BEGIN
    SELECT retired INTO gone FROM waiting_classes WHERE code = NEW.class_code FOR SHARE;
    IF NEW.state = 'waiting' AND gone THEN
        RAISE EXCEPTION 'waiting_classes_in_use' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER waiting_entries_class AFTER INSERT ON waiting_entries
    FOR EACH ROW EXECUTE FUNCTION waiting_entries_class();
