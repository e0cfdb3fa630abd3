/* Texts of commands as JSON: names with dashes in camel case, lines of CLIENT LIST, INFO. */
#ifndef ADMIN_TEXTS_H
#define ADMIN_TEXTS_H

#include "base/json_write.h"

/* "oldest-ready" as oldestReady; in place, returns the new length. */
size_t texts_camel(char *name, size_t n);
/* A member's name so; one of more than 64 bytes stays as it is. */
void texts_write_name(struct json_write *w, struct bytes name);
/* Writes a member's name unchanged; bytes that are not UTF-8 as \xNN, since replacing them all by
 * U+FFFD would make different names equal. (A name that contains the text "\xNN" can still
 * collide.)
 */
void texts_write_exact_name(struct json_write *w, struct bytes name);
/* A line of name=value words, as CLIENT LIST has them, as an object; max: bytes of a value. */
void texts_write_line(struct json_write *w, struct bytes line, size_t max);
/* The same of several, as an array. */
void texts_write_lines(struct json_write *w, struct bytes text, size_t max);
/* INFO as members, of an object that is open already where is_open says so; rows: each line as an
 * object of a name and figures, in an array. */
void texts_write_info(struct json_write *w, struct bytes text, size_t max, bool rows, bool is_open);

#endif
