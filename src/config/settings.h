/* All settings, made once by the server. Reads and writes their text forms; what a change does is
 * the business of `changed`. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "config/setting.h"

/* All with their defaults. */
struct settings *settings_new(void);
void settings_free(struct settings *s);
/* NULL-terminated by count. */
const struct setting *settings_table(size_t *count);
/* By name or alias, case ignored; NULL: unknown. */
const struct setting *settings_find(struct bytes name);
/* The place of a setting in the table. */
size_t settings_place(const struct setting *setting);
/* Text form of the value behind out. */
void settings_print(const struct settings *s, const struct setting *setting, struct buf *out);
/* From its text form; several words are joined by spaces first. False and a reason. */
bool settings_parse(struct settings *s, const struct setting *setting, struct bytes text,
                    const char **reason);
/* True when it has its default. */
bool settings_is_default(const struct settings *s, const struct setting *setting);
/* True for those whose field is a string. */
bool settings_is_text(const struct setting *setting);

#endif
