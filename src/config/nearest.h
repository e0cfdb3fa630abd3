/* Suggestions for mistyped names. */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include "base/bytes.h"

/* The edit distance of two names: insertions, deletions, substitutions and swaps of adjacent
 * characters; case is ignored. Above NEAREST_MOST, or with a name above NEAREST_NAME bytes:
 * NEAREST_MOST + 1. */
#define NEAREST_MOST 3
#define NEAREST_NAME 64
unsigned nearest_distance(struct bytes a, struct bytes b);

/* The configuration directive nearest to an unknown one: a setting, an alias or a special line such
 * as "include". NULL: none is near. Long names may differ more than short ones. */
const char *nearest_directive(struct bytes name);

#endif
