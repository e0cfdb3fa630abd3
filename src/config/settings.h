/* All settings, created once by the server. Parses and prints their text forms; `changed` applies
 * changes. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "config/setting.h"

/* All settings with their defaults. */
struct settings *settings_new(void);
void settings_free(struct settings *s);
/* The table of all settings, with *count entries. */
const struct setting *settings_table(size_t *count);
/* By name or alias, case ignored; NULL: unknown. */
const struct setting *settings_find(struct bytes name);
/* The index of a setting in the table. */
size_t settings_place(const struct setting *setting);
/* Appends the text form of the value to out. */
void settings_print(const struct settings *s, const struct setting *setting, struct buf *out);
/* Parses the text form; several words must be joined by spaces. False: *reason. */
bool settings_parse(struct settings *s, const struct setting *setting, struct bytes text,
                    const char **reason);
/* Whether it has its default value. */
bool settings_is_default(const struct settings *s, const struct setting *setting);
/* Whether its field is a string. */
bool settings_is_text(const struct setting *setting);

#endif
