/* Settings whose text has a grammar of its own: save points, limits, flags, addresses and so on.
 * Each is read into its parsed form in struct settings and kept as canonical text. */
#ifndef CONFIG_FORMS_H
#define CONFIG_FORMS_H

#include "config/setting.h"

/* Checks the text of a setting of such a type, stores what it means and appends its canonical text.
 * False and a reason: nothing has changed. */
bool forms_read(struct settings *s, const struct setting *x, struct bytes text,
                struct buf *canonical, const char **reason);
/* Splits at every single space, so that "a  b" has an empty word; returns how many words there are
 * (of which at most `most` are stored). Nothing at all is no word. */
size_t forms_split(struct bytes text, struct bytes *words, size_t most);
/* The process title by proc-title-template. False: the template is not sound. */
bool forms_title(const struct settings *s, struct bytes form, const char *title, struct buf *out);

#endif
