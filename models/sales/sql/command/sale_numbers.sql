-- Drawn by process_sale for `S-<number>`; a refused sale leaves a gap.
CREATE SEQUENCE command.sale_numbers;
