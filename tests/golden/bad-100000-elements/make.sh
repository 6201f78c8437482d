# SPDX-License-Identifier: Apache-2.0
# A good order, but for one REF segment of 100,000 elements.
{
	printf '%s~' 'ISA*00*          *00*          *ZZ*HARBORSTORES   *ZZ*MYCOMPANY      *260105*0800*U*00401*000001001*0*P*>' \
	    'GS*PO*HARBORSTORES*MYCOMPANY*20260105*0800*1*X*004010' \
	    'ST*850*0001' 'BEG*00*SA*HS-1**20260105'
	printf 'REF*DP'
	awk 'BEGIN { for (i = 2; i <= 100000; i++) printf "*X" }'
	printf '~'
	printf '%s~' 'PO1*1*12*EA*3.5**VP*A' 'CTT*1' 'SE*6*0001' 'GE*1*1' 'IEA*1*000001001'
} >in.edi
