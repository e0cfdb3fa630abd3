#include "survey/survey_choice.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "engine/engine.h"

typedef int compare_records(const struct survey *sv, uint32_t a, uint32_t b);

static int compare_streams(const struct survey *sv, uint32_t a, uint32_t b)
{
    const struct survey_stream *x = survey_record_stream(sv, a), *y = survey_record_stream(sv, b);
    if ((x->flags ^ y->flags) & SURVEY_POLICY)
        return x->flags & SURVEY_POLICY ? -1 : 1;
    if (x->db != y->db)
        return x->db < y->db ? -1 : 1;
    return bytes_compare(str_bytes(x->key), str_bytes(y->key));
}

static int compare_groups(const struct survey *sv, uint32_t a, uint32_t b)
{
    const struct survey_group *x = survey_record_group(sv, a), *y = survey_record_group(sv, b);
    if ((x->flags ^ y->flags) & SURVEY_POLICY)
        return x->flags & SURVEY_POLICY ? -1 : 1;
    const struct survey_stream *s = survey_record_stream(sv, x->stream),
                               *t = survey_record_stream(sv, y->stream);
    if (s->db != t->db)
        return s->db < t->db ? -1 : 1;
    int order = bytes_compare(str_bytes(s->key), str_bytes(t->key));
    return order ? order : bytes_compare(str_bytes(x->name), str_bytes(y->name));
}

/* ---- The first so many of what is offered, in a heap with the last of them on top */

static void put(const struct survey *sv, struct survey_choice *c, uint32_t number,
                compare_records *compare)
{
    uint32_t i = 0;
    if (c->n < c->most) {
        for (i = c->n++; i && compare(sv, c->heap[(i - 1) / 2], number) < 0; i = (i - 1) / 2)
            c->heap[i] = c->heap[(i - 1) / 2];
        c->heap[i] = number;
        return;
    }
    if (!c->most || compare(sv, number, c->heap[0]) >= 0)
        return;
    for (uint32_t child; (child = 2 * i + 1) < c->n; i = child) {
        if (child + 1 < c->n && compare(sv, c->heap[child], c->heap[child + 1]) < 0)
            child++;
        if (compare(sv, number, c->heap[child]) >= 0)
            break;
        c->heap[i] = c->heap[child];
    }
    c->heap[i] = number;
}

static void begin(struct survey_choice *c, uint32_t most)
{
    c->most = most;
    c->n = 0;
    c->heap = mem_alloc((most + 1) * sizeof(*c->heap));
}

/* used: number of records; n: their highest number. */
static void end(struct survey_choice *c, uint32_t used, uint32_t n)
{
    mem_free(c->chosen);
    c->chosen = NULL;
    c->all = used <= c->most;
    c->left_out = c->all ? 0 : used - c->most;
    c->words = c->all ? 0 : n / 64 + 1;
    if (c->words)
        c->chosen = mem_zalloc(c->words * sizeof(*c->chosen));
    for (uint32_t i = 0; i < c->n && c->words; i++)
        c->chosen[(c->heap[i] - 1) / 64] |= 1ULL << (c->heap[i] - 1) % 64;
    mem_free(c->heap);
    c->heap = NULL;
}

bool survey_choice_begin(struct survey *sv)
{
    uint32_t most = (uint32_t)sv->engine->settings->metrics_groups;
    if (!sv->choice_is_due && sv->groups_chosen.most == most)
        return false;
    sv->choice_is_due = false;
    begin(&sv->groups_chosen, most);
    begin(&sv->streams_chosen, most);
    return true;
}

bool survey_choice_offer_group(struct survey *sv, uint32_t number)
{
    struct survey_choice *c = &sv->groups_chosen;
    if (sv->groups.used <= c->most)
        return false;
    const struct survey_group *g = survey_record_group(sv, number);
    if (g->slot.seen && survey_record_stream(sv, g->stream)->complete)
        put(sv, c, number, compare_groups);
    return true;
}

bool survey_choice_offer_stream(struct survey *sv, uint32_t number)
{
    struct survey_choice *c = &sv->streams_chosen;
    if (sv->streams.used <= c->most)
        return false;
    const struct survey_stream *s = survey_record_stream(sv, number);
    if (s->slot.seen && s->complete)
        put(sv, c, number, compare_streams);
    return true;
}

void survey_choice_end_groups(struct survey *sv)
{
    end(&sv->groups_chosen, sv->groups.used, sv->groups.n);
}

void survey_choice_end_streams(struct survey *sv)
{
    end(&sv->streams_chosen, sv->streams.used, sv->streams.n);
}

void survey_choice_forget(struct survey *sv)
{
    sv->choice_is_due = true;
    struct survey_choice *both[] = {&sv->groups_chosen, &sv->streams_chosen};
    for (size_t i = 0; i < 2; i++) {
        mem_free(both[i]->heap);
        mem_free(both[i]->chosen);
        *both[i] = (struct survey_choice){.all = true};
    }
}

size_t survey_choice_memory(const struct survey *sv)
{
    return ((size_t)sv->groups_chosen.words + sv->streams_chosen.words) * sizeof(uint64_t);
}

/* ---- Chosen records */

static void drop(struct survey_choice *c, uint32_t number)
{
    if ((number - 1) / 64 < c->words)
        c->chosen[(number - 1) / 64] &= ~(1ULL << (number - 1) % 64);
}

void survey_choice_drop_group(struct survey *sv, uint32_t number)
{
    sv->choice_is_due = true;
    drop(&sv->groups_chosen, number);
}

void survey_choice_drop_stream(struct survey *sv, uint32_t number)
{
    sv->choice_is_due = true;
    drop(&sv->streams_chosen, number);
}

/* n: the highest record number. */
static uint32_t next(const struct survey_choice *c, uint32_t number, uint32_t n)
{
    uint32_t word = (number - 1) / 64;
    if (c->all)
        return number <= n ? number : UINT32_MAX;
    uint64_t rest = word < c->words ? c->chosen[word] >> (number - 1) % 64 : 0;
    if (rest)
        return number + (uint32_t)__builtin_ctzll(rest);
    for (word++; word < c->words; word++)
        if (c->chosen[word])
            return 64 * word + (uint32_t)__builtin_ctzll(c->chosen[word]) + 1;
    return UINT32_MAX;
}

uint32_t survey_choice_next_group(const struct survey *sv, uint32_t number)
{
    return sv->number ? next(&sv->groups_chosen, number, sv->groups.n) : UINT32_MAX;
}

uint32_t survey_choice_next_stream(const struct survey *sv, uint32_t number)
{
    return sv->number ? next(&sv->streams_chosen, number, sv->streams.n) : UINT32_MAX;
}
