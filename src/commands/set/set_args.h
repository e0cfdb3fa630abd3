/* Shared by set commands. */
#ifndef COMMANDS_SET_SET_ARGS_H
#define COMMANDS_SET_SET_ARGS_H

#include "engine/call.h"
#include "type/set.h"

/* *out NULL: absent; false after WRONGTYPE. */
bool set_args_read(const struct call *call, struct bytes key, const struct set **out);
/* *e NULL: absent. */
bool set_args_write(const struct call *call, struct bytes key, struct entry **e);
struct set_limits set_args_limits(const struct call *call);
bool set_args_add(const struct call *call, struct entry *e, struct bytes member);
bool set_args_remove(struct entry *e, struct bytes member);
/* After members were removed: deletes the key when none is left. */
void set_args_shrunk(const struct call *call, struct bytes key, struct entry *e, const char *event,
                     uint64_t n);
/* Replies with all members; the header was sent before. */
void set_args_reply(struct call *call, const struct set *s);

#endif
