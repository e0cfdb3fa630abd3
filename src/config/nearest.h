/* What a mistyped name was probably meant to be. */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include "base/bytes.h"

/* Steps that turn one name into the other: a character added, dropped or changed, or two neighbours
 * swapped; case does not count. More than NEAREST_MOST, or a name above NEAREST_NAME bytes:
 * NEAREST_MOST + 1. */
#define NEAREST_MOST 3
#define NEAREST_NAME 64
unsigned nearest_distance(struct bytes a, struct bytes b);

/* The directive of the configuration that is nearest to an unknown one: a setting, its alias or a
 * line such as "include". NULL: none is near. Long names may differ more than short ones. */
const char *nearest_directive(struct bytes name);

#endif
