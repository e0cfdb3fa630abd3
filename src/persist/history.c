#include "persist/history.h"

#include "base/assert.h"
#include "base/rng.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool history_is_id(const char *id)
{
    size_t n = strnlen(id, HISTORY_ID_LENGTH + 1);
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)id[i]))
            return false;
    return n == HISTORY_ID_LENGTH;
}

bool history_same_id(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

void history_forget_second(struct history *h)
{
    memset(h->id2, '0', HISTORY_ID_LENGTH);
    h->id2[HISTORY_ID_LENGTH] = 0;
    h->second_offset = 0;
}

void history_begin(struct history *h)
{
    rng_hex(h->id, HISTORY_ID_LENGTH);
    h->id[HISTORY_ID_LENGTH] = 0;
    history_forget_second(h);
    ASSERT(history_is_sound(h));
}

void history_adopt(struct history *h, const char *id)
{
    ASSERT(history_is_id(id));
    memcpy(h->id, id, sizeof(h->id));
    history_forget_second(h);
}

void history_shift(struct history *h, const char *id, uint64_t offset)
{
    ASSERT(!id || history_is_id(id));
    memcpy(h->id2, h->id, sizeof(h->id2));
    h->second_offset = offset + 1;
    if (id)
        memcpy(h->id, id, sizeof(h->id));
    else
        rng_hex(h->id, HISTORY_ID_LENGTH);
    ASSERT(history_is_sound(h));
}

bool history_shares(const struct history *h, const char *id, uint64_t next)
{
    if (history_same_id(h->id, id))
        return true;
    return h->second_offset && history_same_id(h->id2, id) && next <= h->second_offset;
}

bool history_is_sound(const struct history *h)
{
    return history_is_id(h->id) && history_is_id(h->id2) &&
           (h->second_offset != 0) == (strspn(h->id2, "0") != HISTORY_ID_LENGTH);
}
