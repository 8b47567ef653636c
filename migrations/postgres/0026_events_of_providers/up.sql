-- Events of what stands at a station that a provider runs.

-- Whoever works for this provider is told as well.
ALTER TABLE outbox ADD COLUMN provider_id BIGINT;
