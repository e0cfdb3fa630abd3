#include "persist/history.h"

#include "base/assert.h"
#include "base/rng.h"

#include <ctype.h>
#include <stdio.h>
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
    /* STEPS (docs/decisions/0039): else its generation would be claimed without a byte of it. */
    bool passed_over = history_generation(h->id) && h->second_offset == offset + 1;
    if (!passed_over)
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

const char *history_last_id(const struct history *h, uint64_t offset)
{
    return h->second_offset && offset + 1 == h->second_offset ? h->id2 : h->id;
}

/* ---- Generations */

#define MARK     "6d696c6c"
#define PART     8 /* length of an ID's mark, generation and family */
#define RANDOM_N (HISTORY_ID_LENGTH - 3 * PART)

uint32_t history_generation(const char *id)
{
    uint64_t generation = 0;
    if (strncasecmp(id, MARK, PART) != 0 || strlen(id) != HISTORY_ID_LENGTH)
        return 0;
    for (int i = PART; i < 2 * PART; i++) {
        int digit = tolower((unsigned char)id[i]);
        if (!isxdigit(digit))
            return 0;
        generation = generation * 16 + (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return generation > HISTORY_MOST_GENERATION ? 0 : (uint32_t)generation;
}

static const char *family(const char *id)
{
    return history_generation(id) ? id + 2 * PART : id;
}

bool history_same_family(const char *a, const char *b)
{
    return strncasecmp(family(a), family(b), PART) == 0;
}

const char *history_id_of_data(const struct history *h, uint64_t offset)
{
    return history_generation(h->id) ? history_last_id(h, offset) : h->id;
}

void history_make(char *id, uint32_t generation, const char *relative)
{
    ASSERT(generation > 0 && generation <= HISTORY_MOST_GENERATION);
    char like[PART];
    memcpy(like, family(relative), PART);
    snprintf(id, 2 * PART + 1, MARK "%08x", (unsigned)generation);
    memcpy(id + 2 * PART, like, PART);
    rng_hex(id + 3 * PART, RANDOM_N);
    id[HISTORY_ID_LENGTH] = 0;
}

bool history_is_sound(const struct history *h)
{
    return history_is_id(h->id) && history_is_id(h->id2) &&
           (h->second_offset != 0) == (strspn(h->id2, "0") != HISTORY_ID_LENGTH);
}
