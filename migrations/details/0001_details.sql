-- What is written of a product. That the product exists is the products service's to know: its id is all we have.
CREATE TABLE product_details (
    product_id   uuid        PRIMARY KEY,
    text         text        NOT NULL DEFAULT '',
    length_mm    integer     CONSTRAINT details_length_positive CHECK (length_mm > 0),
    width_mm     integer     CONSTRAINT details_width_positive CHECK (width_mm > 0),
    height_mm    integer     CONSTRAINT details_height_positive CHECK (height_mm > 0),
    -- Packed, as the carrier weighs it.
    weight_grams integer     CONSTRAINT details_weight_positive CHECK (weight_grams > 0),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    updated_by   text        NOT NULL,
    CONSTRAINT details_dimensions_complete CHECK (num_nulls(length_mm, width_mm, height_mm) IN (0, 3))
);

CREATE TABLE attributes (
    product_id uuid    NOT NULL REFERENCES product_details ON DELETE CASCADE,
    position   integer NOT NULL,
    name       text    NOT NULL,
    value      text    NOT NULL,
    PRIMARY KEY (product_id, position)
);

-- One value for a name, whatever its case.
CREATE UNIQUE INDEX attributes_name_unique ON attributes (product_id, lower(name));

CREATE TABLE images (
    product_id uuid    NOT NULL REFERENCES product_details ON DELETE CASCADE,
    position   integer NOT NULL,
    url        text    NOT NULL,
    alt        text    NOT NULL,
    PRIMARY KEY (product_id, position)
);
