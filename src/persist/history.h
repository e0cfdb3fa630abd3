/* Which history the journal's bytes belong to: a replication ID names one, and an offset a place in
 * it. Two servers that know the same ID and are at the same offset hold the same data.
 *
 * A server that takes over (REPLICAOF NO ONE) begins a history of its own and remembers the one
 * before it: what lies below second_offset is common to both. So replicas that followed the former
 * primary go on with the missing bytes alone.
 *
 * Plain data inside struct journal, its only home. Pure; nothing fails. Source: PSYNC of Redis 4
 * and later, as seen on the wire; specification "replication", section 6.1. */
#ifndef PERSIST_HISTORY_H
#define PERSIST_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#define HISTORY_ID_LENGTH 40

struct history {
    char id[HISTORY_ID_LENGTH + 1];  /* what is written now belongs to this one */
    char id2[HISTORY_ID_LENGTH + 1]; /* the one before; all '0': none */
    uint64_t second_offset;          /* first byte that is not id2's; 0: there is no id2 */
};

/* 40 letters and digits. */
bool history_is_id(const char *id);
/* The same without regard to case. */
bool history_same_id(const char *a, const char *b);

/* Another one, of which nobody has heard: random, and nothing before it. */
void history_begin(struct history *h);
/* That of somebody else, from whom the data come: nothing before it. id is one. */
void history_adopt(struct history *h, const char *id);
/* What is written behind `offset` belongs to the new ID, what came before to the old one: a server
 * takes over (id NULL: a random one), or its primary has. An old one that a confirmation has made
 * and that has no byte is passed over: what was before it stays the one before. */
void history_shift(struct history *h, const char *id, uint64_t offset);
/* Only its own ID counts from here on. */
void history_forget_second(struct history *h);

/* The ID of the byte at `offset`, the last one: the one before, while ours has no byte. */
const char *history_last_id(const struct history *h, uint64_t offset);

/* Replication IDs made by a confirmation (replica/confirm.h) consist of "6d696c6c", 8 hex digits of
 * the generation, 8 digits of the family, and 16 random digits. IDs that continue the same history
 * share the family. Any other ID has generation 0, and its first 8 digits are its family. */
#define HISTORY_MOST_GENERATION 0x7fffffffu /* a greater one is none */
uint32_t history_generation(const char *id);
bool history_same_family(const char *a, const char *b);
/* The ID to store in a file for data that end at `offset`. An ID made by a confirmation is stored
 * only once a byte has been written under it, because a generation must not be claimed before;
 * until then it is the previous ID. Other IDs are stored as they are. */
const char *history_id_of_data(const struct history *h, uint64_t offset);
/* A new one, of the family of another: id has HISTORY_ID_LENGTH + 1 bytes. */
void history_make(char *id, uint32_t generation, const char *relative);

/* Whether who holds the bytes before `next` of the history `id` holds what we hold there. Which of
 * the bytes behind are still at hand is not asked. */
bool history_shares(const struct history *h, const char *id, uint64_t next);

/* Whether what is said of the fields above is true. */
bool history_is_sound(const struct history *h);

#endif
