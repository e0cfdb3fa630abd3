/* Templates of commands (routes.def): words with blanks between them, into which a request's
 * parameters (admin/param.h) go.
 *
 *   WORD             itself
 *   {name}           the parameter; as many words as it has; none when it was not given
 *   {name|WORD}      the same, or this word
 *   prefix{name}     one word: the prefix and the parameter
 *   {#name}          how many it has; of pairs: how many pairs
 *   {last}           the place of the last of `count` values from `from` on
 *   {lastByte}       that of the last of `max` bytes from `from` on
 *   {range}          XRANGE or XREVRANGE of key, as from, to, after, newest and count say
 *   [ ... ]          left out when one of the parameters in it was not given
 *   ?name ?name=X    nothing; within brackets: the flag is true; the word is X
 *   !name ~name      nothing; within brackets: the flag is not true; nothing was given
 */
#ifndef ADMIN_TEMPLATE_H
#define ADMIN_TEMPLATE_H

#include "admin/param.h"

/* Words of one command; zero-initialised is empty and valid. They borrow from the template and the
 * parameters. */
struct template_words {
    struct bytes *words;
    size_t n, cap;
    struct buf text; /* what was put together for it */
};

/* Adds the words. */
void template_fill(struct template_words *t, struct bytes form, const struct param_set *values);
void template_free(struct template_words *t);

#endif
