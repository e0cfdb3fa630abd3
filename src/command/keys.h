/* Which arguments of a request are keys, and what is done to them: one answer for everybody who
 * asks (rights, COMMAND GETKEYS, the gate, tracking). It comes from the command's specs, or from
 * its find_keys where options decide. Rule: a handler touches no other keys than these, but for
 * those that it makes out of data (`pattern`), and none when the arguments do not fit. */
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
    bool misfit; /* the arguments do not fit: there are no keys, and the handler refuses */
    const char
        *pattern;   /* by which part keys are made out of data, as an error names it; or NULL */
    int pattern_at; /* the argument that they match: who may use keys that match just that may use
                       them; 0: none */
    struct key_at few[KEYS_FEW];
};

/* Fills *k, which needs no initialising; keys_free() follows. Allocates only for more than KEYS_FEW
 * keys. The arity fits. */
void keys_find(struct keys *k, const struct command *c, const struct bytes *argv, int argc);
void keys_free(struct keys *k);
/* For find_keys. */
void keys_add(struct keys *k, int index, unsigned flags);
/* Whether requests of the command can have keys at all. */
bool keys_possible(const struct command *c);

#endif
