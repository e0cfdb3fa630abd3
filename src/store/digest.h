/* A checksum over the data set, the same for equal data whatever its order in memory: what a reload
 * must keep, pending entries with owner, time and count included; not seen and active times,
 * counters of duplicates, LRU. What is past and has not been deleted is in it: those who are at one
 * place of a stream have the same, whatever their clocks say. */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include "store/db.h"

/* All zeros when everything is empty. */
void digest_store(const struct store *s, unsigned char out[20]);

#endif
