/* UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, nothing beyond U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

/* Bytes of the character at the front of text, 1 to 4; 0: there is none. */
size_t utf8_length(struct bytes text);
/* Bytes from the front on that are whole characters. */
size_t utf8_span(struct bytes text);
/* Writes a character (not a surrogate, at most U+10FFFF) to at least 4 bytes; returns how many. */
size_t utf8_print(char *to, uint32_t character);

static inline bool utf8_is_text(struct bytes text)
{
    return utf8_span(text) == text.n;
}

#endif
