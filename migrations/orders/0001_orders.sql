-- Constraints are named: the service tells its callers which one they met.

CREATE TABLE orders (
    id              uuid        PRIMARY KEY,
    number          text        NOT NULL CONSTRAINT orders_number_unique UNIQUE,
    customer_id     text        NOT NULL CHECK (customer_id <> ''),
    status          text        NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    currency        text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total           bigint      NOT NULL CHECK (total >= 0),
    recipient       text        NOT NULL,
    line1           text        NOT NULL,
    line2           text,
    postal_code     text        NOT NULL,
    city            text        NOT NULL,
    region          text,
    country         text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    -- What the client called its attempt to place the order, and what it asked for then.
    idempotency_key text,
    fingerprint     bytea,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_idempotency_unique UNIQUE (customer_id, idempotency_key),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);

-- An id is a UUIDv7, so its order is that of time: it sorts the lists and is their cursor.
CREATE INDEX orders_of_customer ON orders (customer_id, id);
CREATE INDEX orders_by_status ON orders (status, id);

-- Products as they were sold. Their service is another database's, so nothing refers to it here.
CREATE TABLE order_items (
    order_id   uuid    NOT NULL REFERENCES orders ON DELETE CASCADE,
    position   integer NOT NULL,
    product_id uuid    NOT NULL,
    sku        text    NOT NULL,
    name       text    NOT NULL,
    unit_price bigint  NOT NULL CHECK (unit_price >= 0),
    quantity   integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, position),
    CONSTRAINT order_items_product_once UNIQUE (order_id, product_id)
);

-- Who did what to an order, when and why. Rows are only ever added, each under its order's row lock, so a counter is in
-- the order of what happened, which the clocks of several instances might not be.
CREATE TABLE order_events (
    id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    order_id   uuid        NOT NULL REFERENCES orders ON DELETE CASCADE,
    kind       text        NOT NULL CHECK (kind IN ('PLACED', 'ADDRESS_CHANGED', 'LINES_CHANGED', 'STATUS_CHANGED')),
    status     text        NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    actor_id   text        NOT NULL,
    actor_role text        NOT NULL CHECK (actor_role IN ('customer', 'staff', 'admin')),
    note       text,
    at         timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX order_events_of_order ON order_events (order_id, id);
