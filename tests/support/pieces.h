/* SPDX-License-Identifier: Apache-2.0 */
/* A small sound 850, and what stands around it, as literals to put together:
 * ISA GS SET GE IEA is an interchange without findings. */
#ifndef TALLYMAN_TESTS_PIECES_H
#define TALLYMAN_TESTS_PIECES_H

#define ISA \
	"ISA*00*          *00*          *ZZ*ACME           *ZZ*US            " \
	" " \
	"*261123*1200*U*00401*000000007*0*P*>~"
#define GS  "GS*PO*ACME*US*20261123*1200*7*X*004010~"
#define ST  "ST*850*0001~"
#define BEG "BEG*00*SA*4711**20261123~"
#define PO1 "PO1*1*10*EA*1.25**UP*012345678905~"
#define SE5 "SE*5*0001~"
#define GE  "GE*1*7~"
#define IEA "IEA*1*000000007~"
#define CTT "CTT*1~"
#define SET ST BEG PO1 CTT SE5

#endif
