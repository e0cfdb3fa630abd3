/* The snapshot of a primary on its way into a file: "$<length>" or "$EOF:<mark>", then the bytes.
 * Whether they are whole and what their checksum says is known before anybody looks at the file.
 * Knows no socket. */
#ifndef REPLICA_RECEIVE_H
#define REPLICA_RECEIVE_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct receive;

enum receive_state { RECEIVE_MORE, RECEIVE_WHOLE, RECEIVE_FAILED };

/* The file is made when the first bytes come, and removed by receive_free(); path NULL: it is one
 * in memory. verify: the checksum is compared when there is one. */
struct receive *receive_new(const char *path, bool verify);
void receive_free(struct receive *x);
/* Bytes that came, *used of which belong to it: all but what stands behind the snapshot. No memory
 * or room on the disk is taken for what has only been announced. */
enum receive_state receive_take(struct receive *x, struct bytes came, size_t *used);

/* Why it failed, which the log has been told. */
const char *receive_why(const struct receive *x);
/* The first line has come; how long the snapshot is, -1: its end is marked. */
bool receive_has_begun(const struct receive *x, int64_t *length);
/* Bytes of the snapshot that have come. */
uint64_t receive_bytes(const struct receive *x);
bool receive_is_in_memory(const struct receive *x);
/* Where it is while there is one. */
const char *receive_path(const struct receive *x);

#endif
