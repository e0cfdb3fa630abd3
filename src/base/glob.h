/* Glob patterns as in Redis: * ? [a-c] [^x] and backslash. No recursion, and no time proportional
 * to the product of both lengths: plain text between stars is found in linear time; a segment with
 * ? or [] costs n/64 steps per item for n bytes of text, up to a limit beyond which the text does
 * not match. A pattern of 4 KB does not reach the limit with a text of up to 1 MB. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/bytes.h"

bool glob_match(struct bytes pattern, struct bytes text);
bool glob_match_nocase(struct bytes pattern, struct bytes text);

#endif
