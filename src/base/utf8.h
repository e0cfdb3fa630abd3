/* UTF-8 by RFC 3629: no surrogates, no overlong forms, nothing beyond U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

/* The length of the first character of text, 1 to 4; 0: invalid or empty. */
size_t utf8_length(struct bytes text);
/* The length of the longest valid prefix. */
size_t utf8_span(struct bytes text);
/* Writes a character (not a surrogate, at most U+10FFFF) to at least 4 bytes; returns how many. */
size_t utf8_print(char *to, uint32_t character);

static inline bool utf8_is_text(struct bytes text)
{
    return utf8_span(text) == text.n;
}

#endif
