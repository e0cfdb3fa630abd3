/* Glob patterns as Redis clients know them: * ? [a-c] [^x] and backslash. No recursion, and no time
 * that grows with the product of both lengths: plain text between stars is found in linear time;
 * with ? and [] in it n bytes of text cost n/64 steps for each of them, up to a limit at which the
 * text counts as not matching. A pattern of 4 KB never reaches it against a text of up to 1 MB. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/bytes.h"

bool glob_match(struct bytes pattern, struct bytes text);
bool glob_match_nocase(struct bytes pattern, struct bytes text);

#endif
