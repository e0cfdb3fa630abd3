/* The key arguments of a request and what is done to them: the one answer for rights, COMMAND
 * GETKEYS, the gate and tracking. It comes from the command's specs, or from find_keys if options
 * decide. A handler must touch no other keys than these, except those it makes from data
 * (`pattern`), and none if the arguments do not fit. */
#ifndef COMMAND_KEYS_H
#define COMMAND_KEYS_H

#include "command/command.h"

#define KEYS_FEW 16

struct key_at {
    int index;
    uint16_t flags;
};

struct keys {
    struct key_at *at; /* in the order of the specs */
    int n, cap;
    bool misfit;         /* the arguments do not fit: no keys, and the handler returns an error */
    const char *pattern; /* the option that makes keys from data, for the error; or NULL */
    int pattern_at; /* the argument with a pattern for keys, to which the user must have a right; 0:
                       none */
    struct key_at few[KEYS_FEW];
};

/* Fills *k, which needs no initialisation; call keys_free() afterwards. Allocates only for more
 * than KEYS_FEW keys. The arity must fit. */
void keys_find(struct keys *k, const struct command *c, const struct bytes *argv, int argc);
void keys_free(struct keys *k);
/* Called by find_keys. */
void keys_add(struct keys *k, int index, unsigned flags);
/* Whether requests of this command can have keys. */
bool keys_possible(const struct command *c);

#endif
