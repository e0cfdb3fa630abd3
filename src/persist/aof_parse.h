/* What stands at a place of an append-only file: a command in RESP, a line that begins with #, or
 * nothing that can be read. One at a time, with every check; persist/aof_read reads what is
 * ordinary faster. Pure: the data stay the caller's, and arguments point into them. */
#ifndef PERSIST_AOF_PARSE_H
#define PERSIST_AOF_PARSE_H

#include "base/bytes.h"

/* LINE: begins with #, a trailer, a timestamp, a note or a comment. CUT: the beginning of a
 * command, then the end of the file. */
enum aof_parse_item {
    AOF_PARSE_COMMAND,
    AOF_PARSE_LINE,
    AOF_PARSE_END,
    AOF_PARSE_CUT,
    AOF_PARSE_BAD
};

struct aof_parsed {
    enum aof_parse_item item;
    size_t next; /* where the next one begins */
    int argc;
    struct bytes line; /* without its line end */
};

/* Room for the arguments of one command. Zero-initialised: none yet. */
struct aof_parse_room {
    struct bytes *argv; /* of the last command */
    int cap;
};

struct aof_parsed aof_parse(struct bytes data, size_t at, struct aof_parse_room *room);
void aof_parse_free(struct aof_parse_room *room);

#endif
