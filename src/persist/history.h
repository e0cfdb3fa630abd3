/* The history that the journal's bytes belong to: identified by a replication ID; an offset is a
 * position in it. Two servers with the same ID and offset hold the same data.
 *
 * A server that is promoted (REPLICAOF NO ONE) begins a history of its own and remembers the
 * previous one: bytes below second_offset belong to both. So replicas of the former primary need
 * only the bytes they miss.
 *
 * Plain data, used only inside struct journal. Pure; nothing fails. Source: PSYNC of Redis 4 and
 * later, as seen on the wire; specification "replication", section 6.1. */
#ifndef PERSIST_HISTORY_H
#define PERSIST_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#define HISTORY_ID_LENGTH 40

struct history {
    char id[HISTORY_ID_LENGTH + 1];  /* of what is written now */
    char id2[HISTORY_ID_LENGTH + 1]; /* the previous one; all '0': none */
    uint64_t second_offset;          /* first byte that does not belong to id2; 0: there is no id2
                                      */
};

/* 40 letters and digits. */
bool history_is_id(const char *id);
/* Compares without regard to case. */
bool history_same_id(const char *a, const char *b);

/* Begins a new, random history without a previous one. */
void history_begin(struct history *h);
/* Takes over the valid id of the server that the data come from; no previous one. */
void history_adopt(struct history *h, const char *id);
/* Bytes after `offset` belong to the new ID, earlier ones to the old: this server was promoted (id
 * NULL: random), or its primary was. An old ID that was made by a confirmation and has no byte is
 * dropped, and the previous one is kept instead. */
void history_shift(struct history *h, const char *id, uint64_t offset);
/* Forgets the previous ID. */
void history_forget_second(struct history *h);

/* The ID of the last byte, at `offset`: the previous ID as long as the current one has no byte. */
const char *history_last_id(const struct history *h, uint64_t offset);

/* Replication IDs made by a confirmation (replica/confirm.h) consist of "6d696c6c", 8 hex digits of
 * the generation, 8 digits of the family, and 16 random digits. IDs that continue the same history
 * share the family. Any other ID has generation 0, and its first 8 digits are its family. */
#define HISTORY_MOST_GENERATION 0x7fffffffu /* larger numbers are not generations */
uint32_t history_generation(const char *id);
bool history_same_family(const char *a, const char *b);
/* The ID to store in a file for data that end at `offset`. An ID made by a confirmation is stored
 * only once a byte has been written under it, because a generation must not be claimed before;
 * until then it is the previous ID. Other IDs are stored as they are. */
const char *history_id_of_data(const struct history *h, uint64_t offset);
/* Makes a new ID in the family of `relative`; id has HISTORY_ID_LENGTH + 1 bytes. */
void history_make(char *id, uint32_t generation, const char *relative);

/* Whether a server that has the bytes before `next` of the history `id` has the same as we there.
 * Does not check whether the bytes from there on are still available. */
bool history_shares(const struct history *h, const char *id, uint64_t next);

/* Checks the invariants of the fields. */
bool history_is_sound(const struct history *h);

#endif
