/* SPDX-License-Identifier: Apache-2.0 */
/* See dictionary_text.h. */
#include "support/dictionary_text.h"

#include "x12/dictionary_text.h"

static const char elements[] = "# number, type, length, name\n"
			       "1 AN 1/5 text   of  words\n"
			       "2 ID 2/3 choice # a comment\n"
			       "3 N2 1/9 amount\n"
			       "4 R 1/9 weight\n"
			       "5 DT 6/8 date\n"
			       "6 TM 4/8 time\n"
			       "7 B 1/1000 bytes\n"
			       "143 ID 3/3 set\n";
static const char composites[] = "C001 pair = 2:M 1:X 3:X ; P0203\n";
static const char codes[] = "2 AA first of all\n"
			    "2 = ZZ BB\n"
			    "   CCC\n"
			    "1 X in part\n"
			    "1 *\n";
const char dictionary_segments[] =
    "ST set begins = 143:M\n"
    "SE set ends = 3:M\n"
    "AA all kinds =\n"
    "   1:X 2:X 3:X 4:O 5:O 6:O\n"
    "   7:O C001:Ox3 ; R0102 P010203 C0201 L030102\n"
    "BB b = 1:Ox-\n"
    "CC c = 3:O 1:O\n"
    "others ZZZ DD\n";
static const char set[] = "set 100 QQ a  set\n"
			  "total CC01 counts AA\n"
			  "total CC01 sums AA04\n"
			  "1.010 ST M 1\n"
			  "1.020 AA O 5 {\n"
			  "1.020   AA M 1\n"
			  "1.-     BB O - {\n"
			  "1.-       BB M 1\n"
			  "        }\n"
			  "        }\n"
			  "2.010 CC M 3\n"
			  "2.020 SE M 1\n";

const char *const dictionary_names[FILES] = { "elements", "composites", "codes",
	"segments", "100" };

enum tally_rc
dictionary_read(const struct tally_version **v, struct tally_arena *a,
    int which, const char *text, struct tally_err *err)
{
	const char *const right[FILES] = { elements, composites, codes,
		dictionary_segments, set };
	struct tally_dictionary_file file[FILES];

	for (int i = 0; i < FILES; i++)
		file[i] = (struct tally_dictionary_file){ dictionary_names[i],
			dictionary_names[i],
			tally_cstr(i == which ? text : right[i]) };
	return tally_dictionary_text(v, a, "001000", file, FILES, NULL, err);
}
