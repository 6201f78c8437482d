/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines to words; see words.h. */
#include "mailbox/words.h"

#define WORD_MAX ((size_t)4096)

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What %letter stands for; null when it is nothing. */
static const char *
value_of(const struct words_value *v, size_t n, char letter)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].letter == letter)
			return v[i].value;
	return letter == '%' ? "%" : NULL;
}

/* One word from *line on, which begins with no blank. */
static const char *
one_word(struct tally_buf *b, const char **line, const struct words_value *v,
    size_t n)
{
	const char *p = *line, *value;
	char quote = '\0';

	for (; *p != '\0' && (quote != '\0' || !is_blank(*p)); p++) {
		if (quote == '\0' ? *p == '\'' || *p == '"' : *p == quote) {
			quote = quote == '\0' ? *p : '\0';
		} else if (*p == '\\' && quote != '\'') {
			if (*++p == '\0')
				return "it ends in a backslash";
			tally_buf_putc(b, *p);
		} else if (*p == '%' && n > 0) {
			value = value_of(v, n, *++p);
			if (value == NULL)
				return "it has a % that stands for nothing; "
				       "write %% for a percent sign";
			tally_buf_puts(b, value);
		} else {
			tally_buf_putc(b, *p);
		}
	}
	*line = p;
	return quote != '\0' ? "a quote is not closed" : NULL;
}

const char *
words_split(char **argv, struct tally_arena *a, const char *line,
    const struct words_value *v, size_t nvalues)
{
	const char *wrong = NULL;
	struct tally_buf b;
	size_t n = 0;

	tally_buf_init(&b, WORD_MAX);
	for (;;) {
		while (is_blank(*line))
			line++;
		if (*line == '\0')
			break;
		tally_buf_reset(&b);
		wrong = n == WORDS_MAX ? "it has more than 64 words"
				       : one_word(&b, &line, v, nvalues);
		if (wrong != NULL)
			break;
		argv[n] =
		    b.failed ? NULL : tally_arena_cstr(a, tally_str(b.p, b.n));
		if (argv[n++] == NULL) {
			wrong = "one of its words is longer than 4096 bytes";
			break;
		}
	}
	tally_buf_free(&b);
	argv[n] = NULL;
	return wrong == NULL && n == 0 ? "it has no word" : wrong;
}
