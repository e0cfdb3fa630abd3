/* The lists that the survey knows: those with waiting clients, and the longest others. A record
 * shows its list as the walk over all keys last met it; records not met by a walk are swept at its
 * end. */
#ifndef SURVEY_LISTS_H
#define SURVEY_LISTS_H

#include "ds/dict.h"
#include "ds/heap.h"
#include "store/db.h"
#include "survey/slots.h"

struct engine;

#define LISTS_MOST 10000 /* apart from those with waiting clients */

struct lists_record {
    struct slot slot; /* seen: the last walk that met it */
    struct str *key;
    int db;
    uint32_t waiting; /* clients */
    uint64_t length, rated_length, bytes;
    int64_t rated_ms;
    double change_rate; /* items a second, net */
    const char *encoding;
    struct heap_node by_length; /* in lists.shortest */
};

struct lists {
    struct slots records;
    struct dict by_name;   /* engine/key_name.h to record number */
    struct heap shortest;  /* of all that nobody waits for */
    struct dict_walk wait; /* over the keys that somebody waits for */
    /* Of how many items on a list has lines of its own in the metrics: one that somebody waits for,
     * another one. */
    double least_awaited, least;
};

void lists_init(struct lists *l);
/* Frees all records. */
void lists_forget(struct lists *l);
/* Called when walk number `walk` meets a list. O(log known lists). */
void lists_take(struct lists *l, const struct engine *e, const struct db *db,
                const struct entry *entry, size_t bytes, uint32_t walk);
/* Takes the lists at some of the keys with waiting clients. False: all are done. */
bool lists_take_awaited(struct lists *l, struct engine *e, uint32_t walk);
/* Frees the record if the walk has not met it. number: 1 to records.n. */
void lists_sweep(struct lists *l, uint32_t number, uint32_t walk);
/* A walk has ended: which lists have lines in the metrics, `most` of them: those that somebody
 * waits for, then the longest. Lists of about the same length have lines all or none. O(known). */
void lists_choose(struct lists *l, uint64_t most);
static inline bool lists_is_listed(const struct lists *l, const struct lists_record *x)
{
    return x->slot.seen && (double)x->length >= (x->waiting ? l->least_awaited : l->least);
}
size_t lists_memory(const struct lists *l);

static inline const struct lists_record *lists_at(const struct lists *l, uint32_t number)
{
    return slots_at(&l->records, number);
}

#endif
