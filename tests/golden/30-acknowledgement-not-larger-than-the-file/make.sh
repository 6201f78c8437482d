# SPDX-License-Identifier: Apache-2.0
# One order with 3,000 lines, each with two errors: told in full, the 997 would
# be several times as large as the file.
{
	printf '%s~' 'ISA*00*          *00*          *ZZ*HARBORSTORES   *ZZ*MYCOMPANY      *260105*0800*U*00401*000001001*0*P*>' \
	    'GS*PO*HARBORSTORES*MYCOMPANY*20260105*0800*1*X*004010' \
	    'ST*850*0001' 'BEG*00*SA*HS-1**20260105'
	awk 'BEGIN { for (i = 1; i <= 3000; i++) printf "PO1*%d*X*EA*Y~", i }'
	printf '%s~' 'CTT*3000' 'SE*3004*0001' 'GE*1*1' 'IEA*1*000001001'
} >in.edi
