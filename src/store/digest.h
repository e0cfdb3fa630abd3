/* A checksum of the data set, equal for equal data whatever its order in memory. Covers what a
 * reload must keep, including pending entries with owner, time and count; not seen and active
 * times, counters of duplicates, LRU. Includes expired keys that are not deleted yet: servers at
 * the same stream offset have the same digest, whatever their clocks. */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include "store/db.h"

/* All zeros when everything is empty. */
void digest_store(const struct store *s, unsigned char out[20]);

#endif
