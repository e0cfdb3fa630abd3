/* A checksum over one value, without its key and deadline: the same for equal values whatever their
 * form in memory. What it covers: store/digest.h. */
#ifndef STORE_VALUE_DIGEST_H
#define STORE_VALUE_DIGEST_H

#include "base/buf.h"
#include "ds/entry.h"

void value_digest(const struct entry *e, unsigned char out[20]);
/* The text that stands for the value, behind b. */
void value_digest_print(struct buf *b, const struct entry *e);
/* The checksum of such a text, or of one that begins with more. */
void value_digest_of_text(struct bytes text, unsigned char out[20]);

#endif
