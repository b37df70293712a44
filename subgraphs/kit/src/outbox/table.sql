-- Events that are written in the transaction that changes a row, and that a relay hasn't published yet.
CREATE TABLE outbox (
    -- An entity's events are written under its row's lock, so their positions are in the order of its changes.
    position   bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id         uuid        NOT NULL,
    entity     text        COLLATE "C" NOT NULL,
    subject    text        NOT NULL,
    payload    json        NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX outbox_of_entity ON outbox (entity, position);
