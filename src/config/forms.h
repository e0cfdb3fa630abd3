/* Settings whose text has a grammar of its own: save points, limits, flags, addresses and so on.
 * Each is parsed into struct settings and also kept as canonical text. */
#ifndef CONFIG_FORMS_H
#define CONFIG_FORMS_H

#include "config/setting.h"

/* Checks the text of a setting of such a type, stores its parsed form and appends its canonical
 * text. False, with *reason: nothing has changed. */
bool forms_read(struct settings *s, const struct setting *x, struct bytes text,
                struct buf *canonical, const char **reason);
/* Splits at every single space, so that two adjacent spaces enclose an empty word; returns the
 * number of words, of which at most `most` are stored. Empty text has no words. */
size_t forms_split(struct bytes text, struct bytes *words, size_t most);
/* Prints the process title by a proc-title-template. False: the template is invalid. */
bool forms_title(const struct settings *s, struct bytes form, const char *title, struct buf *out);

#endif
