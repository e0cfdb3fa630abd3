/* A field of a hash as a parameter or result; its bytes are borrowed. */
#ifndef TYPE_HASH_FIELD_H
#define TYPE_HASH_FIELD_H

#include "base/bytes.h"

#include <stdint.h>

#define HASH_NO_TTL   (-1)
#define HASH_KEEP_TTL (-2)

struct hash_field {
    struct bytes name, value;
    int64_t deadline_ms; /* Unix time; HASH_NO_TTL: none */
};

#endif
