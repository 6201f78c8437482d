/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations as literals, a line for each of these, and reading one. */
#ifndef TALLYMAN_TESTS_SITE_TEXT_H
#define TALLYMAN_TESTS_SITE_TEXT_H

#include "flow/site.h"

#define HEAD "<tallyman xmlns=\"urn:tallyman:config:1\">\n"
#define TAIL "</tallyman>\n"
#define P1   "<partner name=\"p\" qualifier=\"ZZ\" id=\"P\">\n"
#define P2   "</partner>\n"
#define BOX(url, attributes, inside) \
	HEAD P1 "<mailbox url=\"" url "\" " attributes ">" inside \
		"</mailbox>" P2 TAIL

/* As the file t.xml of the workspace /w. */
enum tally_rc site_read(struct site **, const char *text, struct tally_err *);

#endif
