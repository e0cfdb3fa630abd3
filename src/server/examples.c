#include "server/examples.h"

/* Made by utils/examples.py, which knows the layout. */
struct example {
    uint32_t name, text, n; /* the first two are offsets from examples_base */
};
extern const char examples_base[];
extern const struct example examples_data[], replies_data[], differences_data[];
extern const size_t examples_data_n, replies_data_n, differences_data_n;
_Static_assert(sizeof(struct example) == 12, "utils/examples.py");

/* A file's name has - where the full name has |. */
static bool is_of(const char *file, const char *full_name)
{
    for (; *file == *full_name || (*file == '-' && *full_name == '|'); file++, full_name++)
        if (*file == '\0')
            return true;
    return false;
}

/* The command's i-th line of a table. */
static struct bytes find(const struct example *table, size_t n, const char *full_name, size_t i)
{
    for (const struct example *e = table; e < table + n; e++)
        if (is_of(examples_base + e->name, full_name) && i-- == 0)
            return bytes_of(examples_base + e->text, e->n);
    return bytes_of(NULL, 0);
}

struct bytes examples_find(const char *full_name)
{
    return find(examples_data, examples_data_n, full_name, 0);
}

struct bytes examples_reply(const char *full_name)
{
    return find(replies_data, replies_data_n, full_name, 0);
}

struct bytes examples_difference(const char *full_name, size_t i)
{
    return find(differences_data, differences_data_n, full_name, i);
}
