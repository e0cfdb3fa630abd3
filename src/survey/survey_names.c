#include "survey/survey_names.h"

#include "base/hash.h"

bool survey_names_set(struct str **slot, struct bytes name)
{
    if (*slot && bytes_equal(str_bytes(*slot), name))
        return false;
    if (*slot)
        str_unref(*slot);
    *slot = str_new(name);
    return true;
}

struct str *survey_names_share(struct survey_names *k, struct bytes name)
{
    struct str **slot = &k->kept[hash_key(name) % SURVEY_NAMES_KEPT];
    survey_names_set(slot, name);
    return str_ref(*slot);
}

void survey_names_forget(struct survey_names *k)
{
    for (unsigned i = 0; i < SURVEY_NAMES_KEPT; i++) {
        if (k->kept[i])
            str_unref(k->kept[i]);
        k->kept[i] = NULL;
    }
}
