/* Parses one item of an append-only file: a command in RESP or a line that begins with #. Checks
 * everything; persist/aof_read.c has a faster way for ordinary commands. Pure: arguments point into
 * the caller's data. */
#ifndef PERSIST_AOF_PARSE_H
#define PERSIST_AOF_PARSE_H

#include "base/bytes.h"

/* LINE: a trailer, timestamp, note or comment, which all begin with #. CUT: a command cut off by
 * the end of the file. */
enum aof_parse_item {
    AOF_PARSE_COMMAND,
    AOF_PARSE_LINE,
    AOF_PARSE_END,
    AOF_PARSE_CUT,
    AOF_PARSE_BAD
};

struct aof_parsed {
    enum aof_parse_item item;
    size_t next; /* where the next item begins */
    int argc;
    struct bytes line; /* without its line end */
};

/* Room for the arguments of one command, reused by the next. Zero-initialised is valid. */
struct aof_parse_room {
    struct bytes *argv; /* of the last command */
    int cap;
};

struct aof_parsed aof_parse(struct bytes data, size_t at, struct aof_parse_room *room);
void aof_parse_free(struct aof_parse_room *room);

#endif
