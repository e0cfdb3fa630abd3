/* Receives a primary's snapshot into a file: "$<length>" or "$EOF:<mark>", then the bytes.
 * Completeness and checksum are verified before the file is used. Knows no socket. */
#ifndef REPLICA_RECEIVE_H
#define REPLICA_RECEIVE_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct receive;

enum receive_state { RECEIVE_MORE, RECEIVE_WHOLE, RECEIVE_FAILED };

/* The file is created with the first bytes, and removed by receive_free(); path NULL: in memory.
 * verify: compare the checksum, if there is one. */
struct receive *receive_new(const char *path, bool verify);
void receive_free(struct receive *x);
/* Processes input; *used: how many bytes belong to the snapshot. Reserves no memory or disk space
 * on the strength of an announced length alone. */
enum receive_state receive_take(struct receive *x, struct bytes came, size_t *used);

/* The reason of a failure, which was logged. */
const char *receive_why(const struct receive *x);
/* Whether the first line has come; *length: of the snapshot, -1: up to a mark. */
bool receive_has_begun(const struct receive *x, int64_t *length);
/* Bytes of the snapshot received. */
uint64_t receive_bytes(const struct receive *x);
bool receive_is_in_memory(const struct receive *x);
/* The file's path while it exists. */
const char *receive_path(const struct receive *x);

#endif
