-- Whether a product is sold. One that is not is nothing to reorder.
ALTER TABLE command.products ADD COLUMN active boolean NOT NULL DEFAULT true;
ALTER TABLE command.products ADD CONSTRAINT products_inactive_not_reordered CHECK (
    active OR reorder_level = 0);
