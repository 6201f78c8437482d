-- SPDX-License-Identifier: Apache-2.0
-- What the warehouse shipped (945) as a ship notice to the customer (856):
--
--	tallyman write --partner=harbor --send --set=856 \
--	    --document=ID --script=advice-to-notice.sql
--
-- The notice says what was packed, not what was ordered.  What the warehouse
-- does not know, such as the customer's numbers of lines, comes from the order
-- with the same number, the newest if there are several.

CREATE TEMP TABLE ordered AS
SELECT o.* FROM store.orders o
JOIN store.shipments s ON s.po_number = o.po_number
WHERE s.id = :document AND o.kind = 'purchase'
ORDER BY o.id DESC LIMIT 1;

CREATE TEMP TABLE packed AS -- with a mark; others are only numbers
SELECT * FROM store.packages WHERE id BETWEEN :first AND :last
    AND (sscc IS NOT NULL OR tracking_number IS NOT NULL);

INSERT INTO shipments (id, kind, purpose, shipment_number, notice_date,
    notice_time, structure, bill_of_lading, pro_number, scac, mode, routing,
    routing_sequence, payment, equipment_type, equipment_initial,
    equipment_number, seal, shipped_date, delivery_date, packaging, packages,
    weight_type, weight, weight_unit, volume, volume_unit, line_count)
SELECT 1, 'ship_notice', 'original', s.shipment_number,
    '20' || substr(i.date, 1, 2) || '-' || substr(i.date, 3, 2) || '-'
	|| substr(i.date, 5, 2),
    substr(i.time, 1, 2) || ':' || substr(i.time, 3, 2), '0001',
    s.bill_of_lading, s.pro_number, s.scac, s.mode, s.routing, 'B', s.payment,
    s.equipment_type, s.equipment_initial, s.equipment_number, s.seal,
    s.shipped_date, s.delivery_date, 'CTN25', s.packages,
    CASE WHEN s.weight IS NOT NULL THEN 'G' END, s.weight, s.weight_unit,
    s.volume, s.volume_unit,
    2 + (SELECT count(*) FROM packed) + (SELECT count(*)
	FROM store.shipment_lines WHERE id BETWEEN :first AND :last)
FROM store.shipments s JOIN store.documents d ON d.id = s.document_id
JOIN store.functional_groups g ON g.id = d.group_id
JOIN store.interchanges i ON i.id = g.interchange_id
WHERE s.id = :document;

INSERT INTO parties (id, role, name, name2, id_qualifier, id_code, street,
    street2, city, state, postal_code, country)
SELECT id, role, name, name2, id_qualifier, id_code, street, street2, city,
    state, postal_code, country
FROM store.parties WHERE id BETWEEN :first AND :last
    AND shipment_line_id IS NULL AND role IN ('ship_to', 'ship_from');

INSERT INTO shipment_orders (id, po_number, order_date, department,
    vendor_number)
SELECT 1, s.po_number, o.order_date, o.department, o.vendor_number
FROM store.shipments s LEFT JOIN ordered o WHERE s.id = :document;

INSERT INTO packages (id, shipment_order_id, level, sscc, tracking_number)
SELECT id, 1, 'pack', sscc, tracking_number FROM packed;

INSERT INTO shipment_lines (id, shipment_order_id, package_id, line_number,
    order_line, shipped, unit, ordered, ordered_unit, gtin, gtin_kind,
    vendor_item, vendor_item_kind, lot, description)
SELECT l.id, 1, p.id, row_number() OVER (ORDER BY l.id), o.line_number,
    l.shipped, l.unit, l.ordered, CASE WHEN l.ordered IS NOT NULL THEN l.unit
    END, coalesce(l.gtin, o.gtin), coalesce(l.gtin_kind, o.gtin_kind),
    l.vendor_item, CASE WHEN l.vendor_item IS NOT NULL THEN 'VP' END, l.lot,
    l.description
FROM store.shipment_lines l LEFT JOIN packed p ON p.id = l.package_id
LEFT JOIN store.order_lines o ON o.vendor_item = l.vendor_item
    AND o.id BETWEEN (SELECT id << 20 FROM ordered)
	AND (SELECT ((id + 1) << 20) - 1 FROM ordered)
WHERE l.id BETWEEN :first AND :last;
