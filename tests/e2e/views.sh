# SPDX-License-Identifier: Apache-2.0
# What an ERP sees of the samples, document by document.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

"$TALLYMAN" init "$ws" >"$work/said" 2>&1
set --
for sample in "$root"/samples/[0-9]*.edi; do
	case $sample in
	*820-* | *-with-findings* | *-newline-*) ;;
	*) set -- "$@" "$sample" ;;
	esac
done
TALLYMAN_NOW=2026-01-05T12:00:00Z tallyman translate "$@" >"$work/said" 2>&1
same "the samples are taken" $? 0

# sees VIEW COLUMNS ROWS : rows of a view, with | between and / behind values.
sees() {
	same "$1" "$(ask "SELECT $2 FROM $1" | tr '\n' '/')" "$3"
}

sees "erp_orders WHERE kind <> 'purchase' ORDER BY kind" \
    "kind, po_number, depositor_order, ship_to_city" \
    "acknowledgment|HS-70412||PORTSMOUTH/purchase_change|HS-70412||/warehouse|HS-70412|Q-WO-2207|PORTSMOUTH/"
sees "erp_order_lines WHERE line_group_id IS NOT NULL" \
    "line_group_line_number, quantity, vendor_item" \
    "1|48|LAMP-9/2|24|LAMP-14/3|6|BULB-60/3|2|BULB-40/"
sees "erp_order_lines WHERE change IS NOT NULL" \
    "line_number, change, quantity, quantity_left" \
    "1|decrease_quantity|40|8/2|delete_item|24|24/4|add_item|12|12/"
sees erp_order_answers "order_line_line_number, status, quantity, date" \
    "1|accepted|48|2026-01-19/2|accepted|16|2026-01-19/2|backordered|8|2026-02-02/3|substituted|6|2026-01-19/"
sees "erp_shipments ORDER BY kind" \
    "kind, shipment_number, scac, ship_from_id_code, weight" \
    "ship_notice|Q-SH-5501|RDWY|QG100|184.5/stock_transfer|Q-SH-5400|RDWY|QG200|2210/warehouse_advice|W-SH-7001|RDWY|W22|184.5/"
sees erp_shipment_orders "po_number, department" "HS-70412|0417/"
sees "erp_packages WHERE level = 'tare'" "sscc" "00100123450000000017/"
sees "erp_packages WHERE parent_package_id IS NOT NULL" \
    "parent_package_sscc, sscc, shipment_order_po_number" \
    "00100123450000000017|00100123450000000024|HS-70412/00100123450000000017|00100123450000000031|HS-70412/"
sees "erp_shipment_lines WHERE shipment_order_id IS NOT NULL" \
    "shipment_order_po_number, package_sscc, shipped, lot" \
    "HS-70412|00100123450000000024|48|L2601/HS-70412|00100123450000000031|16|/HS-70412|00100123450000000048|6|/"
sees "erp_shipment_lines WHERE difference IS NOT NULL" \
    "package_line_number, status, ordered, shipped" \
    "1|complete|48|48/2|partial_rest_backordered|24|16/2|complete|6|6/"
sees "erp_inventory ORDER BY kind" "kind, advice_number, warehouse_id_code" \
    "adjustment|ADJ-4410|W22/receipt|REC-90014|W22/snapshot|Q-STOCK-0106|W22/"
sees "erp_inventory_lines WHERE quantity IS NOT NULL ORDER BY inventory_line_id" \
    "vendor_item, quantity, reason" \
    "LAMP-9|480|/BULB-60|19|/LAMP-9|-3|AA/BULB-60|1|AD/"
sees erp_inventory_quantities "inventory_line_line_number, qualifier, quantity" \
    "1|on_hand|480/1|available|432/1|on_order|960/2|on_hand|0/"
sees erp_invoices "invoice_number, po_number, total_amount, remit_to_city" \
    "Q-INV-30071|HS-70412|784.75|BOSTON/"
sees erp_invoice_lines "line_number, quantity, unit_price, description" \
    "1|48|3.25|TABLE LAMP, BRASS/2|16|11.90|/3|6|71.4|/"
sees erp_returns "return_number, po_number, request_reason, buyer_name" \
    "HS-RET-311|HS-70412|DM|HARBOR STORES/"
sees erp_return_lines "gtin, quantity, disposition" "012345678905|3|RF/"

# In eaches: by the unit, or by the line's own pack.
sees "erp_shipment_lines WHERE shipment_order_id IS NOT NULL" \
    "eaches, eaches_per_unit, eaches_rule, ordered_eaches, gtin14" \
    "48|1|unit|48|00012345678905/16|1|unit|24|00012345678912/144|24|pack|144|/"
sees "erp_invoice_lines" "eaches, eaches_rule" "48|unit/16|unit/144|pack/"
sees "erp_inventory_lines WHERE quantity < 0" "quantity, eaches" "-3|-3/"
sees "erp_return_lines" "eaches, gtin14" "3|00012345678905/"
# A warehouse tells no pack: nothing is made up.
sees "erp_shipment_lines WHERE unit = 'CA' AND pack IS NULL" \
    "shipped, eaches, eaches_per_unit, eaches_rule" "6|||/"

