CREATE TABLE products (
    id              uuid        PRIMARY KEY,
    sku             text        NOT NULL,
    name            text        NOT NULL,
    description     text        NOT NULL,
    category        text        NOT NULL,
    price_amount    bigint      NOT NULL CONSTRAINT products_price_not_negative CHECK (price_amount >= 0),
    price_currency  text        NOT NULL CONSTRAINT products_currency_is_a_code CHECK (price_currency ~ '^[A-Z]{3}$'),
    stock           integer     NOT NULL CONSTRAINT products_stock_not_negative CHECK (stock >= 0),
    archived        boolean     NOT NULL DEFAULT false,
    -- When a price was first promised to someone. From then on orders may refer to the product, so it is never deleted.
    first_quoted_at timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    search          tsvector    NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', name), 'A') ||
        setweight(to_tsvector('simple', sku), 'A') ||
        setweight(to_tsvector('english', category), 'B') ||
        setweight(to_tsvector('english', description), 'C')
    ) STORED
);

-- Two SKUs that differ in case only would be one mistake on a packing list.
CREATE UNIQUE INDEX products_sku_unique ON products (upper(sku));

-- One index for each sort: the keyset's columns in their order, read in both directions.
CREATE INDEX products_by_age ON products (created_at, id);
CREATE INDEX products_by_name ON products (lower(name), id);
CREATE INDEX products_by_price ON products (price_currency, price_amount, id);
CREATE INDEX products_by_category ON products (category, created_at, id);
CREATE INDEX products_search ON products USING gin (search);

-- Why the stock is what it is: the sum of the deltas.
CREATE TABLE stock_changes (
    id          uuid        PRIMARY KEY,
    product_id  uuid        NOT NULL REFERENCES products ON DELETE CASCADE,
    delta       integer     NOT NULL CONSTRAINT stock_changes_delta_not_zero CHECK (delta <> 0),
    stock_after integer     NOT NULL,
    reason      text        NOT NULL,
    -- The user's id, as the token has it.
    changed_by  text        NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX stock_changes_by_product ON stock_changes (product_id, id DESC);
