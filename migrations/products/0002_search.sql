-- All of a search is read as English, SKUs too. They were indexed by a configuration of their own, and a search had to be
-- read twice; what one reading excluded (`desk -lamps`) the other let in.
ALTER TABLE products DROP COLUMN search;
ALTER TABLE products ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('english', name), 'A') ||
    setweight(to_tsvector('english', sku), 'A') ||
    setweight(to_tsvector('english', category), 'B') ||
    setweight(to_tsvector('english', description), 'C')
) STORED;
CREATE INDEX products_search ON products USING gin (search);
