-- SPDX-License-Identifier: Apache-2.0
-- A customer's order (850) as an order to the warehouse (940):
--
--	tallyman write --partner=tide --send --set=940 \
--	    --document=ID --script=order-to-warehouse.sql
--
-- Tables without a name before them are those of the new document, and empty;
-- "store" is what was received.  Prices and terms are none of the warehouse's
-- business.

INSERT INTO orders (id, kind, purpose, depositor_order, po_number, order_date,
    department, ship_date, delivery_date)
SELECT 1, 'warehouse', 'original', 'WO-' || po_number, po_number, order_date,
    department, ship_date, delivery_date
FROM store.orders WHERE id = :document;

INSERT INTO dates (id, role, date)
SELECT 1, 'cancel_if_not_delivered', cancel_after
FROM store.orders WHERE id = :document AND cancel_after IS NOT NULL;

-- Whom it goes to, and whom it is for.
INSERT INTO parties (id, role, name, name2, id_qualifier, id_code, street,
    street2, city, state, postal_code, country)
SELECT id, role, name, name2, id_qualifier, id_code, street, street2, city,
    state, postal_code, country
FROM store.parties WHERE id BETWEEN :first AND :last AND order_line_id IS NULL
    AND role IN ('ship_to', 'mark_for');

INSERT INTO parties (role, name, id_qualifier, id_code)
VALUES ('depositor', 'QUAY GOODS', 'buyer_assigned', 'QG100');

INSERT INTO routings (id, carrier_qualifier, carrier, mode, payment)
SELECT id, 'scac', carrier, mode, coalesce(
    (SELECT payment FROM store.freight_terms WHERE id BETWEEN :first AND :last
	AND order_line_id IS NULL LIMIT 1), 'prepaid_by_seller')
FROM store.routings WHERE id BETWEEN :first AND :last AND order_line_id IS NULL
    AND carrier_qualifier = 'scac' ORDER BY id LIMIT 1;

-- A numbered group for each line; the buyer's number of it is a reference.
INSERT INTO line_groups (id, line_number)
SELECT id, row_number() OVER (ORDER BY id)
FROM store.order_lines WHERE id BETWEEN :first AND :last;

INSERT INTO order_lines (id, line_group_id, quantity, unit, gtin, gtin_kind,
    buyer_item, buyer_item_kind, vendor_item, vendor_item_kind, description)
SELECT id, id, quantity, unit, gtin, gtin_kind, buyer_item, buyer_item_kind,
    vendor_item, CASE WHEN vendor_item IS NOT NULL THEN 'VN' END, description
FROM store.order_lines WHERE id BETWEEN :first AND :last;

INSERT INTO reference_numbers (order_line_id, line_group_id, kind, qualifier,
    value)
SELECT id, id, 'number', 'LI', line_number
FROM store.order_lines WHERE id BETWEEN :first AND :last
    AND line_number IS NOT NULL;

-- Which store gets how many of a line.
INSERT INTO destinations (id, line_group_id, unit, id_qualifier, place,
    location, quantity)
SELECT id, order_line_id, unit, id_qualifier, place, location, quantity
FROM store.destinations WHERE id BETWEEN :first AND :last;
