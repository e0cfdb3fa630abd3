/* GET /api/v1/config: each setting with its value now, its default and what the configuration file
 * says. */
#ifndef ADMIN_DIRECTIVES_H
#define ADMIN_DIRECTIVES_H

#include "base/json_write.h"
#include "config/settings.h"

/* An array of objects in the order of the table: name, value, default, file (null: the file does
 * not say it, or cannot be read), summary, and where they hold: fixed (only at the start), inert
 * (without effect), secret (the three values are null then), words (that it can be). Reads the
 * configuration file: some 0.3 ms. */
void directives_write(const struct settings *s, struct json_write *w);

#endif
