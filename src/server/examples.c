#include "server/examples.h"

/* Made by utils/examples.py, which knows the layout. */
struct example {
    const char *name, *text;
    size_t n;
};
extern const struct example examples_data[];
extern const size_t examples_data_n;
_Static_assert(sizeof(struct example) == 24, "utils/examples.py");

/* A file's name has - where the full name has |. */
static bool is_of(const char *file, const char *full_name)
{
    for (; *file == *full_name || (*file == '-' && *full_name == '|'); file++, full_name++)
        if (*file == '\0')
            return true;
    return false;
}

struct bytes examples_find(const char *full_name)
{
    for (size_t i = 0; i < examples_data_n; i++)
        if (is_of(examples_data[i].name, full_name))
            return bytes_of(examples_data[i].text, examples_data[i].n);
    return bytes_of(NULL, 0);
}
