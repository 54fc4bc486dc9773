-- Drawn by create_order for `ORD-<year>-<number>`; a refused command leaves a gap.
CREATE SEQUENCE command.order_numbers;
