/* Lines of words as in Redis' configuration, manifests and inline requests: separated by blanks;
 * "..." may contain \n \r \t \b \a \xhh \" \\, '...' only \'. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/buf.h"

/* Reads the word at *at and unescapes it to *to (never longer than the line); both advance past it.
 * 1: a word; 0: end of line; -1: unbalanced quotes. */
int words_next(const char **at, const char *end, char **to, struct bytes *word);
/* Splits a line into words, which are stored NUL-terminated in *text (freed by the caller). Returns
 * how many; -1: unbalanced quotes, or more than max words. */
int words_split(struct bytes line, struct bytes *words, int max, char **text);
/* Appends the word to out, quoted if it would not be read back otherwise. */
void words_quote(struct buf *out, struct bytes word);
/* Appends the word in quotes, with control characters and bytes above `last` as \xhh. */
void words_escape(struct buf *out, struct bytes word, unsigned char last);
/* Whether redis-cli reads the word back without quotes: printable ASCII, no blanks. */
bool words_is_plain(struct bytes word);
bool words_is_blank(char c);

#endif
