/* Shared by the pages of the reference: text escaped for Markdown. */
#ifndef SERVER_REFERENCE_TEXT_H
#define SERVER_REFERENCE_TEXT_H

#include "base/buf.h"

/* Appends the title, the intended readers, and that the page is generated. */
void reference_text_title(struct buf *out, const char *title, const char *reader);
/* Appends literal text, also within a cell of a table. */
void reference_text_add(struct buf *out, struct bytes text);
void reference_text_add_string(struct buf *out, const char *text);
/* The same as code: between backticks. */
void reference_text_add_code(struct buf *out, struct bytes text);

#endif
