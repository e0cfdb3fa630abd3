/* A checksum of one value, without key and deadline; equal for equal values whatever their form in
 * memory. Coverage: store/digest.h. */
#ifndef STORE_VALUE_DIGEST_H
#define STORE_VALUE_DIGEST_H

#include "base/buf.h"
#include "ds/entry.h"

void value_digest(const struct entry *e, unsigned char out[20]);
/* Appends the value's canonical text to b. */
void value_digest_print(struct buf *b, const struct entry *e);
/* The checksum of such a text, which may have a prefix. */
void value_digest_of_text(struct bytes text, unsigned char out[20]);

#endif
