/* Lines of words as Redis' configuration, manifests and inline requests have them: blanks separate,
 * "..." may hold \n \r \t \b \a \xhh \" \\, '...' only \'. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/buf.h"

/* The word at *at (which moves behind it), unescaped to *to (which moves behind its bytes; no more
 * than the line has). 1: a word; 0: the line has no more; -1: quotes that do not balance. */
int words_next(const char **at, const char *end, char **to, struct bytes *word);
/* All words of a line, NUL-terminated one behind another in *text (the caller's to free). Returns
 * how many; -1: quotes that do not balance, or more than max words. */
int words_split(struct bytes line, struct bytes *words, int max, char **text);
/* The word behind out, in quotes when it would not come back as it is. */
void words_quote(struct buf *out, struct bytes word);
bool words_is_blank(char c);

#endif
