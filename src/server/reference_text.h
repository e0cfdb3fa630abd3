/* What the pages of the reference share: text that Markdown takes as it is. */
#ifndef SERVER_REFERENCE_TEXT_H
#define SERVER_REFERENCE_TEXT_H

#include "base/buf.h"

/* Adds the title, for whom the page is, and that it is made by the server. */
void reference_text_title(struct buf *out, const char *title, const char *reader);
/* Adds text that stands for itself, in a cell of a table too. */
void reference_text_add(struct buf *out, struct bytes text);
void reference_text_add_string(struct buf *out, const char *text);
/* The same as code: between backticks. */
void reference_text_add_code(struct buf *out, struct bytes text);

#endif