# Exact or not at all; what a partner means by its units is in a table.
sed 's|name="any" qualifier="\*" id="\*"|name="harbor" qualifier="ZZ" id="HARBORSTORES"|' \
    "$ws/tallyman.xml" >"$work/tallyman.xml"
mv "$work/tallyman.xml" "$ws/tallyman.xml"
line=0
lines() {
	while read -r quantity unit pack inner; do
		line=$((line + 1))
		echo "PO1*$line*$quantity*$unit***VP*A-$line*$gtin~"
		[ -z "$pack" ] || echo "PO4*$pack${inner:+*************$inner}~"
	done
}
{
	echo 'ISA*00*          *00*          *ZZ*HARBORSTORES   *ZZ*QUAYGOODS      *260105*0800*U*00401*000000901*0*P*>~'
	echo 'GS*PO*HARBORSTORES*QUAYGOODS*20260105*0800*901*X*004010~'
	echo 'ST*850*0001~'
	echo 'BEG*00*SA*EACHES**20260105~'
	gtin='UP*012345678905' lines <<-'end'
		1.5 DZ
		1.06 DZ
		0.125 GS
		2 PR
		3 TH
		7 LB
	end
	gtin='EN*4006381333931' lines <<-'end'
		10 CA 4 6
		10 CA 24
		2.5 CT 4 6
		0.3 BX 7
		5 CA
		5 EA 6
	end
	gtin='UA*012345678905' lines <<-'end'
		3 PK 9
		4 CN
		5 JR
		6 BO 12
		999999999999 DZ
		999999999999 EA 1
		9999999999999 EA
		1 CA 999999 999999
	end
	echo "CTT*$line~"
	echo "SE*$((4 + line + 9))*0001~"
	echo 'GE*1*901~'
	echo 'IEA*1*000000901~'
} >"$work/eaches.edi"
tallyman lookup set harbor eaches PK 6
tallyman lookup set '*' eaches PK 10
tallyman lookup set '*' eaches CN 24
tallyman lookup set harbor eaches JR dozens
tallyman lookup set harbor eaches BO pack
tallyman translate "$work/eaches.edi"
same "an order in many units is taken" $? 0
sees "erp_order_lines JOIN erp_orders USING (order_id)
    WHERE po_number = 'EACHES'" \
    "quantity || ' ' || unit, eaches, eaches_per_unit, eaches_rule, gtin14" \
    "1.5 DZ|18|12|unit|00012345678905/\
1.06 DZ||12|unit|00012345678905/\
0.125 GS|18|144|unit|00012345678905/\
2 PR|4|2|unit|00012345678905/\
3 TH|3000|1000|unit|00012345678905/\
7 LB||||00012345678905/\
10 CA|240|24|pack|04006381333931/\
10 CA|240|24|pack|04006381333931/\
2.5 CT|60|24|pack|04006381333931/\
0.3 BX||7|pack|04006381333931/\
5 CA||||04006381333931/\
5 EA|5|1|unit|04006381333931/\
3 PK|18|6|lookup|/\
4 CN|96|24|lookup|/\
5 JR||||/\
6 BO|72|12|pack|/\
999999999999 DZ|11999999999988|12|unit|/\
999999999999 EA|999999999999|1|unit|/\
9999999999999 EA||1|unit|/\
1 CA||999998000001|pack|/"

# The manual's question for an ERP that asks often: what is new, and what was
# released; it does not go through all documents.
new() {
	sed '1,/^What an ERP that asks often/d' "$root/man/tallyman-store.5" |
	    sed '1,/^\.Bd/d; /^\.Ed/,$d' |
	    sed "s/4711/$1/; s/2026-01-05T08:00/2026-01-05T13:00/"
}
numbered() {
	sed "s/000000041/$1/" "$root/samples/850-two-orders.edi" \
	    >"$work/$1.edi"
	tallyman translate "$work/$1.edi"
}
numbered 000000911
newest=$(ask "SELECT max(id) FROM documents")
numbered 000000912
same "two orders are held" "$(ask "SELECT count(*) FROM documents
    WHERE state = 'held'")" 2
same "nothing is new" "$(ask "$(new "$newest")")" ""
TALLYMAN_NOW=2026-01-05T14:00:00Z tallyman release $((newest + 1))
same "what was released is new" "$(ask "$(new "$newest")" | cut -d '|' -f 1)" \
    $((newest + 1))
same "also behind the newest" \
    "$(ask "$(new $((newest + 2)))" | cut -d '|' -f 1)" $((newest + 1))
holds "it looks at few" sh -c "! echo \"\$1\" | grep -q 'SCAN d$'" - \
    "$(ask "EXPLAIN QUERY PLAN $(new "$newest")")"
finish
